// @platformatic/kafka, a client in JavaScript whose consumers are streams: each scenario in its own idiom.
'use strict';

const admin = require('./admin');
const groups = require('./groups');
const { main, scenariosIn } = require('../node_common/harness');

const modules = ['./consuming', './errors', './producing', './restarts', './transactions'];

main({
  ...scenariosIn(admin.scenarios, groups.scenarios, ...modules.map((name) => require(name))),
  member: groups.printAsMember,
  'command-line': 'it has no command-line tools',
  'produce-append-time': "it shows the producer's time whatever the topic's timestamp type is",
  'consume-pattern': 'it takes the names of topics, no patterns',
  'transactions-fenced': "a second producer gives up while the broker ends the first one's transaction",
  'transactions-timeout': "it takes the broker's word for the time of a transaction: it can't set one",
  'consumer-group-regex': 'it takes the names of topics, no patterns',
});
