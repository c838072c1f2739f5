// kafkajs: what the scenarios share.
'use strict';

const { Kafka, logLevel } = require('kafkajs');
const { expectEqual, fresh, numbered, waitUntil } = require('../node_common/harness');
const { connected, using } = require('../node_common/kafkajs_api');

const kafka = (bootstrap) =>
  new Kafka({
    clientId: 'compat',
    brokers: [bootstrap],
    logLevel: logLevel.ERROR,
    retry: { maxRetryTime: 1000, retries: 30 },
  });

const newAdmin = (bootstrap) => connected(kafka(bootstrap).admin());

const newProducer = (bootstrap, options = {}) => connected(kafka(bootstrap).producer(options));

const newConsumer = (bootstrap, groupId = fresh('no-group'), options = {}) =>
  connected(kafka(bootstrap).consumer({ groupId, maxWaitTimeInMs: 250, ...options }));

async function makeTopic(bootstrap, numPartitions = 1, configs = {}, topic = fresh('topic')) {
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  const topics = [{ topic, numPartitions, replicationFactor: 1, configEntries }];
  await using(newAdmin(bootstrap), (admin) => admin.createTopics({ topics, waitForLeaders: true }));
  return topic;
}

/** Send all at once; what the producer learns: an entry for each partition. */
const send = (bootstrap, record, options = {}) =>
  using(newProducer(bootstrap, options), (producer) => producer.send(record));

const fill = (bootstrap, topic, count, start = 0) =>
  send(bootstrap, { topic, messages: numbered(count, start).map((one) => ({ ...one, partition: 0 })) });

/** The messages of a topic from its beginning: at least `count`, or the scenario fails. */
async function read(bootstrap, topic, count, options = {}, seconds = 30) {
  return using(newConsumer(bootstrap, undefined, options), async (consumer) => {
    const found = [];
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => found.push({ ...message, partition }),
    });
    await waitUntil(() => found.length >= count, `${count} records`, seconds);
    expectEqual(found.length, count, 'records read');
    return found;
  });
}

const text = (buffer) => (buffer === null ? null : buffer.toString());
const values = (messages) => messages.map(({ value }) => text(value));

module.exports = {
  fill,
  kafka,
  makeTopic,
  newAdmin,
  newConsumer,
  newProducer,
  read,
  send,
  text,
  using,
  values,
};
