// @platformatic/kafka: topics, partitions, configurations, the cluster, groups.
'use strict';

const { ConfigResourceTypes, IncrementalAlterConfigOperationTypes: Change } = require('@platformatic/kafka');
const { fill, makeTopic, newAdmin, newConsumer, read, send, started, using, values } = require('./common');
const { expect, expectEqual, expectRejected, fresh, numbered, waitUntil } = require('../node_common/harness');

/** Fail unless the promise is rejected with this error of the protocol. */
async function expectError(promise, apiId, what) {
  const error = await expectRejected(promise, what);
  expect(error.findBy?.('apiId', apiId), `${what}: not ${apiId} but ${error.stack}`);
}

async function adminTopics(bootstrap) {
  const topic = fresh('topic');
  await using(newAdmin(bootstrap), async (admin) => {
    const listed = async () => (await admin.listTopics()).includes(topic);
    const create = (partitions) => admin.createTopics({ topics: [topic], partitions, replicas: 1 });
    const partitions = async () =>
      (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic).partitionsCount;
    const [created] = await create(3);
    expectEqual([created.name, created.partitions, created.replicas], [topic, 3, 1], 'created');
    await waitUntil(listed, 'the new topic is listed');
    expectEqual(await partitions(), 3, 'partitions described');
    await expectError(create(3), 'TOPIC_ALREADY_EXISTS', 'created a second time');
    for (let turn = 0; turn < 5; turn++) {
      await admin.deleteTopics({ topics: [topic] });
      await waitUntil(async () => !(await listed()), 'the deleted topic is gone');
      await create(1);
    }
    await waitUntil(listed, 'the topic made again is listed');
    expectEqual(await partitions(), 1, 'partitions of the topic made again');
  });
}

async function adminPartitions(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await using(newAdmin(bootstrap), (admin) =>
    admin.createPartitions({ topics: [{ name: topic, count: 4, assignments: null }] }),
  );
  for (const partition of [0, 1, 2, 3]) {
    // One by one: where a partition is not ready, it sends all messages of the call again.
    expectEqual(await send(bootstrap, [{ topic, partition, value: 'x' }]), [0], 'first offset');
  }
  const found = await read(bootstrap, topic, 4);
  expectEqual(found.map(({ partition }) => partition).sort(), [0, 1, 2, 3], 'partitions');
}

async function described(admin, resourceType, resourceName) {
  const resources = [{ resourceType, resourceName, configurationKeys: null }];
  const [{ configs }] = await admin.describeConfigs({ resources });
  return Object.fromEntries(configs.map(({ name, value }) => [name, value]));
}

async function adminConfigs(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'retention.ms': '123456', 'cleanup.policy': 'compact' });
  await using(newAdmin(bootstrap), async (admin) => {
    const [node] = (await admin.metadata({ topics: [] })).brokers.keys();
    const ofTopic = await described(admin, ConfigResourceTypes.TOPIC, topic);
    const ofBroker = await described(admin, ConfigResourceTypes.BROKER, String(node));
    expectEqual(ofTopic['retention.ms'], '123456', 'retention.ms');
    expectEqual(ofTopic['cleanup.policy'], 'compact', 'cleanup.policy');
    expectEqual(ofTopic['segment.bytes'], '1073741824', 'segment.bytes');
    expectEqual(ofBroker['log.segment.bytes'], '1073741824', "the broker's log.segment.bytes");
  });
}

/** One setting changed; `value` null: it goes back to its default. */
function alter(admin, resourceType, resourceName, name, value) {
  const configOperation = value === null ? Change.DELETE : Change.SET;
  const configs = [{ name, configOperation, value }];
  return admin.incrementalAlterConfigs({ resources: [{ resourceType, resourceName, configs }] });
}

async function adminDynamicConfigs(bootstrap) {
  const { BROKER, GROUP, TOPIC } = ConfigResourceTypes;
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  const [retention, session] = ['log.retention.ms', 'consumer.session.timeout.ms'];
  await using(newAdmin(bootstrap), async (admin) => {
    const node = String([...(await admin.metadata({ topics: [] })).brokers.keys()][0]);
    const has = (type, resource, name, value) =>
      waitUntil(
        async () => (await described(admin, type, resource))[name] === value,
        `${name}=${value} of ${resource}`,
      );
    await alter(admin, GROUP, group, session, '50000');
    await has(GROUP, group, session, '50000');
    await expectError(alter(admin, GROUP, group, session, '1'), 'INVALID_CONFIG', 'a session too short');
    await alter(admin, GROUP, group, session, null);
    await has(GROUP, group, session, '45000');
    await alter(admin, BROKER, node, retention, '80000');
    await has(BROKER, node, retention, '80000');
    await has(TOPIC, topic, 'retention.ms', '80000');
    const restarting = alter(admin, BROKER, node, 'num.partitions', '5');
    await expectError(restarting, 'INVALID_REQUEST', 'a setting that needs a restart');
    await alter(admin, BROKER, node, retention, null);
    await has(TOPIC, topic, 'retention.ms', '604800000');
  });
}

async function adminAlterConfigs(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'retention.ms': '123456' });
  await using(newAdmin(bootstrap), async (admin) => {
    const change = (...changes) => {
      const configs = changes.map(([name, configOperation, value]) => ({ name, configOperation, value }));
      const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs }];
      return admin.incrementalAlterConfigs({ resources });
    };
    const expectValues = (wanted) =>
      waitUntil(
        async () => {
          const found = await described(admin, ConfigResourceTypes.TOPIC, topic);
          return Object.entries(wanted).every(([name, value]) => found[name] === value);
        },
        `the settings ${JSON.stringify(wanted)}`,
      );
    await change(['segment.bytes', Change.SET, '2000000'], ['cleanup.policy', Change.APPEND, 'compact']);
    const first = {
      'segment.bytes': '2000000',
      'cleanup.policy': 'delete,compact',
      'retention.ms': '123456',
    };
    await expectValues(first);
    await change(['retention.ms', Change.DELETE, null], ['cleanup.policy', Change.SUBTRACT, 'delete']);
    await expectValues({ 'cleanup.policy': 'compact', 'retention.ms': '604800000' });
    await expectError(change(['retention.ms', Change.SET, 'soon']), 'INVALID_CONFIG', 'a text for a number');
  });
}

async function adminCluster(bootstrap) {
  await using(newAdmin(bootstrap), async (admin) => {
    const { id, brokers, controllerId } = await admin.metadata({ topics: [] });
    expect(id, 'no cluster id');
    expectEqual(
      [...brokers.values()].map(({ host, port }) => `${host}:${port}`),
      [bootstrap],
      'nodes',
    );
    expect(brokers.has(controllerId), `no such node: the controller, ${controllerId}`);
  });
}

async function adminGroups(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, topic, 10);
  const consumer = newConsumer(bootstrap, group);
  const { seen } = await started(consumer, [topic], { autocommit: false });
  await waitUntil(() => seen.length === 10, 'ten records');
  await consumer.commit({ offsets: [{ topic, partition: 0, offset: 10n, leaderEpoch: 0 }] });
  await using(newAdmin(bootstrap), async (admin) => {
    const listed = async () => (await admin.listGroups()).has(group);
    expect(await listed(), 'the group is not listed');
    const { state, members } = (await admin.describeGroups({ groups: [group] })).get(group);
    expectEqual([state, members.size], ['STABLE', 1], 'state and members');
    await consumer.close(true);
    const [{ topics }] = await admin.listConsumerGroupOffsets({ groups: [group] });
    const offsets = topics.map(({ name, partitions }) => [name, partitions[0].committedOffset]);
    expectEqual(offsets, [[topic, 10n]], 'offsets');
    await admin.deleteGroups({ groups: [group] });
    expect(!(await listed()), 'the deleted group is listed');
  });
}

async function adminDeleteRecords(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  const before = (offset) => ({ topics: [{ name: topic, partitions: [{ partition: 0, offset }] }] });
  await using(newAdmin(bootstrap), async (admin) => {
    const [{ partitions }] = await admin.deleteRecords(before(40n));
    expectEqual(partitions, [{ partition: 0, lowWatermark: 40n }], 'low watermark');
  });
  await using(newAdmin(bootstrap, { retries: 0 }), (admin) =>
    expectError(
      admin.deleteRecords(before(101n)),
      'OFFSET_OUT_OF_RANGE',
      'records behind the end were deleted',
    ),
  );
  const wanted = numbered(60, 40).map(({ value }) => value);
  expectEqual(values(await read(bootstrap, topic, 60)), wanted, 'records');
}

async function adminLogDirs(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  await using(newAdmin(bootstrap), async (admin) => {
    const [{ results }] = await admin.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] });
    const [{ topics }] = results;
    expectEqual([results.length, topics.length, topics[0].name], [1, 1, topic], 'folders and topics');
    const [{ partitionSize, offsetLag, isFutureKey }] = topics[0].partitions;
    expect(partitionSize > 500n, `size of the log: ${partitionSize}`);
    expectEqual([offsetLag, isFutureKey], [0n, false], 'lag, and whether it moves to another folder');
  });
}

const scenarios = {
  adminAlterConfigs,
  adminCluster,
  adminConfigs,
  adminDeleteRecords,
  adminDynamicConfigs,
  adminGroups,
  adminLogDirs,
  adminPartitions,
  adminTopics,
};

module.exports = { expectError, scenarios };
