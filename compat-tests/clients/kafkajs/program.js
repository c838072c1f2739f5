// kafkajs, which is a client in JavaScript alone: each scenario in its own idiom.
'use strict';

const groups = require('./groups');
const { main, scenariosIn } = require('../node_common/harness');

const modules = ['./admin', './consuming', './errors', './producing', './restarts', './transactions'];

main({
  ...scenariosIn(groups.scenarios, ...modules.map((name) => require(name))),
  member: groups.member,
  'admin-dynamic-configs': 'its admin client does not know the settings of groups',
  'admin-log-dirs': "its admin client does not know the broker's folders",
  'errors-corrupt-batch': 'nothing in its API reaches the bytes of a batch',
  'errors-unsupported-version': 'it speaks the newest versions that it has in common with the broker',
  'old-formats': 'it speaks the newest versions that it has in common with the broker',
  'command-line': 'it has no command-line tools',
  'consume-pattern': 'it takes a pattern for the topics of one moment: later ones are not found',
  'errors-offset': 'its consumers always start over: they know no other policy',
  'group-cooperative': 'its groups know the eager protocol alone',
  'group-static': 'its members have no names of their own (group.instance.id)',
});
