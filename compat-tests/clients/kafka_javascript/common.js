// @confluentinc/kafka-javascript: what the scenarios share.
'use strict';

const { Kafka, logLevel } = require('@confluentinc/kafka-javascript').KafkaJS;
const { expectEqual, fresh, numbered, waitUntil } = require('../node_common/harness');
const { connected, using } = require('../node_common/kafkajs_api');

const kafka = (bootstrap) =>
  new Kafka({
    kafkaJS: {
      clientId: 'compat',
      brokers: [bootstrap],
      logLevel: logLevel.ERROR,
      retry: { maxRetryTime: 1000, retries: 300 },
    },
    'reconnect.backoff.max.ms': 500,
    // By default it begins anew from its bootstrap address when all brokers are away (KIP-899), and now and then
    // leaves a broker terminating for ever on that way.
    'metadata.recovery.strategy': 'none',
  });

const newAdmin = (bootstrap) => connected(kafka(bootstrap).admin());

/** `options` are named as kafkajs has them, `settings` as librdkafka has them. */
const newProducer = (bootstrap, options = {}, settings = {}) =>
  connected(kafka(bootstrap).producer({ kafkaJS: options, ...settings }));

const newConsumer = (bootstrap, groupId = fresh('no-group'), options = {}, settings = {}) => {
  const kafkaJS = { groupId, fromBeginning: true, autoCommit: false, maxWaitTimeInMs: 250, ...options };
  return connected(kafka(bootstrap).consumer({ kafkaJS, ...settings }));
};

/** The partitions of a topic; none when the broker does not know it. */
async function partitionsOf(admin, topic) {
  const described = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => []);
  return described.flatMap(({ partitions }) => partitions);
}

/** A new topic, as soon as the broker knows it: Apache Kafka answers a creation a moment earlier. */
async function makeTopic(bootstrap, numPartitions = 1, configs = {}, topic = fresh('topic')) {
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await using(newAdmin(bootstrap), async (admin) => {
    const topics = [{ topic, numPartitions, replicationFactor: 1, configEntries }];
    await admin.createTopics({ topics, timeout: 20_000 }); // by default 5 seconds, which a busy machine may take
    const known = async () => (await partitionsOf(admin, topic)).length === numPartitions;
    await waitUntil(known, `${numPartitions} partitions of ${topic}`);
  });
  return topic;
}

/** Copies: it turns the messages that it is given into those of librdkafka. */
const sendOn = (producer, topic, messages) =>
  producer.send({ topic, messages: messages.map((message) => ({ ...message })) });

/** Send all at once; what the producer learns: an entry for each partition. */
const send = (bootstrap, topic, messages, options = {}, settings = {}) =>
  using(newProducer(bootstrap, options, settings), (producer) => sendOn(producer, topic, messages));

const fill = (bootstrap, topic, count, start = 0) =>
  send(
    bootstrap,
    topic,
    numbered(count, start).map((one) => ({ ...one, partition: 0 })),
  );

/** Have a consumer run over topics; the messages that it has seen so far. */
async function started(consumer, topics) {
  const seen = [];
  await consumer.subscribe({ topics });
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => seen.push({ ...message, topic, partition }),
  });
  return seen;
}

/** The messages of a topic from its beginning: as many as `count`, or the scenario fails. */
async function read(bootstrap, topic, count, options = {}, settings = {}, seconds = 30) {
  return using(newConsumer(bootstrap, undefined, options, settings), async (consumer) => {
    const seen = await started(consumer, [topic]);
    await waitUntil(() => seen.length >= count, `${count} records`, seconds);
    expectEqual(seen.length, count, 'records read');
    return seen;
  });
}

/** Commit, and wait until the broker tells so: the client's own promise is kept before it has sent the request. */
async function commit(consumer, topic, offset, metadata = null, seconds = 30) {
  await consumer.commitOffsets([{ topic, partition: 0, offset: String(offset), metadata }]);
  const place = [{ topic, partition: 0 }];
  const known = async () => (await consumer.committed(place, 5000))[0].offset === String(offset);
  await waitUntil(known, `the committed offset ${offset}`, seconds);
}

/** The offset and metadata that a group has committed for a topic's only partition. */
async function committed(bootstrap, groupId, topic) {
  const [found] = await using(newAdmin(bootstrap), (admin) =>
    admin.fetchOffsets({ groupId, topics: [{ topic, partitions: [0] }] }),
  );
  return [found.partitions[0].offset, found.partitions[0].metadata];
}

const text = (buffer) => (buffer === null || buffer === undefined ? null : buffer.toString());
const values = (messages) => messages.map(({ value }) => text(value));

module.exports = {
  commit,
  committed,
  fill,
  makeTopic,
  newAdmin,
  newConsumer,
  newProducer,
  partitionsOf,
  read,
  send,
  sendOn,
  started,
  text,
  using,
  values,
};
