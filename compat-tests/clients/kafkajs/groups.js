// kafkajs: consumer groups.
'use strict';

const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { fill, makeTopic, newAdmin, newConsumer, read, send, text, using } = require('./common');
const { expectEqual, fresh, numbered, waitUntil } = require('../node_common/harness');

/** A running consumer: what it owns, as "topic-partition", and what it has read. */
class Member {
  constructor(onChange = () => {}) {
    this.owned = [];
    this.seen = [];
    this.onChange = onChange;
  }

  static async join(bootstrap, topics, group, options = {}) {
    const member = new Member();
    await member.start(bootstrap, topics, group, options);
    return member;
  }

  async start(bootstrap, topics, group, options = {}) {
    const timeouts = { sessionTimeout: 6000, heartbeatInterval: 500, rebalanceTimeout: 10_000 };
    this.consumer = await newConsumer(bootstrap, group, { ...timeouts, ...options });
    const { GROUP_JOIN, REBALANCING } = this.consumer.events;
    this.consumer.on(REBALANCING, () => this.own({}));
    this.consumer.on(GROUP_JOIN, ({ payload }) => this.own(payload.memberAssignment));
    await this.consumer.subscribe({ topics, fromBeginning: true });
    await this.consumer.run({
      eachMessage: async ({ message }) => {
        this.seen.push(text(message.value));
        this.onChange();
      },
    });
  }

  own(assignment) {
    this.owned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => `${topic}-${partition}`),
    );
    this.onChange();
  }

  async leave() {
    await this.consumer.disconnect();
    this.owned = [];
  }
}

/** A member in a process of its own, to be killed; it prints what it owns and has read. */
class MemberProcess {
  constructor(bootstrap, topic, group) {
    this.owned = [];
    this.seen = [];
    const command = [process.argv[1], 'member', bootstrap, topic, group];
    this.process = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    readline.createInterface({ input: this.process.stdout }).on('line', (line) => {
      Object.assign(this, JSON.parse(line));
    });
  }

  /** `kill -9`: not a word to the broker. */
  die() {
    this.process.kill('SIGKILL');
    this.owned = [];
  }
}

/** What a MemberProcess runs, until it is killed. */
async function printAsMember(bootstrap) {
  const [topic, group] = process.argv.slice(4);
  const member = new Member(() => {
    process.stdout.write(`${JSON.stringify({ owned: member.owned, seen: member.seen })}\n`);
  });
  await member.start(bootstrap, [topic], group);
  await new Promise(() => {});
}

/** Every member owns something, every partition is owned, and by one member. */
function shared(members, partitions) {
  const owned = members.flatMap((member) => member.owned);
  return (
    members.every((one) => one.owned.length) &&
    owned.length === partitions &&
    new Set(owned).size === partitions
  );
}

const awaitShared = (members, partitions) =>
  waitUntil(() => shared(members, partitions), `${partitions} partitions shared by ${members.length}`, 45);

/** Produce numbered values over six partitions; wait until the members have read them all between them. */
async function produceAndRead(bootstrap, topic, members, start, count) {
  const messages = numbered(count, start).map(({ value }, number) => ({ value, partition: number % 6 }));
  await send(bootstrap, { topic, messages });
  const wanted = start + count;
  const seen = () => new Set(members.flatMap((member) => member.seen)).size;
  await waitUntil(() => seen() === wanted, `every record of ${wanted} is read`, 45);
}

async function groupMembers(bootstrap) {
  const [topic, group] = [await makeTopic(bootstrap, 6), fresh('group')];
  const doomed = new MemberProcess(bootstrap, topic, group);
  await awaitShared([doomed], 6);
  const [second, third] = await Promise.all([1, 2].map(() => Member.join(bootstrap, [topic], group)));
  const everybody = [doomed, second, third];
  await awaitShared(everybody, 6);
  await produceAndRead(bootstrap, topic, everybody, 0, 600);
  await third.leave();
  await awaitShared([doomed, second], 6);
  doomed.die();
  await awaitShared([second], 6);
  await produceAndRead(bootstrap, topic, everybody, 600, 600);
  await second.leave();
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
  await awaitShared(members, 6);
  expectEqual(
    members.map(({ owned }) => owned.length),
    [3, 3],
    'partitions each',
  ); // by range: 4 and 2
  for (const member of members) await member.leave();
}

module.exports = {
  Member,
  awaitShared,
  printAsMember,
  produceAndRead,
  scenarios: { consumeRack, groupCommit, groupMembers, groupRoundRobin },
};
