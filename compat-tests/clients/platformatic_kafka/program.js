// @platformatic/kafka, a client in JavaScript whose consumers are streams: each scenario in its own idiom.
'use strict';

const admin = require('./admin');
const groups = require('./groups');
const { main, scenariosIn } = require('../node_common/harness');

const modules = ['./consuming', './errors', './producing', './restarts', './transactions'];

main({
  ...scenariosIn(admin.scenarios, groups.scenarios, ...modules.map((name) => require(name))),
  member: groups.member,
  'errors-corrupt-batch': 'nothing in its API reaches the bytes of a batch',
  'errors-unsupported-version': 'it speaks the newest versions that it has in common with the broker',
  'old-formats': 'it speaks the newest versions that it has in common with the broker',
  'consume-rack': 'it tells no rack',
  'command-line': 'it has no command-line tools',
  'produce-append-time': "it shows the producer's time whatever the topic's timestamp type is",
  'consume-pattern': 'it takes the names of topics, no patterns',
  'group-cooperative': 'its members do not say what they own: its groups know the eager protocol alone',
  'consumer-group-regex': 'it takes the names of topics, no patterns',
  'consumer-group-static': 'its static members leave for good: none says that it will be back (epoch -2)',
});
