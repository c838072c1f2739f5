// @confluentinc/kafka-javascript: consumer groups, of the classic protocol and of the broker-side one (KIP-848).
'use strict';

const { ConsumerGroupTypes, ErrorCodes, PartitionAssigners } = require('@confluentinc/kafka-javascript').KafkaJS;
const {
  commit,
  committed,
  fill,
  makeTopic,
  newAdmin,
  newConsumer,
  read,
  send,
  started,
  using,
  values,
} = require('./common');
const { expectEqual, fresh, numbered, waitUntil } = require('../node_common/harness');
const {
  MemberProcess,
  awaitRead,
  awaitShared,
  joinLeaveAndDie,
  printAsMember,
  shareEvenly,
} = require('../node_common/members');

/** What a member is: `options` are named as kafkajs has them, `settings` as librdkafka has them. */
const CLASSIC = { options: { sessionTimeout: 6000, heartbeatInterval: 500, rebalanceTimeout: 10_000 } };
/** The broker sets the timeouts of such members: librdkafka refuses to have them set. */
const CONSUMER = { settings: { 'group.protocol': 'consumer' } };
const classicWith = (options) => ({ options: { ...CLASSIC.options, ...options } });
const named = (kind, name) => ({ ...kind, settings: { ...kind.settings, 'group.instance.id': name } });

const places = (partitions) => partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort();

/** A running consumer: what it owns, as "topic-partition", what it had to give back, and what it has read. */
class Member {
  static async join(bootstrap, topics, group, { options, settings } = CLASSIC) {
    const [member, revoked] = [new Member(), []];
    const onRebalance = ({ code }, partitions) => {
      if (code === ErrorCodes.ERR__REVOKE_PARTITIONS) revoked.push(places(partitions));
    };
    const consumer = await newConsumer(
      bootstrap,
      group,
      { autoCommit: true, autoCommitInterval: 500, ...options },
      { rebalance_cb: onRebalance, ...settings },
    );
    return Object.assign(member, { consumer, revoked, messages: await started(consumer, topics) });
  }

  get owned() {
    return places(this.consumer.assignment());
  }

  get seen() {
    return values(this.messages);
  }

  leave() {
    return this.consumer.disconnect();
  }
}

/** Produce numbered values over six partitions; wait until the members have read them all between them. */
async function produceAndRead(bootstrap, topic, members, start, count) {
  const messages = numbered(count, start).map(({ value }, number) => ({ value, partition: number % 6 }));
  await send(bootstrap, topic, messages);
  await awaitRead(members, start + count);
}

const groupType = (bootstrap, group) =>
  using(newAdmin(bootstrap), async (admin) => {
    const { groups } = await admin.listGroups();
    return groups.find(({ groupId }) => groupId === group)?.type;
  });

/** Three members share and read everything, then one leaves and another dies; the type of their group. */
async function playOut(bootstrap, kind) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const doomed = new MemberProcess(bootstrap, topic, group, kind);
  const join = () => Member.join(bootstrap, [topic], group, kind);
  const readAll = (members, start) => produceAndRead(bootstrap, topic, members, start, 600);
  const last = await joinLeaveAndDie(doomed, join, readAll);
  const type = await groupType(bootstrap, group);
  await last.leave();
  return type;
}

const groupMembers = async (bootstrap) =>
  expectEqual(await playOut(bootstrap, CLASSIC), ConsumerGroupTypes.CLASSIC, 'type of the group');

const consumerGroupMembers = async (bootstrap) =>
  expectEqual(await playOut(bootstrap, CONSUMER), ConsumerGroupTypes.CONSUMER, 'type of the group');

async function consumeRack(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const members = await Promise.all(
    ['rack-1', 'rack-2'].map((rackId) => Member.join(bootstrap, [topic], group, classicWith({ rackId }))),
  );
  await awaitShared(members, 6);
  await produceAndRead(bootstrap, topic, members, 0, 600);
  for (const member of members) await member.leave();
  await read(bootstrap, topic, 600, { rackId: 'rack-1' });
}

async function groupCommit(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap), fresh('group')];
  await fill(bootstrap, topic, 100);
  const first = (use) =>
    using(newConsumer(bootstrap, group), async (consumer) => {
      const seen = await started(consumer, [topic]);
      await waitUntil(() => seen.length, 'records');
      await use(consumer);
      return values(seen)[0];
    });
  const commit42 = (consumer) => commit(consumer, topic, 42, 'forty-two');
  expectEqual(await first(commit42), 'value-0', 'first record of the first run');
  expectEqual(await committed(bootstrap, group, topic), ['42', 'forty-two'], 'committed');
  expectEqual(await first(() => {}), 'value-42', 'first record of the second run');
}

async function groupRoundRobin(bootstrap) {
  const topics = [await makeTopic(bootstrap, 3), await makeTopic(bootstrap, 3)];
  const [group, kind] = [fresh('group'), classicWith({ partitionAssigners: [PartitionAssigners.roundRobin] })];
  const members = await Promise.all([1, 2].map(() => Member.join(bootstrap, topics, group, kind)));
  await shareEvenly(members);
}

async function groupCooperative(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const kind = classicWith({ partitionAssigners: [PartitionAssigners.cooperativeSticky] });
  const first = await Member.join(bootstrap, [topic], group, kind);
  await awaitShared([first], 6);
  const second = await Member.join(bootstrap, [topic], group, kind);
  await awaitShared([first, second], 6);
  expectEqual(first.revoked, [second.owned], 'given back by the first');
  for (const member of [first, second]) await member.leave();
}

/** A static member that closes its consumer does not leave the group by that. */
async function closeAndComeBack(bootstrap, kind) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const join = (name) => Member.join(bootstrap, [topic], group, named(kind, name));
  const [settled, moving] = [await join('settled'), await join('moving')];
  await awaitShared([settled, moving], 6);
  const [{ owned }, noticed] = [moving, settled.revoked.length];
  await moving.leave();
  const back = await join('moving');
  await awaitShared([settled, back], 6);
  expectEqual(back.owned, owned, 'partitions of the member that came back');
  expectEqual(settled.revoked.length, noticed, 'rebalances of the other');
  for (const member of [settled, back]) await member.leave();
}

const groupStatic = (bootstrap) => closeAndComeBack(bootstrap, CLASSIC);

const consumerGroupStatic = (bootstrap) => closeAndComeBack(bootstrap, CONSUMER);

async function consumerGroupUpgrade(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const join = (kind) => Member.join(bootstrap, [topic], group, kind);
  const expectType = async (type, when) => expectEqual(await groupType(bootstrap, group), type, `type ${when}`);
  const old = [await join(CLASSIC), await join(CLASSIC)];
  await awaitShared(old, 6);
  await expectType(ConsumerGroupTypes.CLASSIC, 'before');
  const upgraded = await join(CONSUMER);
  await awaitShared([...old, upgraded], 6);
  await expectType(ConsumerGroupTypes.CONSUMER, 'with a member of that protocol');
  await old.pop().leave();
  await awaitShared([...old, upgraded], 6);
  await upgraded.leave();
  await awaitShared(old, 6);
  await expectType(ConsumerGroupTypes.CLASSIC, 'after its last member left');
  await old.pop().leave();
}

async function consumerGroupRegex(bootstrap) {
  const [prefix, group] = [fresh('regex'), fresh('group')];
  const [early, later] = [`${prefix}-a`, `${prefix}-b`];
  await makeTopic(bootstrap, 2, {}, early);
  await makeTopic(bootstrap, 2);
  const member = await Member.join(bootstrap, [new RegExp(`^${prefix}-.*`)], group, CONSUMER);
  await awaitShared([member], 2);
  await makeTopic(bootstrap, 4, {}, later);
  await awaitShared([member], 6);
  const topics = new Set(member.consumer.assignment().map(({ topic }) => topic));
  expectEqual(topics, new Set([early, later]), 'topics');
  await member.leave();
}

module.exports = {
  Member,
  member: printAsMember(Member.join),
  produceAndRead,
  scenarios: {
    consumeRack,
    consumerGroupMembers,
    consumerGroupRegex,
    consumerGroupStatic,
    consumerGroupUpgrade,
    groupCommit,
    groupCooperative,
    groupMembers,
    groupRoundRobin,
    groupStatic,
  },
};
