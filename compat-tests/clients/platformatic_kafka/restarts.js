// @platformatic/kafka: the broker stops, starts again, and is killed.
'use strict';

const { fill, makeTopic, newConsumer, newProducer, read, started, using, values } = require('./common');
const { Member, produceAndRead } = require('./groups');
const {
  checkExactlyOnce,
  expectEqual,
  fresh,
  numbered,
  restart,
  waitUntil,
} = require('../node_common/harness');
const { awaitShared, joinOver } = require('../node_common/members');

const RESUMING = { mode: 'committed', fallbackMode: 'earliest', autocommit: false };

const commit = (consumer, topic, offset) =>
  consumer.commit({ offsets: [{ topic, partition: 0, offset: BigInt(offset), leaderEpoch: 0 }] });

async function restartResume(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  for (let turn = 0; turn < 3; turn++) {
    await fill(bootstrap, topic, 100, turn * 100);
    await using(newConsumer(bootstrap, group), async (consumer) => {
      const { seen } = await started(consumer, [topic], RESUMING);
      await waitUntil(() => seen.length >= 100, 'a hundred records');
      expectEqual(
        values(seen),
        numbered(100, turn * 100).map(({ value }) => value),
        `records of run ${turn}`,
      );
      await commit(consumer, topic, (turn + 1) * 100);
    });
    await restart(turn === 0 ? 'stop' : 'kill');
  }
}

const killProduce = (bootstrap) => produce(bootstrap, 200_000, 5);

const produceRetry = (bootstrap) => produce(bootstrap, 50_000, 0);

async function produce(bootstrap, count, kills) {
  const size = 1000;
  const topic = await makeTopic(bootstrap);
  const producer = newProducer(bootstrap, { idempotent: true });
  const batches = count / size;
  const every = Math.floor(batches / (kills + 1));
  for (let batch = 0; batch < batches; batch++) {
    const messages = numbered(size, batch * size).map((one) => ({ ...one, topic, partition: 0 }));
    const sending = producer.send({ messages });
    if (batch % every === every - 1 && batch < every * kills) await restart();
    const { offsets } = await sending;
    expectEqual(Number(offsets[0].offset), batch * size, 'acknowledged offset');
  }
  await producer.close();
  checkExactlyOnce(values(await read(bootstrap, topic, count, {}, 120)), count);
}

async function killConsume(bootstrap) {
  const [topic, group, count] = [await makeTopic(bootstrap), fresh('group'), 3000];
  await fill(bootstrap, topic, count);
  const consumer = newConsumer(bootstrap, group, {
    maxBytesPerPartition: 5000,
    sessionTimeout: 6000,
    rebalanceTimeout: 6000,
    heartbeatInterval: 500,
  });
  const [seen, kills] = [new Set(), [500, 1500, 2500]];
  const stream = await consumer.consume({ topics: [topic], ...RESUMING, maxFetches: 1 });
  for await (const { value } of stream) {
    seen.add(value);
    if (seen.size >= kills[0]) {
      kills.shift();
      await restart();
      await waitUntil(
        () =>
          commit(consumer, topic, seen.size).then(
            () => true,
            () => false,
          ),
        'a commit',
      );
    }
    if (seen.size === count) break;
  }
  expectEqual(seen.size, count, 'records seen');
  await commit(consumer, topic, count);
  const committed = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: [0] }] });
  expectEqual(committed.get(topic), [BigInt(count)], 'committed');
  await consumer.close(true);
}

async function killRebalance(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const members = [await Member.join(bootstrap, [topic], group)];
  await awaitShared(members, 6);
  for (let turn = 0; turn < 2; turn++) {
    members.push(await joinOver(() => Member.join(bootstrap, [topic], group)));
  }
  await awaitShared(members, 6);
  await produceAndRead(bootstrap, topic, members, 0, 600);
  for (const member of members) await member.leave();
}

module.exports = { killConsume, killProduce, killRebalance, produceRetry, restartResume };
