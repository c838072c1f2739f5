// kafkajs: topics, partitions, configurations, the cluster, groups.
'use strict';

const { ConfigResourceTypes } = require('kafkajs');
const { fill, makeTopic, newAdmin, newConsumer, read, send, using, values } = require('./common');
const { expect, expectEqual, expectRejected, fresh, numbered, waitUntil } = require('../node_common/harness');

async function adminTopics(bootstrap) {
  const topic = fresh('topic');
  await using(newAdmin(bootstrap), async (admin) => {
    const listed = async () => (await admin.listTopics()).includes(topic);
    const create = (numPartitions) =>
      admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }], waitForLeaders: true });
    const partitions = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions;
    expectEqual(await create(3), true, 'created');
    await waitUntil(listed, 'the new topic is listed');
    expectEqual((await partitions()).length, 3, 'partitions described');
    expectEqual(await create(3), false, 'created a second time');
    for (let turn = 0; turn < 5; turn++) {
      await admin.deleteTopics({ topics: [topic] });
      await waitUntil(async () => !(await listed()), 'the deleted topic is gone');
      expectEqual(await create(1), true, 'created again');
    }
    await waitUntil(listed, 'the topic made again is listed');
    expectEqual((await partitions()).length, 1, 'partitions of the topic made again');
  });
}

async function adminPartitions(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await using(newAdmin(bootstrap), (admin) =>
    admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }),
  );
  for (const partition of [0, 1, 2, 3]) {
    // One by one: where a partition is not ready, it sends all messages of the call again.
    const [{ baseOffset }] = await send(bootstrap, { topic, messages: [{ partition, value: 'x' }] });
    expectEqual(baseOffset, '0', 'first offset');
  }
  const found = await read(bootstrap, topic, 4);
  expectEqual(found.map(({ partition }) => partition).sort(), [0, 1, 2, 3], 'partitions');
}

async function described(admin, type, name) {
  const resources = [{ type, name }];
  const [resource] = (await admin.describeConfigs({ includeSynonyms: false, resources })).resources;
  return Object.fromEntries(resource.configEntries.map((entry) => [entry.configName, entry]));
}

async function adminConfigs(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'retention.ms': '123456', 'cleanup.policy': 'compact' });
  await using(newAdmin(bootstrap), async (admin) => {
    const { brokers } = await admin.describeCluster();
    const ofTopic = await described(admin, ConfigResourceTypes.TOPIC, topic);
    const ofBroker = await described(admin, ConfigResourceTypes.BROKER, String(brokers[0].nodeId));
    expectEqual(ofTopic['retention.ms'].configValue, '123456', 'retention.ms');
    expectEqual(ofTopic['cleanup.policy'].configValue, 'compact', 'cleanup.policy');
    expectEqual(ofTopic['retention.ms'].isDefault, false, 'retention.ms is a default');
    expectEqual(ofTopic['segment.bytes'].configValue, '1073741824', 'segment.bytes');
    expectEqual(ofBroker['log.segment.bytes'].configValue, '1073741824', "the broker's log.segment.bytes");
  });
}

async function adminAlterConfigs(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await using(newAdmin(bootstrap), async (admin) => {
    const alter = (configEntries) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
    const retention = async () => (await described(admin, ConfigResourceTypes.TOPIC, topic))['retention.ms'];
    const before = (await retention()).configValue;
    await alter([{ name: 'retention.ms', value: '7000' }]);
    await waitUntil(async () => (await retention()).configValue === '7000', 'the altered setting');
    const error = await expectRejected(
      alter([{ name: 'retention.ms', value: 'soon' }]),
      'a number that is none',
    );
    expectEqual(error.type, 'INVALID_CONFIG', 'error');
    expectEqual((await retention()).configValue, '7000', 'after a refused change');
    await alter([]);
    await waitUntil(async () => (await retention()).configValue === before, 'the default again');
  });
}

async function adminCluster(bootstrap) {
  await using(newAdmin(bootstrap), async (admin) => {
    const cluster = await admin.describeCluster();
    expect(cluster.clusterId, 'no cluster id');
    expectEqual(
      cluster.brokers.map(({ host, port }) => `${host}:${port}`),
      [bootstrap],
      'nodes',
    );
    expectEqual(cluster.controller, cluster.brokers[0].nodeId, 'controller');
  });
}

async function adminGroups(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, topic, 10);
  const consumer = await newConsumer(bootstrap, group);
  const seen = [];
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => seen.push(message) });
  await waitUntil(() => seen.length === 10, 'ten records');
  await consumer.commitOffsets([{ topic, partition: 0, offset: '10' }]);
  await using(newAdmin(bootstrap), async (admin) => {
    const listed = async () => (await admin.listGroups()).groups.some(({ groupId }) => groupId === group);
    expect(await listed(), 'the group is not listed');
    const [{ state, members }] = (await admin.describeGroups([group])).groups;
    expectEqual([state, members.length], ['Stable', 1], 'state and members');
    await consumer.disconnect();
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    expectEqual(
      partitions.map(({ partition, offset }) => [partition, offset]),
      [[0, '10']],
      'offsets',
    );
    await admin.deleteGroups([group]);
    expect(!(await listed()), 'the deleted group is listed');
  });
}

async function adminDeleteRecords(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  await using(newAdmin(bootstrap), async (admin) => {
    const ends = async () => (await admin.fetchTopicOffsets(topic)).map(({ low, high }) => [low, high]);
    expectEqual(await ends(), [['0', '100']], 'first offset and end before'); // it learns of the topic here
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] });
    expectEqual(await ends(), [['60', '100']], 'first offset and end');
  });
  const wanted = numbered(40, 60).map(({ value }) => value);
  expectEqual(values(await read(bootstrap, topic, 40)), wanted, 'records behind the deleted ones');
}

module.exports = {
  adminAlterConfigs,
  adminCluster,
  adminConfigs,
  adminDeleteRecords,
  adminGroups,
  adminPartitions,
  adminTopics,
};
