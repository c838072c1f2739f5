// kafkajs: the broker stops, starts again, and is killed.
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

async function restartResume(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  for (let turn = 0; turn < 3; turn++) {
    await fill(bootstrap, topic, 100, turn * 100);
    const seen = [];
    await using(newConsumer(bootstrap, group), async (consumer) => {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => seen.push(text(message.value)),
      });
      await waitUntil(() => seen.length >= 100, 'a hundred records');
      await consumer.commitOffsets([{ topic, partition: 0, offset: String((turn + 1) * 100) }]);
    });
    expectEqual(
      seen,
      numbered(100, turn * 100).map(({ value }) => value),
      `records of run ${turn}`,
    );
    await restart(turn === 0 ? 'stop' : 'kill');
  }
}

const killProduce = (bootstrap) => produce(bootstrap, 200_000, 5);

const produceRetry = (bootstrap) => produce(bootstrap, 50_000, 0);

async function produce(bootstrap, count, kills) {
  const size = 1000;
  const topic = await makeTopic(bootstrap);
  const producer = await newProducer(bootstrap, { idempotent: true, maxInFlightRequests: 1 });
  const batches = count / size;
  const every = Math.floor(batches / (kills + 1));
  for (let batch = 0; batch < batches; batch++) {
    const messages = numbered(size, batch * size).map((one) => ({ ...one, partition: 0 }));
    const sending = producer.send({ topic, messages });
    if (batch % every === every - 1 && batch < every * kills) await restart();
    const [{ baseOffset }] = await sending;
    // A batch that had arrived before the kill is answered as a duplicate: its place is not told again.
    if (kills === 0 || baseOffset !== '-1') expectEqual(Number(baseOffset), batch * size, 'acknowledged offset');
  }
  await producer.disconnect();
  checkExactlyOnce(values(await read(bootstrap, topic, count, {}, 120)), count);
}

async function killConsume(bootstrap) {
  const [topic, group, count] = [await makeTopic(bootstrap), fresh('group'), 3000];
  await fill(bootstrap, topic, count);
  const consumer = await newConsumer(bootstrap, group, { maxBytesPerPartition: 5000, sessionTimeout: 6000 });
  const [seen, kills] = [new Set(), [500, 1500, 2500]];
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 100,
    eachMessage: async ({ message }) => {
      seen.add(text(message.value));
      if (seen.size >= kills[0]) {
        kills.shift();
        await restart();
      }
    },
  });
  await waitUntil(() => seen.size === count, 'every record', 90);
  await consumer.commitOffsets([{ topic, partition: 0, offset: String(count) }]);
  await using(newAdmin(bootstrap), async (admin) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    expectEqual(partitions[0].offset, String(count), 'committed');
  });
  await consumer.disconnect();
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
