// @confluentinc/kafka-javascript, librdkafka with the API of kafkajs: each scenario in its own idiom.
'use strict';

const groups = require('./groups');
const { main, scenariosIn } = require('../node_common/harness');

const modules = ['./admin', './consuming', './errors', './producing', './restarts', './transactions'];
const noSettings = 'its admin clients neither describe nor alter settings';

main({
  ...scenariosIn(groups.scenarios, ...modules.map((name) => require(name))),
  member: groups.member,
  'admin-alter-configs': noSettings,
  'admin-configs': noSettings,
  'admin-dynamic-configs': noSettings,
  'admin-cluster': 'its metadata tell neither the id of the cluster nor its controller',
  'admin-log-dirs': "its admin clients do not know the broker's folders",
  'old-formats': 'it speaks the newest versions that it has in common with the broker',
  'command-line': 'it has no command-line tools',
});
