// kafkajs: what is refused, and how.
'use strict';

const { kafka, using } = require('./common');
const { expectEqual, expectRejected, fresh } = require('../node_common/harness');

async function errorsUnknownTopic(bootstrap) {
  const topic = fresh('nowhere');
  // It would ask on, as for a topic in the making.
  const admin = kafka(bootstrap).admin({ retry: { retries: 1 } });
  await admin.connect();
  await using(admin, async () => {
    const error = await expectRejected(
      admin.deleteTopics({ topics: [topic] }),
      'deleted though it was not there',
    );
    expectEqual(error.cause.type, 'UNKNOWN_TOPIC_OR_PARTITION', 'error');
    expectEqual((await admin.listTopics()).includes(topic), false, 'in the metadata');
  });
}

module.exports = { errorsUnknownTopic };
