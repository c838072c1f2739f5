// @confluentinc/kafka-javascript: topics, partitions, groups.
'use strict';

const { promisify } = require('node:util');
const { AdminClient, KafkaJS } = require('@confluentinc/kafka-javascript');
const {
  commit,
  committed,
  fill,
  makeTopic,
  newAdmin,
  newConsumer,
  partitionsOf,
  read,
  send,
  started,
  using,
  values,
} = require('./common');
const { expect, expectEqual, expectRejected, fresh, numbered, waitUntil } = require('../node_common/harness');

async function adminTopics(bootstrap) {
  const topic = fresh('topic');
  await using(newAdmin(bootstrap), async (admin) => {
    const listed = async () => (await admin.listTopics()).includes(topic);
    const create = (numPartitions) =>
      admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }] });
    expectEqual(await create(3), true, 'created');
    await waitUntil(listed, 'the new topic is listed');
    expectEqual((await partitionsOf(admin, topic)).length, 3, 'partitions described');
    expectEqual(await create(3), false, 'created a second time');
    for (let turn = 0; turn < 5; turn++) {
      await admin.deleteTopics({ topics: [topic] });
      await waitUntil(async () => !(await listed()), 'the deleted topic is gone');
      expectEqual(await create(1), true, 'created again');
    }
    await waitUntil(listed, 'the topic made again is listed');
    expectEqual((await partitionsOf(admin, topic)).length, 1, 'partitions of the topic made again');
  });
}

/** By the older of its two admin clients: the one after kafkajs adds no partitions. */
async function adminPartitions(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const older = AdminClient.create({ 'bootstrap.servers': bootstrap });
  await promisify(older.createPartitions.bind(older))(topic, 4, 10_000);
  older.disconnect();
  await using(newAdmin(bootstrap), (admin) =>
    waitUntil(async () => (await partitionsOf(admin, topic)).length === 4, 'four partitions described'),
  );
  for (const partition of [0, 1, 2, 3]) {
    const [{ baseOffset }] = await send(bootstrap, topic, [{ partition, value: 'x' }]);
    expectEqual(baseOffset, '0', 'first offset');
  }
  const found = await read(bootstrap, topic, 4);
  expectEqual(found.map(({ partition }) => partition).sort(), [0, 1, 2, 3], 'partitions');
}

async function adminGroups(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, topic, 10);
  const consumer = await newConsumer(bootstrap, group);
  const seen = await started(consumer, [topic]);
  await waitUntil(() => seen.length === 10, 'ten records');
  await commit(consumer, topic, 10);
  await using(newAdmin(bootstrap), async (admin) => {
    const listed = async () => (await admin.listGroups()).groups.some(({ groupId }) => groupId === group);
    expect(await listed(), 'the group is not listed');
    const [{ state, members }] = (await admin.describeGroups([group])).groups;
    expectEqual([state, members.length], [KafkaJS.ConsumerGroupStates.STABLE, 1], 'state and members');
    await consumer.disconnect();
    expectEqual(await committed(bootstrap, group, topic), ['10', null], 'offset');
    await admin.deleteGroups([group]);
    expect(!(await listed()), 'the deleted group is listed');
  });
}

async function adminDeleteRecords(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  await using(newAdmin(bootstrap), async (admin) => {
    const deleteBefore = (offset) => admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
    const [{ lowWatermark }] = await deleteBefore('60');
    expectEqual(lowWatermark, 60, 'low watermark');
    const [{ low, high }] = await admin.fetchTopicOffsets(topic);
    expectEqual([low, high], ['60', '100'], 'first offset and end');
    const { partitions } = await expectRejected(deleteBefore('101'), 'records behind the end were deleted');
    expectEqual(partitions[0].error.code, KafkaJS.ErrorCodes.ERR_OFFSET_OUT_OF_RANGE, 'error');
  });
  const wanted = values(numbered(40, 60));
  expectEqual(values(await read(bootstrap, topic, 40)), wanted, 'records behind the deleted ones');
}

module.exports = { adminDeleteRecords, adminGroups, adminPartitions, adminTopics };
