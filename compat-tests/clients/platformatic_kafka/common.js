// @platformatic/kafka: what the scenarios share.
'use strict';

const { Admin, Consumer, Producer, stringDeserializers, stringSerializers } = require('@platformatic/kafka');
const { expectEqual, fresh, numbered, waitUntil } = require('../node_common/harness');

const base = (bootstrap) => ({
  clientId: 'compat',
  bootstrapBrokers: [bootstrap],
  retries: 300,
  retryDelay: 200,
});

const newAdmin = (bootstrap, options = {}) => new Admin({ ...base(bootstrap), ...options });

const newProducer = (bootstrap, options = {}) =>
  new Producer({ ...base(bootstrap), serializers: stringSerializers, ...options });

const newConsumer = (bootstrap, groupId = fresh('no-group'), options = {}) =>
  new Consumer({
    ...base(bootstrap),
    groupId,
    maxWaitTime: 250,
    metadataMaxAge: 1000,
    deserializers: stringDeserializers,
    ...options,
  });

/** Run `use` with a client, and close it. */
async function using(client, use) {
  try {
    return await use(client);
  } finally {
    // `true`: a consumer ends its streams too.
    await (client instanceof Consumer ? client.close(true) : client.close());
  }
}

async function makeTopic(bootstrap, partitions = 1, configs = {}, topic = fresh('topic')) {
  const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await using(newAdmin(bootstrap), (admin) =>
    admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: entries }),
  );
  return topic;
}

/** Send all at once; the first offset in each partition, in the partitions' order. */
async function send(bootstrap, messages, options = {}) {
  const { offsets } = await using(newProducer(bootstrap, options), (producer) => producer.send({ messages }));
  return offsets?.sort((one, other) => one.partition - other.partition).map(({ offset }) => Number(offset));
}

const fill = (bootstrap, topic, count, start = 0) =>
  send(
    bootstrap,
    numbered(count, start).map((one) => ({ ...one, topic, partition: 0 })),
  );

/** A stream of a topic's messages from its beginning, and what it has brought so far. */
async function started(consumer, topics, options = {}) {
  const seen = [];
  const stream = await consumer.consume({ topics, mode: 'earliest', ...options });
  stream.on('data', (message) => seen.push(message));
  return { stream, seen };
}

/** The messages of a topic from its beginning: as many as `count`, or the scenario fails. */
async function read(bootstrap, topic, count, options = {}, seconds = 30) {
  return using(newConsumer(bootstrap, undefined, options), async (consumer) => {
    const { seen } = await started(consumer, [topic]);
    await waitUntil(() => seen.length >= count, `${count} records`, seconds);
    expectEqual(seen.length, count, 'records read');
    return seen;
  });
}

const values = (messages) => messages.map(({ value }) => value);

module.exports = { fill, makeTopic, newAdmin, newConsumer, newProducer, read, send, started, using, values };
