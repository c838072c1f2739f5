// @platformatic/kafka: consumption. Its consumers always belong to a group; here each has one of its own.
'use strict';

const { ListOffsetTimestamps } = require('@platformatic/kafka');
const { fill, makeTopic, newConsumer, read, send, started, using, values } = require('./common');
const { expect, expectEqual, numbered, sleep, waitUntil } = require('../node_common/harness');

async function consumeBeginning(bootstrap) {
  const topic = await makeTopic(bootstrap, 4);
  const messages = numbered(2000).map(({ value }, number) => ({ topic, value, partition: number % 4 }));
  await send(bootstrap, messages);
  const records = await read(bootstrap, topic, 2000);
  for (const wanted of [0, 1, 2, 3]) {
    const sent = messages.filter(({ partition }) => partition === wanted);
    expectEqual(
      values(records.filter(({ partition }) => partition === wanted)),
      values(sent),
      `partition ${wanted}`,
    );
  }
}

async function consumeTimes(bootstrap) {
  const [topic, base] = [await makeTopic(bootstrap), Date.now() - 100_000];
  const timed = ({ value }, number) => ({
    topic,
    value,
    partition: 0,
    timestamp: BigInt(base + number * 1000),
  });
  await send(bootstrap, numbered(100).map(timed));
  await using(newConsumer(bootstrap), async (consumer) => {
    const offsetAt = async (timestamp) =>
      (await consumer.listOffsets({ topics: [topic], timestamp })).get(topic)[0];
    const offset = await offsetAt(BigInt(base + 41_500));
    expectEqual(offset, 42n, 'offset for a time');
    expectEqual(await offsetAt(BigInt(base + 10 ** 6)), -1n, 'offset after the end');
    const ends = [await offsetAt(ListOffsetTimestamps.EARLIEST), await offsetAt(ListOffsetTimestamps.LATEST)];
    expectEqual(ends, [0n, 100n], 'watermarks');
    const { seen } = await started(consumer, [topic], {
      mode: 'manual',
      offsets: [{ topic, partition: 0, offset }],
    });
    await waitUntil(() => seen.length === 58, 'the records from there');
    expectEqual(
      values(seen),
      numbered(58, 42).map(({ value }) => value),
      'records from there',
    );
  });
}

async function consumeSeek(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await fill(bootstrap, topic, 100);
  await using(newConsumer(bootstrap), async (consumer) => {
    const from = async (options) => (await started(consumer, [topic], options)).seen;
    const at70 = await from({ mode: 'manual', offsets: [{ topic, partition: 0, offset: 70n }] });
    const beginning = await from({ mode: 'earliest' });
    const { stream, seen: end } = await started(consumer, [topic], { mode: 'latest' });
    await waitUntil(() => at70.length === 30 && beginning.length === 100, 'the records behind each place');
    expectEqual(
      values(at70),
      numbered(30, 70).map(({ value }) => value),
      'records from offset 70',
    );
    expectEqual(
      values(beginning),
      numbered(100).map(({ value }) => value),
      'records from the beginning',
    );
    expectEqual(stream.offsetsToFetch.get(`${topic}:0`), 100n, 'position at the end');
    stream.pause();
    await fill(bootstrap, topic, 1, 100);
    await waitUntil(() => at70.length === 31, 'the new record in another stream');
    expectEqual(values(end), [], 'while paused');
    stream.resume();
    await waitUntil(() => end.length, 'the record after resume');
    expectEqual(values(end), ['value-100'], 'after resume');
  });
}

async function consumeLongPoll(bootstrap) {
  const topic = await makeTopic(bootstrap);
  await using(
    newConsumer(bootstrap, undefined, { maxWaitTime: 20_000, timeout: 30_000 }),
    async (consumer) => {
      const { seen } = await started(consumer, [topic]);
      await sleep(1000); // it waits in a fetch now
      await send(bootstrap, [{ topic, value: 'now' }]);
      const begin = Date.now();
      await waitUntil(() => seen.length, 'the record', 16);
      expect(Date.now() - begin < 10_000, 'the fetch waited on though there was a record');
    },
  );
}

async function consumeLarge(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '5000000' });
  const sent = ['small', 'x'.repeat(3_000_000), 'small'];
  for (const value of sent) await send(bootstrap, [{ topic, value }]);
  const found = values(await read(bootstrap, topic, 3, { maxBytesPerPartition: 1000, maxBytes: 1000 }));
  expectEqual(
    found.map((value) => value.length),
    sent.map((value) => value.length),
    'lengths',
  );
  expect(found.join() === sent.join(), 'the records differ');
}

module.exports = { consumeBeginning, consumeLarge, consumeLongPoll, consumeSeek, consumeTimes };
