// kafkajs: consumer groups.
'use strict';

const { fill, makeTopic, newAdmin, newConsumer, read, send, text, using } = require('./common');
const { expectEqual, fresh, numbered, waitUntil } = require('../node_common/harness');
const {
  MemberProcess,
  awaitRead,
  awaitShared,
  joinLeaveAndDie,
  printAsMember,
  shareEvenly,
} = require('../node_common/members');

/** A running consumer: what it owns, as "topic-partition", and what it has read. */
class Member {
  static async join(bootstrap, topics, group, options = {}) {
    const [member, seen] = [new Member(), []];
    const timeouts = { sessionTimeout: 6000, heartbeatInterval: 500, rebalanceTimeout: 10_000 };
    const consumer = await newConsumer(bootstrap, group, { ...timeouts, ...options });
    Object.assign(member, { consumer, seen, owned: [] });
    const { GROUP_JOIN, REBALANCING } = consumer.events;
    consumer.on(REBALANCING, () => member.own({}));
    consumer.on(GROUP_JOIN, ({ payload }) => member.own(payload.memberAssignment));
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => seen.push(text(message.value)) });
    return member;
  }

  own(assignment) {
    this.owned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => `${topic}-${partition}`),
    );
  }

  async leave() {
    await this.consumer.disconnect();
    this.owned = [];
  }
}

/** Produce numbered values over six partitions; wait until the members have read them all between them. */
async function produceAndRead(bootstrap, topic, members, start, count) {
  const messages = numbered(count, start).map(({ value }, number) => ({ value, partition: number % 6 }));
  await send(bootstrap, { topic, messages });
  await awaitRead(members, start + count);
}

async function groupMembers(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const doomed = new MemberProcess(bootstrap, topic, group, {});
  const join = () => Member.join(bootstrap, [topic], group);
  const readAll = (members, start) => produceAndRead(bootstrap, topic, members, start, 600);
  const last = await joinLeaveAndDie(doomed, join, readAll);
  await last.leave();
}

async function consumeRack(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const members = await Promise.all(
    ['rack-1', 'rack-2'].map((rackId) => Member.join(bootstrap, [topic], group, { rackId })),
  );
  await awaitShared(members, 6);
  await produceAndRead(bootstrap, topic, members, 0, 600);
  for (const member of members) await member.leave();
  await read(bootstrap, topic, 600, { rackId: 'rack-1' });
}

async function groupCommit(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, topic, 100);
  const run = async (use) => {
    const seen = [];
    await using(newConsumer(bootstrap, group), async (consumer) => {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => seen.push(text(message.value)),
      });
      await waitUntil(() => seen.length, 'records');
      await use(consumer);
    });
    return seen[0];
  };
  const first = await run((consumer) =>
    consumer.commitOffsets([{ topic, partition: 0, offset: '42', metadata: 'forty-two' }]),
  );
  expectEqual(first, 'value-0', 'first record of the first run');
  await using(newAdmin(bootstrap), async (admin) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    expectEqual(partitions, [{ partition: 0, offset: '42', metadata: 'forty-two' }], 'committed');
  });
  expectEqual(await run(() => {}), 'value-42', 'first record of the second run');
}

async function groupRoundRobin(bootstrap) {
  const topics = [await makeTopic(bootstrap, 3), await makeTopic(bootstrap, 3)];
  const group = fresh('group');
  const members = await Promise.all([1, 2].map(() => Member.join(bootstrap, topics, group)));
  await shareEvenly(members);
}

module.exports = {
  Member,
  member: printAsMember(Member.join),
  produceAndRead,
  scenarios: { consumeRack, groupCommit, groupMembers, groupRoundRobin },
};
