// @confluentinc/kafka-javascript: consumption. Its consumers always belong to a group; here each has one of its own.
'use strict';

const { fill, makeTopic, newAdmin, newConsumer, read, send, started, using, values } = require('./common');
const { expect, expectEqual, fresh, numbered, sleep, waitUntil } = require('../node_common/harness');

const valuesFrom = (start, count) => values(numbered(count, start));

async function consumeBeginning(bootstrap) {
  const topic = await makeTopic(bootstrap, 4);
  const messages = numbered(2000).map(({ value }, number) => ({ value, partition: number % 4 }));
  await send(bootstrap, topic, messages);
  const records = await read(bootstrap, topic, 2000);
  for (const wanted of [0, 1, 2, 3]) {
    const inPartition = (all) => values(all.filter(({ partition }) => partition === wanted));
    expectEqual(inPartition(records), inPartition(messages), `partition ${wanted}`);
  }
}

async function consumeTimes(bootstrap) {
  const [topic, base] = [await makeTopic(bootstrap), Date.now() - 100_000];
  const timed = ({ value }, number) => ({ value, partition: 0, timestamp: String(base + number * 1000) });
  await send(bootstrap, topic, numbered(100).map(timed));
  const offset = await using(newAdmin(bootstrap), async (admin) => {
    const [late] = await admin.fetchTopicOffsetsByTimestamp(topic, base + 10 ** 6);
    expectEqual(late.offset, '100', 'offset after the end');
    const [{ low, high }] = await admin.fetchTopicOffsets(topic);
    expectEqual([low, high], ['0', '100'], 'watermarks');
    return (await admin.fetchTopicOffsetsByTimestamp(topic, base + 41_500))[0].offset;
  });
  expectEqual(offset, '42', 'offset for a time');
  await using(newConsumer(bootstrap), async (consumer) => {
    consumer.seek({ topic, partition: 0, offset }); // it will begin there
    const seen = await started(consumer, [topic]);
    await waitUntil(() => seen.length >= 58, 'the records from there');
    expectEqual(values(seen), valuesFrom(42, 58), 'records from there');
  });
}

/** Its seek has no name for the end (-1), only for the beginning. */
async function consumeSeek(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  await using(newConsumer(bootstrap), async (consumer) => {
    const seen = await started(consumer, [topic]);
    const next = async (wanted, what) => {
      await waitUntil(() => seen.length >= wanted.length, what);
      expectEqual(values(seen.splice(0)), wanted, what);
    };
    await next(valuesFrom(0, 100), 'a hundred records');
    consumer.seek({ topic, partition: 0, offset: '70' });
    await next(valuesFrom(70, 30), 'records from offset 70');
    consumer.seek({ topic, partition: 0, offset: '-2' }); // the beginning
    await next(valuesFrom(0, 100), 'records from the beginning');
    consumer.pause([{ topic, partitions: [0] }]);
    expectEqual(consumer.paused(), [{ topic, partitions: [0] }], 'paused partitions');
    await sleep(500); // the fetch that was on its way when it paused
    await fill(bootstrap, topic, 1, 100);
    await sleep(500);
    expectEqual(values(seen), [], 'records while paused');
    consumer.resume([{ topic, partitions: [0] }]);
    await next(['value-100'], 'the record after resume');
  });
}

async function consumeLongPoll(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await using(newConsumer(bootstrap, undefined, { maxWaitTimeInMs: 20_000 }), async (consumer) => {
    const seen = await started(consumer, [topic]);
    await waitUntil(() => consumer.assignment().length, 'a partition to read');
    await sleep(1000); // it waits in a fetch now
    await send(bootstrap, topic, [{ value: 'now' }]);
    const begin = Date.now();
    await waitUntil(() => seen.length, 'the record', 16);
    expect(Date.now() - begin < 10_000, 'the fetch waited on though there was a record');
  });
}

async function consumePattern(bootstrap) {
  const prefix = fresh('pattern');
  const [first, other, later] = [`${prefix}-first`, fresh('other'), `${prefix}-later`];
  for (const topic of [first, other]) {
    await makeTopic(bootstrap, 1, {}, topic);
    await fill(bootstrap, topic, 10);
  }
  await using(newConsumer(bootstrap, undefined, { metadataMaxAge: 500 }), async (consumer) => {
    const seen = await started(consumer, [new RegExp(`^${prefix}-.*`)]);
    const from = (wanted) => seen.filter(({ topic }) => topic === wanted);
    await waitUntil(() => from(first).length === 10, "the first topic's records");
    await makeTopic(bootstrap, 1, {}, later);
    await fill(bootstrap, later, 10);
    await waitUntil(() => from(later).length === 10, "the later topic's records");
    expectEqual([...new Set(seen.map(({ topic }) => topic))].sort(), [first, later], 'topics');
  });
}

async function consumeLarge(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '5000000' });
  const sent = ['small', 'x'.repeat(3_000_000), 'small'];
  for (const value of sent) await send(bootstrap, topic, [{ value }], {}, { 'message.max.bytes': 5_000_000 });
  const limits = { 'fetch.max.bytes': 1000, 'message.max.bytes': 1000 };
  const found = values(
    await read(bootstrap, topic, 3, { maxBytesPerPartition: 1000, maxBytes: 1000 }, limits),
  );
  expectEqual(
    found.map((value) => value.length),
    sent.map((value) => value.length),
    'lengths',
  );
  expect(found.join() === sent.join(), 'the records differ');
}

module.exports = {
  consumeBeginning,
  consumeLarge,
  consumeLongPoll,
  consumePattern,
  consumeSeek,
  consumeTimes,
};
