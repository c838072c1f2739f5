// @platformatic/kafka: what a producer sends comes back as it went in.
'use strict';

const { allowedCompressionsAlgorithms, compressionsAlgorithms, ProduceAcks } = require('@platformatic/kafka');
const { expectError } = require('./admin');
const { makeTopic, read, send, values } = require('./common');
const { expect, expectEqual, numbered } = require('../node_common/harness');

async function produceCodecs(bootstrap) {
  const available = allowedCompressionsAlgorithms.filter((name) => compressionsAlgorithms[name].available);
  expect(available.length >= 4, `too few codecs: ${available}`); // zstd comes with newer versions of Node
  for (const compression of available) {
    const topic = await makeTopic(bootstrap);
    const messages = numbered(500).map(({ key, value }) => ({
      topic,
      key,
      value: value.repeat(20),
      partition: 0,
    }));
    await send(bootstrap, messages, { compression });
    const found = (await read(bootstrap, topic, 500)).map(({ key, value }) => [key, value]);
    expectEqual(
      found,
      messages.map(({ key, value }) => [key, value]),
      `records under ${compression}`,
    );
  }
}

async function produceShapes(bootstrap) {
  const [topic, now] = [await makeTopic(bootstrap), BigInt(Date.now())];
  // It has one word, undefined, for a key or value that is null.
  const shapes = [
    { key: undefined, value: 'value', headers: {} },
    { key: 'key', value: undefined, headers: { a: '1', '\u00fcmlaut': '\u0000\u00ff' } },
    { key: undefined, value: undefined, headers: {} },
    { key: '', value: '', headers: { empty: '' } },
    { key: 'large', value: 'x'.repeat(900_000), headers: {} },
  ];
  const timestamps = shapes.map((_, number) => now + BigInt(number));
  const messages = shapes.map((shape, number) => ({
    ...shape,
    topic,
    partition: 0,
    timestamp: timestamps[number],
  }));
  await send(bootstrap, messages);
  const found = await read(bootstrap, topic, shapes.length);
  const seen = found.map(({ key, value, headers }) => ({ key, value, headers: Object.fromEntries(headers) }));
  expectEqual(seen, shapes, 'records');
  expectEqual(
    found.map(({ timestamp }) => timestamp),
    timestamps,
    'timestamps',
  );
}

async function produceAcks(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const messages = Array.from({ length: 10 }, () => ({ topic, value: 'value', partition: 0 }));
  expectEqual(await send(bootstrap, messages, { acks: ProduceAcks.ALL }), [0], 'acks=all');
  expectEqual(await send(bootstrap, messages, { acks: ProduceAcks.LEADER }), [10], 'acks=1');
  await send(bootstrap, messages, { acks: ProduceAcks.NO_RESPONSE });
  const offsets = (await read(bootstrap, topic, 30)).map(({ offset }) => Number(offset));
  expectEqual(offsets, [...Array(30).keys()], 'offsets');
}

async function produceTooLarge(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '2000' });
  const tooLarge = send(bootstrap, [{ topic, value: 'x'.repeat(5000) }], { retries: 0 });
  await expectError(tooLarge, 'MESSAGE_TOO_LARGE', '5,000 bytes where 2,000 are allowed');
  await send(bootstrap, [{ topic, value: 'small' }]);
  expectEqual(values(await read(bootstrap, topic, 1)), ['small'], 'records');
}

module.exports = { produceAcks, produceCodecs, produceShapes, produceTooLarge };
