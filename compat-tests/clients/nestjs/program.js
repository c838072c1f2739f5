// NestJS microservices, on kafkajs: requests with replies, and events.
'use strict';

const { Kafka } = require('kafkajs');
const { expectEqual, fresh, main, waitUntil } = require('../node_common/harness');

process.env.QUESTIONS = fresh('hero.kill.dragon');
process.env.EVENTS = fresh('hero.killed.dragon');
require('ts-node').register({
  transpileOnly: true,
  skipProject: true,
  compilerOptions: {
    module: 'commonjs',
    target: 'es2022',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  },
});

const options = (bootstrap, groupId) => ({
  client: { clientId: 'hero', brokers: [bootstrap] },
  consumer: { groupId, maxWaitTimeInMs: 250 },
  subscribe: { fromBeginning: true },
});

/** Nest subscribes to topics and does not make them. */
async function makeTopics(bootstrap) {
  const admin = new Kafka({ brokers: [bootstrap] }).admin();
  await admin.connect();
  const names = [process.env.QUESTIONS, `${process.env.QUESTIONS}.reply`, process.env.EVENTS];
  await admin.createTopics({
    topics: names.map((topic) => ({ topic, numPartitions: 1 })),
    waitForLeaders: true,
  });
  await admin.disconnect();
}

async function quickstart(bootstrap) {
  const { NestFactory } = require('@nestjs/core');
  const { ClientKafka, Transport } = require('@nestjs/microservices');
  const { firstValueFrom } = require('rxjs');
  const { AppModule, heard } = require('./application.ts');
  await makeTopics(bootstrap);
  const group = fresh('hero-consumer');
  const microservice = { transport: Transport.KAFKA, options: options(bootstrap, group) };
  const app = await NestFactory.createMicroservice(AppModule, { ...microservice, logger: ['error'] });
  await app.listen();
  const client = new ClientKafka(options(bootstrap, fresh('hero-gateway')));
  client.subscribeToResponseOf(process.env.QUESTIONS);
  await client.connect();
  for (let dragonId = 0; dragonId < 10; dragonId++) {
    const answer = await firstValueFrom(client.send(process.env.QUESTIONS, { dragonId }));
    expectEqual(answer, { slain: dragonId }, 'answer');
  }
  const names = ['Smaug', 'Fafnir', 'Errol'];
  for (const name of names) await firstValueFrom(client.emit(process.env.EVENTS, { name }));
  await waitUntil(() => heard.length === names.length, 'three events');
  expectEqual(heard, names, 'events heard');
  await client.close();
  await app.close();
}

main({ quickstart });
