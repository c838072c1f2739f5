// @platformatic/kafka: transactions.
'use strict';

const { FetchIsolationLevels } = require('@platformatic/kafka');
const { fill, makeTopic, newConsumer, newProducer, read, started, using, values } = require('./common');
const {
  checkExactlyOnce,
  expect,
  expectEqual,
  expectRejected,
  fresh,
  tenOf,
  waitUntil,
} = require('../node_common/harness');
const { killTransactions: scenario } = require('../node_common/kill_transactions');

const readCommitted = { isolationLevel: FetchIsolationLevels.READ_COMMITTED };
const readUncommitted = { isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED };

// Unless told otherwise it takes itself for producer 0 in its epoch 0, and whoever is another one is fenced.
const NOBODY_YET = { producerId: -1n, producerEpoch: -1 };

/** `timeout`, in ms, is that of its transactions as well as of its requests. */
const transactionalProducer = (bootstrap, transactionalId = fresh('transactional'), timeout = 20_000) =>
  newProducer(bootstrap, { transactionalId, idempotent: true, timeout, ...NOBODY_YET });

async function write(producer, topic, name) {
  const transaction = await producer.beginTransaction();
  await transaction.send({ messages: tenOf(name).map((value) => ({ topic, value, partition: 0 })) });
  return transaction;
}

async function transactions(bootstrap) {
  const [topic, source, group] = [await makeTopic(bootstrap), await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, source, 50);
  const producer = transactionalProducer(bootstrap);
  await using(newConsumer(bootstrap, group), async (consumer) => {
    const { seen } = await started(consumer, [source], { autocommit: false });
    await waitUntil(() => seen.length === 50, 'fifty records');
    const committed = await write(producer, topic, 'committed');
    await committed.addConsumer(consumer);
    await committed.addOffset(seen[41]);
    await committed.commit();
    const aborted = await write(producer, topic, 'aborted');
    await aborted.addConsumer(consumer);
    await aborted.addOffset(seen[48]);
    await aborted.abort();
    const offsets = await consumer.listCommittedOffsets({ topics: [{ topic: source, partitions: [0] }] });
    expectEqual(offsets.get(source), [42n], 'committed offset');
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
  await producer.close();
}

/** The error with which a producer is told that its transaction is not its own any more. */
async function expectFenced(transaction) {
  const error = await expectRejected(transaction.commit(), 'a fenced producer has committed');
  expect(
    ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'].some((apiId) => error.findBy?.('apiId', apiId)),
    `fenced: ${error.stack}`,
  );
}

async function transactionsFenced(bootstrap) {
  const [topic, transactionalId] = [await makeTopic(bootstrap), fresh('transactional')];
  const first = await write(transactionalProducer(bootstrap, transactionalId), topic, 'first');
  // It gives up while the broker ends the first one's transaction.
  const begun = () => write(transactionalProducer(bootstrap, transactionalId), topic, 'second').catch(() => null);
  const second = await waitUntil(begun, 'a second producer begins');
  await second.commit();
  await expectFenced(first);
  expectEqual(values(await read(bootstrap, topic, 10, readCommitted)), tenOf('second'), 'records');
}

async function transactionsTimeout(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const late = await write(transactionalProducer(bootstrap, undefined, 2000), topic, 'slow');
  await (await write(transactionalProducer(bootstrap), topic, 'quick')).commit();
  // Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
  expectEqual(values(await read(bootstrap, topic, 10, readCommitted)), tenOf('quick'), 'records');
  await expectFenced(late);
}

async function consumeTransformProduce(bootstrap) {
  const [count, source, target] = [1000, await makeTopic(bootstrap), await makeTopic(bootstrap)];
  await fill(bootstrap, source, count);
  const producer = transactionalProducer(bootstrap);
  await using(newConsumer(bootstrap), async (consumer) => {
    const { seen } = await started(consumer, [source], { autocommit: false });
    await waitUntil(() => seen.length === count, 'every record is read');
    for (let turn = 0, place = 0; place < count; turn++) {
      const batch = seen.slice(place, place + 50);
      const transaction = await producer.beginTransaction();
      await transaction.addConsumer(consumer);
      const messages = batch.map(({ key, value }) => ({ topic: target, key, value, partition: 0 }));
      await transaction.send({ messages });
      await transaction.addOffset(batch.at(-1));
      if (turn === 3) {
        await transaction.abort();
      } else {
        await transaction.commit();
        place += batch.length;
      }
    }
  });
  await producer.close();
  checkExactlyOnce(values(await read(bootstrap, target, count, readCommitted)), count);
}

/** Copies what `source` has behind the group's committed offset, until `count` are copied or something is lost. */
async function copyOn(bootstrap, { source, target, count, group, transactionalId }, beforeTheEnd) {
  const producer = transactionalProducer(bootstrap, transactionalId);
  const consumer = newConsumer(bootstrap, group, { sessionTimeout: 6000, rebalanceTimeout: 6000 });
  try {
    let transaction = await producer.beginTransaction(); // it ends what the one before has left
    const options = { mode: 'committed', fallbackMode: 'earliest', autocommit: false, ...readCommitted };
    const { seen } = await started(consumer, [source], options);
    for (let place = 0, copied = 0; copied < count; transaction = await producer.beginTransaction()) {
      await waitUntil(() => seen.length > place, 'records');
      const batch = seen.slice(place, place + 50);
      await transaction.addConsumer(consumer);
      const messages = batch.map(({ key, value }) => ({ topic: target, key, value, partition: 0 }));
      await transaction.send({ messages });
      await transaction.addOffset(batch.at(-1));
      await beforeTheEnd(copied);
      await transaction.commit();
      place += batch.length;
      copied = Number(batch.at(-1).offset) + 1;
    }
  } finally {
    await consumer.close(true).catch(() => {});
    await producer.close().catch(() => {});
  }
}

const killTransactions = scenario({
  makeTopic,
  fill,
  copyOn,
  readCommitted: async (...asked) => values(await read(...asked, readCommitted)),
});

module.exports = {
  consumeTransformProduce,
  killTransactions,
  transactions,
  transactionsFenced,
  transactionsTimeout,
};
