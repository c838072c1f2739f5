// What the Node clients' programs share: how a scenario is found, run and answered. No packages.
'use strict';

const { once } = require('node:events');
const { isDeepStrictEqual, inspect } = require('node:util');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');

/** The client's API can't do what the scenario asks for; the message says what is missing. */
class NotInThisClient extends Error {}

/** Nobody has made the program do the scenario. */
class NotWritten extends Error {}

const OUTCOMES = new Map([
  [NotInThisClient, 'not in this client'],
  [NotWritten, 'not written'],
]);

const shorten = (value) =>
  inspect(value, { depth: 6, breakLength: Infinity, maxArrayLength: 50 }).slice(0, 400);

/** Fail the scenario with a text unless the condition holds. */
function expect(condition, what) {
  if (!condition) throw new Error(what);
}

/** Fail the scenario unless both are equal; the text shows both, cut to a readable length. */
function expectEqual(found, wanted, what = 'value') {
  if (!isDeepStrictEqual(found, wanted)) {
    throw new Error(`${what}: found ${shorten(found)}, wanted ${shorten(wanted)}`);
  }
}

/** Fail the scenario unless the promise is rejected; the error it is rejected with. */
async function expectRejected(promise, what) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`no error: ${what}`);
}

/** Ask again and again until `condition` gives something true; fail the scenario after `seconds`. */
async function waitUntil(condition, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await condition();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

/** What the names of this run's topics and groups begin with, at a broker that is not the suite's own. */
const RUN = process.env.ODRADEK_COMPAT_RUN ?? '';
let numbers = 0;

/** A name that no other cell uses. */
function fresh(kind) {
  return `${RUN}${kind}-${process.pid}-${process.hrtime.bigint() % 1000000000n}-${numbers++}`;
}

/** Keys and values that tell their own place. */
function numbered(count, start = 0) {
  return Array.from({ length: count }, (_, index) => ({
    key: `key-${(start + index) % 97}`,
    value: `value-${start + index}`,
  }));
}

/** Ten values of a name. */
const tenOf = (name) => Array.from({ length: 10 }, (_, number) => `${name}-${number}`);

/** One partition's values must be `value-0` to `value-(count-1)`, in order, each once. */
function checkExactlyOnce(values, count) {
  values.forEach((value, expected) => {
    const number = Number(value.slice(value.lastIndexOf('-') + 1));
    expect(number >= expected, `value ${number} again (or late): next was to be ${expected}`);
    expect(number === expected, `values ${expected} to ${number - 1} were acknowledged and are not there`);
  });
  expectEqual(values.length, count, 'records in all');
}

let answers;

/** Have the broker killed (`kill -9`), stopped (SIGTERM) or started, and wait until that has happened. */
async function askBroker(action) {
  answers ??= readline.createInterface({ input: process.stdin });
  const answered = once(answers, 'line');
  process.stdout.write(`${JSON.stringify({ broker: action })}\n`);
  await answered;
}

/** Have the broker go, killed or in the way that `action` names, and come back. */
async function restart(action = 'kill') {
  await askBroker(action);
  await askBroker('start');
}

/** The functions of the modules by the names that scenarios have: `groupCommit` does `group-commit`. */
function scenariosIn(...modules) {
  const pairs = modules.flatMap((module) => Object.entries(module));
  return Object.fromEntries(
    pairs.map(([name, run]) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), run]),
  );
}

/** Run the scenario that the command line names, and print its result.
 *
 * A text in the place of a scenario says why the client can't do it.
 */
async function main(scenarios) {
  const [name, bootstrap] = process.argv.slice(2);
  const result = { outcome: 'passed', detail: '' };
  try {
    const scenario = scenarios[name];
    if (scenario === undefined) throw new NotWritten('nobody has written it for this client yet');
    if (typeof scenario === 'string') throw new NotInThisClient(scenario);
    await scenario(bootstrap);
  } catch (error) {
    result.outcome = OUTCOMES.get(error?.constructor) ?? 'failed';
    result.detail = result.outcome === 'failed' ? inspect(error, { depth: 3 }).slice(0, 3000) : error.message;
  }
  // What a client leaves running must not keep the cell waiting.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

module.exports = {
  NotInThisClient,
  askBroker,
  checkExactlyOnce,
  expect,
  expectEqual,
  expectRejected,
  fresh,
  main,
  numbered,
  restart,
  scenariosIn,
  sleep,
  tenOf,
  waitUntil,
};
