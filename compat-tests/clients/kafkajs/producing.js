// kafkajs: what a producer sends comes back as it went in.
'use strict';

const { CompressionCodecs, CompressionTypes } = require('kafkajs');
const lz4 = require('lz4-napi');
const { ZstdCodec } = require('zstd-codec');
const { makeTopic, read, send, text, values } = require('./common');
const { expect, expectEqual, expectRejected, numbered } = require('../node_common/harness');
const { asBuffers } = require('../node_common/kafkajs_api');

// kafkajs brings gzip; the others are registered as its documentation shows.
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy');
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async ({ buffer }) => lz4.compressFrame(buffer),
  decompress: async (buffer) => lz4.decompressFrame(buffer),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }) => Buffer.from((await zstd).compress(buffer)),
  decompress: async (buffer) => Buffer.from((await zstd).decompress(buffer)),
});
const zstd = new Promise((resolve) => ZstdCodec.run(({ Simple }) => resolve(new Simple())));

async function produceCodecs(bootstrap) {
  const messages = numbered(500).map(({ key, value }) => ({ key, value: value.repeat(20), partition: 0 }));
  for (const [name, compression] of Object.entries(CompressionTypes)) {
    const topic = await makeTopic(bootstrap);
    await send(bootstrap, { topic, messages, compression });
    const found = (await read(bootstrap, topic, 500)).map(({ key, value }) => [text(key), text(value)]);
    expectEqual(
      found,
      messages.map(({ key, value }) => [key, value]),
      `records under ${name}`,
    );
  }
}

async function produceShapes(bootstrap) {
  const [topic, now] = [await makeTopic(bootstrap), Date.now()];
  const bytes = Buffer.from([0, 255]);
  const shapes = [
    { key: null, value: 'value', headers: {} },
    { key: 'key', value: null, headers: { a: ['1', ''], '\u00fcmlaut': bytes } },
    { key: null, value: null, headers: {} },
    { key: '', value: '', headers: { empty: '' } },
    { key: 'large', value: 'x'.repeat(900_000), headers: {} },
  ];
  const messages = shapes.map((shape, number) => ({
    ...shape,
    partition: 0,
    timestamp: String(now + number),
  }));
  await send(bootstrap, { topic, messages });
  const found = await read(bootstrap, topic, shapes.length);
  const wanted = shapes.map(({ key, value, headers }) => [key, value, asBuffers(headers)]);
  expectEqual(
    found.map(({ key, value, headers }) => [text(key), text(value), headers]),
    wanted,
    'records',
  );
  expectEqual(
    found.map(({ timestamp }) => timestamp),
    messages.map(({ timestamp }) => timestamp),
    'timestamps',
  );
}

async function produceAcks(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const messages = Array.from({ length: 10 }, () => ({ value: 'value', partition: 0 }));
  expectEqual((await send(bootstrap, { topic, messages, acks: -1 }))[0].baseOffset, '0', 'acks=all');
  expectEqual((await send(bootstrap, { topic, messages, acks: 1 }))[0].baseOffset, '10', 'acks=1');
  await send(bootstrap, { topic, messages, acks: 0 });
  const offsets = (await read(bootstrap, topic, 30)).map(({ offset }) => Number(offset));
  expectEqual(offsets, [...Array(30).keys()], 'offsets');
}

async function produceTooLarge(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '2000' });
  const tooLarge = { topic, messages: [{ value: 'x'.repeat(5000) }] };
  const error = await expectRejected(send(bootstrap, tooLarge), '5,000 bytes where 2,000 are allowed');
  expectEqual(error.type, 'MESSAGE_TOO_LARGE', 'error');
  await send(bootstrap, { topic, messages: [{ value: 'small' }] });
  expectEqual(values(await read(bootstrap, topic, 1)), ['small'], 'records');
}

async function produceAppendTime(bootstrap) {
  const [topic, begin] = [
    await makeTopic(bootstrap, 1, { 'message.timestamp.type': 'LogAppendTime' }),
    Date.now(),
  ];
  const [{ logAppendTime }] = await send(bootstrap, {
    topic,
    messages: [{ value: 'value', timestamp: '1000000' }],
  });
  expect(begin - 1000 <= logAppendTime && logAppendTime <= Date.now() + 1000, `time told: ${logAppendTime}`);
  const [{ timestamp }] = await read(bootstrap, topic, 1);
  expectEqual(timestamp, logAppendTime, "the record's time");
}

module.exports = { produceAcks, produceAppendTime, produceCodecs, produceShapes, produceTooLarge };
