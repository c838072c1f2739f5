// Members of groups: what the Node clients' programs share of them.
//
// A member tells what it owns, as "topic-partition", in `owned`, and the values that it has read in `seen`.
'use strict';

const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { expectEqual, restart, waitUntil } = require('./harness');

/** A member in a process of its own, to be killed; it prints what it owns and has read. */
class MemberProcess {
  constructor(bootstrap, topic, group, options) {
    this.owned = [];
    this.seen = [];
    const command = [process.argv[1], 'member', bootstrap, topic, group, JSON.stringify(options)];
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

/** What a MemberProcess runs, until it is killed: `join(bootstrap, topics, group, options)` makes the member. */
const printAsMember = (join) => async (bootstrap) => {
  const [topic, group, options] = process.argv.slice(4);
  const member = await join(bootstrap, [topic], group, JSON.parse(options));
  setInterval(() => console.log(JSON.stringify({ owned: member.owned, seen: member.seen })), 100);
  await new Promise(() => {});
};

/** Join while the broker is restarted: who was kept from connecting by that joins once more. */
async function joinOver(join) {
  const joining = join().catch(() => null);
  await restart();
  return (await joining) ?? join();
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
  waitUntil(() => shared(members, partitions), `${partitions} partitions shared by ${members.length}`, 60);

/** Wait until the members have read `count` different values between them. */
async function awaitRead(members, count) {
  const seen = () => new Set(members.flatMap((member) => member.seen)).size;
  await waitUntil(() => seen() === count, `every record of ${count} is read`, 45);
}

/** Two more join a member that is to die; all is read, one leaves, one dies, all is read by the last, who is
 * returned. `readAll(members, start)` has 600 records read between them.
 */
async function joinLeaveAndDie(doomed, join, readAll) {
  await awaitShared([doomed], 6);
  const [second, third] = await Promise.all([join(), join()]);
  const everybody = [doomed, second, third];
  await awaitShared(everybody, 6);
  await readAll(everybody, 0);
  await third.leave();
  await awaitShared([doomed, second], 6);
  doomed.die();
  await awaitShared([second], 6);
  await readAll(everybody, 600);
  return second;
}

/** Two members have three partitions each of two topics, where by range they have 4 and 2; they leave. */
async function shareEvenly(members) {
  await awaitShared(members, 6);
  expectEqual(
    members.map(({ owned }) => owned.length),
    [3, 3],
    'partitions each',
  );
  for (const member of members) await member.leave();
}

module.exports = {
  MemberProcess,
  awaitRead,
  awaitShared,
  joinLeaveAndDie,
  joinOver,
  printAsMember,
  shareEvenly,
};
