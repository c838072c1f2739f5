// @confluentinc/kafka-javascript: transactions.
'use strict';

const { ErrorCodes } = require('@confluentinc/kafka-javascript').KafkaJS;
const {
  committed,
  fill,
  makeTopic,
  newConsumer,
  newProducer,
  read,
  sendOn,
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
  newProducer(bootstrap, { transactionalId, ...options });

async function write(producer, topic, name) {
  const transaction = await producer.transaction();
  const messages = tenOf(name).map((value) => ({ value, partition: 0 }));
  await sendOn(transaction, topic, messages);
  return transaction;
}

const sendOffset = (transaction, consumer, topic, offset) =>
  transaction.sendOffsets({ consumer, topics: [{ topic, partitions: [{ partition: 0, offset }] }] });

async function transactions(bootstrap) {
  const [topic, source, group] = [await makeTopic(bootstrap), await makeTopic(bootstrap), fresh('group')];
  const producer = await transactionalProducer(bootstrap);
  await using(newConsumer(bootstrap, group), async (consumer) => {
    const kept = await write(producer, topic, 'committed');
    await sendOffset(kept, consumer, source, '42');
    await kept.commit();
    const aborted = await write(producer, topic, 'aborted');
    await sendOffset(aborted, consumer, source, '77');
    await aborted.abort();
  });
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
  expectEqual((await committed(bootstrap, group, source))[0], '42', 'committed offset');
  await producer.disconnect();
}

async function expectFenced(transaction) {
  const { code } = await expectRejected(transaction.commit(), 'a fenced producer has committed');
  expectEqual(code, ErrorCodes.ERR__FENCED, 'error');
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

/** Send a batch's messages on within a transaction, and the offset behind them; that offset. */
async function copyBatch(transaction, consumer, batch, target) {
  const messages = batch.messages.map(({ key, value }) => ({ key: text(key), value: text(value), partition: 0 }));
  const next = Number(batch.lastOffset()) + 1;
  await sendOn(transaction, target, messages);
  await sendOffset(transaction, consumer, batch.topic, String(next));
  return next;
}

async function consumeTransformProduce(bootstrap) {
  const [count, source, target] = [1000, await makeTopic(bootstrap), await makeTopic(bootstrap)];
  await fill(bootstrap, source, count);
  const producer = await transactionalProducer(bootstrap);
  await using(newConsumer(bootstrap, undefined, readCommitted), async (consumer) => {
    let [copied, turn] = [0, 0];
    const eachBatch = async ({ batch }) => {
      const transaction = await producer.transaction();
      const next = await copyBatch(transaction, consumer, batch, target);
      if (turn++ % 3 === 0) {
        await transaction.abort();
        consumer.seek({ topic: source, partition: 0, offset: batch.firstOffset() });
      } else {
        await transaction.commit();
        copied = next;
      }
    };
    await consumer.subscribe({ topic: source });
    await consumer.run({ eachBatch });
    await waitUntil(() => copied >= count, 'every record is copied', 60);
  });
  await producer.disconnect();
  checkExactlyOnce(values(await read(bootstrap, target, count, readCommitted)), count);
}

/** Copies what `source` has behind the group's committed offset, until `count` are copied or something is lost. */
async function copyOn(bootstrap, { source, target, count, group, transactionalId }, beforeTheEnd) {
  const producer = await transactionalProducer(bootstrap, transactionalId); // it ends what the one before has left
  const timeouts = { sessionTimeout: 6000, heartbeatInterval: 500 };
  const consumer = await newConsumer(bootstrap, group, { ...timeouts, ...readCommitted });
  let copied = 0;
  const copy = async (batch) => {
    const transaction = await producer.transaction();
    const next = await copyBatch(transaction, consumer, batch, target);
    await beforeTheEnd(copied);
    await transaction.commit();
    copied = next;
  };
  try {
    // All of it may be copied though the answer to the last commit was lost: then there is nothing to read.
    const [{ offset }] = await consumer.committed([{ topic: source, partition: 0 }], 10_000);
    if (Number(offset) >= count) return;
    await consumer.subscribe({ topic: source });
    await new Promise((resolve, reject) => {
      let lost = false;
      const eachBatch = async ({ batch }) => {
        if (lost || copied >= count) return;
        try {
          await copy(batch);
        } catch (problem) {
          lost = true;
          reject(problem);
        }
        if (copied >= count) resolve();
      };
      consumer.run({ eachBatch }).catch(reject);
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
