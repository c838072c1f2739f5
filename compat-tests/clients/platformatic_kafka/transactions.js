// @platformatic/kafka: transactions.
'use strict';

const { FetchIsolationLevels } = require('@platformatic/kafka');
const { fill, makeTopic, newConsumer, newProducer, read, started, using, values } = require('./common');
const { checkExactlyOnce, expectEqual, fresh, waitUntil } = require('../node_common/harness');

const readCommitted = { isolationLevel: FetchIsolationLevels.READ_COMMITTED };
const readUncommitted = { isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED };
const tenOf = (name) => Array.from({ length: 10 }, (_, number) => `${name}-${number}`);

const transactionalProducer = (bootstrap) =>
  newProducer(bootstrap, { transactionalId: fresh('transactional'), idempotent: true });

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

module.exports = { consumeTransformProduce, transactions };
