// @platformatic/kafka: what is refused, and how.
'use strict';

const { once } = require('node:events');
const { expectError } = require('./admin');
const { fill, makeTopic, newAdmin, newConsumer, started, using } = require('./common');
const { expect, expectEqual, fresh, waitUntil } = require('../node_common/harness');

async function errorsUnknownTopic(bootstrap) {
  const topic = fresh('nowhere');
  await using(newAdmin(bootstrap, { retries: 0 }), async (admin) => {
    const deleting = admin.deleteTopics({ topics: [topic] });
    await expectError(deleting, 'UNKNOWN_TOPIC_OR_PARTITION', 'deleted though it was not there');
    expectEqual((await admin.listTopics()).includes(topic), false, 'in the metadata');
  });
}

async function errorsOffset(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 10);
  const behind = { mode: 'manual', offsets: [{ topic, partition: 0, offset: 1000n }] };
  const strict = newConsumer(bootstrap, undefined, { retries: 0 });
  const { stream } = await started(strict, [topic], { ...behind, fallbackMode: 'fail' });
  const [error] = await once(stream, 'error');
  expect(error.findBy('apiId', 'OFFSET_OUT_OF_RANGE'), `not an offset out of range: ${error.stack}`);
  await using(newConsumer(bootstrap), async (lenient) => {
    const { seen } = await started(lenient, [topic], { mode: 'committed', fallbackMode: 'earliest' });
    await waitUntil(() => seen.length === 10, 'ten records');
    expectEqual(seen[0].offset, 0n, 'first offset of a group that has committed none');
  });
}

module.exports = { errorsOffset, errorsUnknownTopic };
