// @platformatic/kafka: consumer groups, of the classic protocol and of the broker-side one (KIP-848).
'use strict';

const { GroupProtocols } = require('@platformatic/kafka');
const { fill, makeTopic, newAdmin, newConsumer, send, started, using } = require('./common');
const { expectEqual, fresh, numbered, sleep, waitUntil } = require('../node_common/harness');
const {
  MemberProcess,
  awaitRead,
  awaitShared,
  joinLeaveAndDie,
  printAsMember,
  shareEvenly,
} = require('../node_common/members');

const CLASSIC = { sessionTimeout: 6000, rebalanceTimeout: 10_000, heartbeatInterval: 500 };
const CONSUMER = { groupProtocol: GroupProtocols.CONSUMER };
/** A static member, with time to come back. */
const named = (groupInstanceId) => ({
  ...CLASSIC,
  sessionTimeout: 20_000,
  rebalanceTimeout: 20_000,
  groupInstanceId,
});

/** A running consumer: what it owns, as "topic-partition", and what it has read. */
class Member {
  static async join(bootstrap, topics, group, options = CLASSIC) {
    const member = new Member();
    member.consumer = newConsumer(bootstrap, group, options);
    member.messages = [];
    await member.consume(topics);
    return member;
  }

  /** A stream ends with an error, as when the broker is away for long: another one goes on. */
  async consume(topics) {
    const stream = await this.consumer.consume({ topics, mode: 'earliest', autocommit: false });
    stream.on('data', (message) => this.messages.push(message));
    stream.on('error', () => this.consume(topics).catch(() => {})); // closed meanwhile
  }

  get owned() {
    const assignments = this.consumer.isActive() ? (this.consumer.assignments ?? []) : [];
    return assignments.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => `${topic}-${partition}`),
    );
  }

  get seen() {
    return this.messages.map(({ value }) => value);
  }

  leave() {
    return this.consumer.close(true);
  }
}

/** Produce numbered values over six partitions; wait until the members have read them all between them. */
async function produceAndRead(bootstrap, topic, members, start, count) {
  await send(
    bootstrap,
    numbered(count, start).map(({ value }, number) => ({ topic, value, partition: number % 6 })),
  );
  await awaitRead(members, start + count);
}

const groupType = (bootstrap, group) =>
  using(
    newAdmin(bootstrap),
    async (admin) => (await admin.listGroups({ types: ['classic', 'consumer'] })).get(group)?.groupType,
  );

/** Three members share and read everything, then one leaves and another dies; the type of their group. */
async function playOut(bootstrap, options) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const doomed = new MemberProcess(bootstrap, topic, group, options);
  const join = () => Member.join(bootstrap, [topic], group, options);
  const readAll = (members, start) => produceAndRead(bootstrap, topic, members, start, 600);
  const last = await joinLeaveAndDie(doomed, join, readAll);
  const type = await groupType(bootstrap, group);
  await last.leave();
  return type;
}

const groupMembers = async (bootstrap) =>
  expectEqual(await playOut(bootstrap, CLASSIC), 'classic', 'type of the group');

const consumerGroupMembers = async (bootstrap) =>
  expectEqual(await playOut(bootstrap, CONSUMER), 'consumer', 'type of the group');

async function groupCommit(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, topic, 100);
  const first = (use) =>
    using(newConsumer(bootstrap, group), async (consumer) => {
      const { seen } = await started(consumer, [topic], {
        mode: 'committed',
        fallbackMode: 'earliest',
        autocommit: false,
      });
      await waitUntil(() => seen.length, 'records');
      await use(consumer);
      return seen[0].value;
    });
  const commit = async (consumer) => {
    await consumer.commit({ offsets: [{ topic, partition: 0, offset: 42n, leaderEpoch: 0 }] });
    const committed = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: [0] }] });
    expectEqual(committed.get(topic), [42n], 'committed');
  };
  expectEqual(await first(commit), 'value-0', 'first record of the first run');
  expectEqual(await first(() => {}), 'value-42', 'first record of the second run');
}

async function groupRoundRobin(bootstrap) {
  const topics = [await makeTopic(bootstrap, 3), await makeTopic(bootstrap, 3)];
  const group = fresh('group');
  const members = await Promise.all([1, 2].map(() => Member.join(bootstrap, topics, group)));
  await shareEvenly(members);
}

/** The member that comes back has died before: one that closes its consumer leaves for good. */
async function groupStatic(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const settled = await Member.join(bootstrap, [topic], group, named('settled'));
  const moving = new MemberProcess(bootstrap, topic, group, named('moving'));
  await awaitShared([settled, moving], 6);
  const owned = [...moving.owned];
  let noticed = 0;
  settled.consumer.on('consumer:group:join', () => noticed++);
  moving.die();
  const back = new MemberProcess(bootstrap, topic, group, named('moving'));
  await awaitShared([settled, back], 6);
  await sleep(2 * CLASSIC.heartbeatInterval); // a rebalance would be told by the next heartbeat
  expectEqual(back.owned, owned, 'partitions of the member that came back');
  expectEqual(noticed, 0, 'rebalances of the other');
  back.die();
  await settled.leave();
}

async function consumerGroupUpgrade(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const join = (options) => Member.join(bootstrap, [topic], group, options);
  // By default its members name version 1 of their metadata, and leave out what that has: what they own.
  const classic = { ...CLASSIC, protocols: [{ name: 'roundrobin', version: 0 }] };
  const old = [await join(classic), await join(classic)];
  await awaitShared(old, 6);
  expectEqual(await groupType(bootstrap, group), 'classic', 'type before');
  const upgraded = await join(CONSUMER);
  await awaitShared([...old, upgraded], 6);
  expectEqual(await groupType(bootstrap, group), 'consumer', 'type with a member of that protocol');
  await old.pop().leave();
  await awaitShared([...old, upgraded], 6);
  await upgraded.leave();
  await awaitShared(old, 6);
  expectEqual(await groupType(bootstrap, group), 'classic', 'type after its last member left');
  await old.pop().leave();
}

module.exports = {
  Member,
  member: printAsMember(Member.join),
  produceAndRead,
  scenarios: {
    consumerGroupMembers,
    consumerGroupUpgrade,
    groupCommit,
    groupMembers,
    groupRoundRobin,
    groupStatic,
  },
};
