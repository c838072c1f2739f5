// @confluentinc/kafka-javascript: what is refused, and how.
'use strict';

const { promisify } = require('node:util');
const { KafkaConsumer, KafkaJS } = require('@confluentinc/kafka-javascript');
const { fill, makeTopic, newAdmin, newConsumer, started, using } = require('./common');
const { expectEqual, expectRejected, fresh, waitUntil } = require('../node_common/harness');

const { ErrorCodes } = KafkaJS;

async function errorsUnknownTopic(bootstrap) {
  const topic = fresh('nowhere');
  await using(newAdmin(bootstrap), async (admin) => {
    const deleting = admin.deleteTopics({ topics: [topic] });
    const { code } = await expectRejected(deleting, 'deleted though it was not there');
    expectEqual(code, ErrorCodes.ERR_UNKNOWN_TOPIC_OR_PART, 'error');
    expectEqual((await admin.listTopics()).includes(topic), false, 'in the metadata');
  });
}

async function errorsOffset(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 10);
  const behind = { topic, partition: 0, offset: 1000 };
  const { code } = await errorWithoutPolicy(bootstrap, behind);
  expectEqual(code, ErrorCodes.ERR__AUTO_OFFSET_RESET, 'error');
  await using(newConsumer(bootstrap), async (lenient) => {
    lenient.seek(behind); // it will begin there
    const seen = await started(lenient, [topic]);
    await waitUntil(() => seen.length === 10, 'ten records');
    expectEqual(seen[0].offset, '0', 'first offset after the reset');
  });
}

/** By the older of its two consumers: the one after kafkajs gives its errors to the log alone. */
async function errorWithoutPolicy(bootstrap, behind) {
  const strict = new KafkaConsumer({
    'bootstrap.servers': bootstrap,
    'group.id': fresh('no-group'),
    'auto.offset.reset': 'error',
  });
  await promisify(strict.connect.bind(strict))({});
  strict.assign([behind]);
  const consume = () => new Promise((resolve) => strict.consume(1, (error) => resolve(error)));
  const error = await waitUntil(consume, 'an error', 10);
  await promisify(strict.disconnect.bind(strict))();
  return error;
}

module.exports = { errorsOffset, errorsUnknownTopic };
