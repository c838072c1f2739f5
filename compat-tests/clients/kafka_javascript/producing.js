// @confluentinc/kafka-javascript: what a producer sends comes back as it went in.
'use strict';

const { CompressionTypes, ErrorCodes } = require('@confluentinc/kafka-javascript').KafkaJS;
const { makeTopic, read, send, text, values } = require('./common');
const { expect, expectEqual, expectRejected, numbered } = require('../node_common/harness');
const { asBuffers } = require('../node_common/kafkajs_api');

async function produceCodecs(bootstrap) {
  const messages = numbered(500).map(({ key, value }) => ({ key, value: value.repeat(20), partition: 0 }));
  const codecs = Object.values(CompressionTypes);
  expectEqual(codecs.sort(), ['gzip', 'lz4', 'none', 'snappy', 'zstd'], 'codecs');
  for (const compression of codecs) {
    const topic = await makeTopic(bootstrap);
    await send(bootstrap, topic, messages, { compression });
    const found = (await read(bootstrap, topic, 500)).map(({ key, value }) => [text(key), text(value)]);
    expectEqual(
      found,
      messages.map(({ key, value }) => [key, value]),
      `records under ${compression}`,
    );
  }
}

async function produceShapes(bootstrap) {
  const [topic, now] = [await makeTopic(bootstrap), Date.now()];
  const empty = Buffer.from('x').subarray(0, 0); // it takes one that has no memory at all for null
  const shapes = [
    { key: null, value: 'value' },
    { key: 'key', value: null, headers: { a: ['1', ''], '\u00fcmlaut': Buffer.from([0, 255]) } },
    { key: null, value: null },
    { key: '', value: empty, headers: { empty: '' } },
    { key: 'large', value: 'x'.repeat(900_000) },
  ];
  const timestamps = shapes.map((_, number) => String(now + number));
  const messages = shapes.map((shape, number) => ({ ...shape, partition: 0, timestamp: timestamps[number] }));
  await send(bootstrap, topic, messages);
  const found = await read(bootstrap, topic, shapes.length);
  expectEqual(
    found.map(({ key, value, headers }) => [text(key), text(value), headers]),
    shapes.map(({ key, value, headers }) => [key, text(value), headers && asBuffers(headers)]),
    'records',
  );
  expectEqual(
    found.map(({ timestamp }) => timestamp),
    timestamps,
    'timestamps',
  );
}

async function produceAcks(bootstrap) {
  const topic = await makeTopic(bootstrap);
  const messages = Array.from({ length: 10 }, () => ({ value: 'value', partition: 0 }));
  const firstOffset = async (acks) => (await send(bootstrap, topic, messages, { acks }))[0].baseOffset;
  expectEqual(await firstOffset(-1), '0', 'acks=all');
  expectEqual(await firstOffset(1), '10', 'acks=1');
  await firstOffset(0);
  const offsets = (await read(bootstrap, topic, 30)).map(({ offset }) => Number(offset));
  expectEqual(offsets, [...Array(30).keys()], 'offsets');
}

async function produceTooLarge(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'max.message.bytes': '2000' });
  const tooLarge = send(bootstrap, topic, [{ value: 'x'.repeat(5000) }]);
  const { code } = await expectRejected(tooLarge, '5,000 bytes where 2,000 are allowed');
  expectEqual(code, ErrorCodes.ERR_MSG_SIZE_TOO_LARGE, 'error');
  await send(bootstrap, topic, [{ value: 'small' }]);
  expectEqual(values(await read(bootstrap, topic, 1)), ['small'], 'records');
}

async function produceAppendTime(bootstrap) {
  const topic = await makeTopic(bootstrap, 1, { 'message.timestamp.type': 'LogAppendTime' });
  const begin = Date.now();
  await send(bootstrap, topic, [{ value: 'value', timestamp: '1000000' }]);
  const time = Number((await read(bootstrap, topic, 1))[0].timestamp);
  expect(begin - 1000 <= time && time <= Date.now() + 1000, `the record's time: ${time}`);
}

module.exports = { produceAcks, produceAppendTime, produceCodecs, produceShapes, produceTooLarge };
