// What the programs share whose clients have the API of kafkajs.
'use strict';

/** The client, connected. */
async function connected(client) {
  await client.connect();
  return client;
}

/** Run `use` with a client, and disconnect it. */
async function using(client, use) {
  const open = await client;
  try {
    return await use(open);
  } finally {
    await open.disconnect();
  }
}

const asBuffer = (value) => Buffer.from(value);

/** Headers as they come back: a name's values as bytes. */
const asBuffers = (headers) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(asBuffer) : asBuffer(value),
    ]),
  );

module.exports = { asBuffers, connected, using };
