// kafkajs: transactions.
'use strict';

const {
  fill,
  makeTopic,
  newAdmin,
  newConsumer,
  newProducer,
  read,
  text,
  using,
  values,
} = require('./common');
const {
  checkExactlyOnce,
  expectEqual,
  expectRejected,
  fresh,
  tenOf,
  waitUntil,
} = require('../node_common/harness');
const { killTransactions: scenario } = require('../node_common/kill_transactions');

const readCommitted = { readUncommitted: false };
const readUncommitted = { readUncommitted: true };

const transactionalProducer = (bootstrap, transactionalId = fresh('transactional'), options = {}) =>
  newProducer(bootstrap, { transactionalId, idempotent: true, maxInFlightRequests: 1, ...options });

async function write(producer, topic, name) {
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: tenOf(name).map((value) => ({ value, partition: 0 })) });
  return transaction;
}

const sendOffset = (transaction, consumerGroupId, topic, offset) =>
  transaction.sendOffsets({ consumerGroupId, topics: [{ topic, partitions: [{ partition: 0, offset }] }] });

async function transactions(bootstrap) {
  const [topic, source, group] = [await makeTopic(bootstrap), await makeTopic(bootstrap), fresh('group')];
  const producer = await transactionalProducer(bootstrap);
  const committed = await write(producer, topic, 'committed');
  await sendOffset(committed, group, source, '42');
  await committed.commit();
  const aborted = await write(producer, topic, 'aborted');
  await sendOffset(aborted, group, source, '77');
  await aborted.abort();
  const open = await write(producer, topic, 'open');
  await read(bootstrap, topic, 30, readUncommitted);
  expectEqual(
    values(await read(bootstrap, topic, 10, readCommitted)),
    tenOf('committed'),
    'while one is open',
  );
  await open.commit();
  const wanted = [...tenOf('committed'), ...tenOf('open')];
  expectEqual(values(await read(bootstrap, topic, 20, readCommitted)), wanted, 'in the end');
  await using(newAdmin(bootstrap), async (admin) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [source] });
    expectEqual(partitions[0].offset, '42', 'committed offset');
  });
  await producer.disconnect();
}

/** It asks in the words of a time when a fenced producer had no error of its own. */
async function expectFenced(transaction) {
  const error = await expectRejected(transaction.commit(), 'a fenced producer has committed');
  expectEqual(error.type, 'INVALID_PRODUCER_EPOCH', 'error');
}

async function transactionsFenced(bootstrap) {
  const [topic, transactionalId] = [await makeTopic(bootstrap), fresh('transactional')];
  const first = await write(await transactionalProducer(bootstrap, transactionalId), topic, 'first');
  const second = await write(await transactionalProducer(bootstrap, transactionalId), topic, 'second');
  await second.commit();
  await expectFenced(first);
  expectEqual(values(await read(bootstrap, topic, 10, readCommitted)), tenOf('second'), 'records');
}

async function transactionsTimeout(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const slow = await transactionalProducer(bootstrap, undefined, { transactionTimeout: 3000 });
  const late = await write(slow, topic, 'slow');
  await (await write(await transactionalProducer(bootstrap), topic, 'quick')).commit();
  // Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
  expectEqual(values(await read(bootstrap, topic, 10, readCommitted)), tenOf('quick'), 'records');
  await expectFenced(late);
}

async function consumeTransformProduce(bootstrap) {
  const [count, source, target, group] = [
    1000,
    await makeTopic(bootstrap),
    await makeTopic(bootstrap),
    fresh('group'),
  ];
  await fill(bootstrap, source, count);
  const producer = await transactionalProducer(bootstrap);
  const consumer = await newConsumer(bootstrap, group, { maxBytesPerPartition: 1000, ...readCommitted });
  let [copied, turn] = [0, 0];
  const copy = async ({ batch }) => {
    const transaction = await producer.transaction();
    const messages = batch.messages.map(({ key, value }) => ({ key, value: text(value), partition: 0 }));
    await transaction.send({ topic: target, messages });
    await sendOffset(transaction, group, source, String(Number(batch.lastOffset()) + 1));
    if (turn++ % 3 === 0) {
      await transaction.abort();
      consumer.seek({ topic: source, partition: 0, offset: batch.firstOffset() });
    } else {
      await transaction.commit();
      copied += messages.length;
    }
  };
  await consumer.subscribe({ topic: source, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: true, eachBatch: copy });
  await waitUntil(() => copied >= count, 'every record is copied', 60);
  await consumer.disconnect();
  await producer.disconnect();
  checkExactlyOnce(values(await read(bootstrap, target, count, readCommitted)), count);
}

/** Copies what `source` has behind the group's committed offset, until `count` are copied or something is lost. */
async function copyOn(bootstrap, { source, target, count, group, transactionalId }, beforeTheEnd) {
  const producer = await transactionalProducer(bootstrap, transactionalId);
  const timeouts = { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500 };
  const consumer = await newConsumer(bootstrap, group, {
    maxBytesPerPartition: 1000,
    ...timeouts,
    ...readCommitted,
  });
  let copied = 0;
  const copy = async (batch, transaction) => {
    const messages = batch.messages.map(({ key, value }) => ({ key, value: text(value), partition: 0 }));
    const next = Number(batch.lastOffset()) + 1;
    await transaction.send({ topic: target, messages });
    await sendOffset(transaction, group, source, String(next));
    await beforeTheEnd(copied);
    await transaction.commit();
    copied = next;
  };
  try {
    let transaction = await producer.transaction(); // it ends what the one before has left
    await consumer.subscribe({ topic: source, fromBeginning: true });
    await new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      const eachBatch = async ({ batch }) => {
        if (copied >= count) return;
        try {
          transaction ??= await producer.transaction();
          await copy(batch, transaction);
          transaction = null;
        } catch (problem) {
          reject(problem);
          throw problem;
        }
        if (copied >= count) resolve();
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
    });
  } finally {
    await consumer.disconnect().catch(() => {});
    await producer.disconnect().catch(() => {});
  }
}

const killTransactions = scenario({
  makeTopic,
  fill,
  copyOn,
  readCommitted: async (...asked) => values(await read(...asked, readCommitted)),
});

module.exports = { consumeTransformProduce, killTransactions, transactions, transactionsFenced, transactionsTimeout };
