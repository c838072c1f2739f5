// kafkajs: consumption. Its consumers always belong to a group; here each has one that nobody else uses.
'use strict';

const { fill, makeTopic, newAdmin, newConsumer, read, send, text, using, values } = require('./common');
const { expect, expectEqual, numbered, sleep, waitUntil } = require('../node_common/harness');

async function consumeBeginning(bootstrap) {
  const topic = await makeTopic(bootstrap, 4);
  const messages = numbered(2000).map(({ value }, number) => ({ value, partition: number % 4 }));
  await send(bootstrap, { topic, messages });
  const records = await read(bootstrap, topic, 2000);
  for (const wanted of [0, 1, 2, 3]) {
    const sent = messages.filter(({ partition }) => partition === wanted).map(({ value }) => value);
    expectEqual(values(records.filter(({ partition }) => partition === wanted)), sent, `partition ${wanted}`);
  }
}

/** A running consumer of a topic, and what it has seen. */
async function started(bootstrap, topic, options = {}) {
  const consumer = await newConsumer(bootstrap, undefined, options);
  const seen = [];
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => seen.push(text(message.value)) });
  return { consumer, seen };
}

async function consumeTimes(bootstrap) {
  const [topic, base] = [await makeTopic(bootstrap), Date.now() - 100_000];
  const timed = ({ value }, number) => ({ value, partition: 0, timestamp: String(base + number * 1000) });
  await send(bootstrap, { topic, messages: numbered(100).map(timed) });
  const offset = await using(newAdmin(bootstrap), async (admin) => {
    const [late] = await admin.fetchTopicOffsetsByTimestamp(topic, base + 10 ** 6);
    expectEqual(late.offset, '100', 'offset after the end');
    const [{ low, high }] = await admin.fetchTopicOffsets(topic);
    expectEqual([low, high], ['0', '100'], 'watermarks');
    return (await admin.fetchTopicOffsetsByTimestamp(topic, base + 41_500))[0].offset;
  });
  expectEqual(offset, '42', 'offset for a time');
  const { consumer, seen } = await started(bootstrap, topic);
  consumer.seek({ topic, partition: 0, offset });
  await waitUntil(() => seen.at(-1) === 'value-99', 'the last record');
  expect(
    seen.join().endsWith(
      numbered(58, 42)
        .map(({ value }) => value)
        .join(),
    ),
    `records from there: ${seen}`,
  );
  await consumer.disconnect();
}

async function consumeSeek(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  const { consumer, seen } = await started(bootstrap, topic);
  await waitUntil(() => seen.length === 100, 'a hundred records');
  consumer.seek({ topic, partition: 0, offset: '70' });
  await waitUntil(() => seen.length === 130, 'thirty records again');
  expectEqual(
    seen.slice(100),
    numbered(30, 70).map(({ value }) => value),
    'records from offset 70',
  );
  consumer.seek({ topic, partition: 0, offset: '-2' }); // the beginning
  await waitUntil(() => seen.length === 230, 'a hundred records again');
  expectEqual(
    seen.slice(130),
    numbered(100).map(({ value }) => value),
    'records from the beginning',
  );
  consumer.pause([{ topic, partitions: [0] }]);
  await sleep(500); // the fetch that was on its way when it paused
  await fill(bootstrap, topic, 1, 100);
  await sleep(500);
  expectEqual(seen.length, 230, 'records while paused');
  consumer.resume([{ topic, partitions: [0] }]);
  await waitUntil(() => seen.length === 231, 'a record after resume');
  expectEqual(seen[230], 'value-100', 'after resume');
  await consumer.disconnect();
}

async function consumeLongPoll(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const { consumer, seen } = await started(bootstrap, topic, { maxWaitTimeInMs: 20_000 });
  await sleep(1500); // it waits in a fetch now
  await send(bootstrap, { topic, messages: [{ value: 'now' }] });
  const begin = Date.now();
  await waitUntil(() => seen.length, 'the record', 16);
  expect(Date.now() - begin < 10_000, 'the fetch waited on though there was a record');
  await using(newAdmin(bootstrap), (admin) => admin.deleteTopics({ topics: [topic] })); // ends the next fetch
}

async function consumeLarge(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '5000000' });
  const sent = ['small', 'x'.repeat(3_000_000), 'small'];
  for (const value of sent) await send(bootstrap, { topic, messages: [{ value }] });
  const found = values(await read(bootstrap, topic, 3, { maxBytesPerPartition: 1000, maxBytes: 1000 }));
  expectEqual(
    found.map((value) => value.length),
    sent.map((value) => value.length),
    'lengths',
  );
  expect(found.join() === sent.join(), 'the records differ');
}

module.exports = { consumeBeginning, consumeLarge, consumeLongPoll, consumeSeek, consumeTimes };
