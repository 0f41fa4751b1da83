// Topic filters across two replicas: who subscribes on one gets rooms that are made and written to on the other, from their first message, in order,
// once; with Redis and without.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import mqtt from 'mqtt';
import { Client } from './lib/client.mjs';
import { Cluster } from './lib/cluster.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep, until } from './lib/wait.mjs';

describe('filters across replicas', { timeout: 120_000 }, () => {
  let cluster;
  const ends = [];
  const connect = async (i, protocolVersion = 5) => {
    const client = await mqtt.connectAsync(cluster.broker(i).mqttUrl, { protocolVersion, clean: true, reconnectPeriod: 0 });
    ends.push(() => client.endAsync(true));
    client.heard = new Map(); // topic → texts
    client.on('message', (topic, payload) => {
      if (!client.heard.has(topic)) client.heard.set(topic, []);
      client.heard.get(topic).push(payload.toString());
    });
    return client;
  };
  const native = async (i) => {
    const client = await Client.connect(cluster.broker(i).wsUrl);
    ends.push(() => client.terminate());
    return client;
  };
  const redisIs = (state) =>
    until(
      async () => (await cluster.readiness(0)).redis === state && (await cluster.readiness(1)).redis === state,
      `Redis ${state}`,
    );
  const count = (client) => [...client.heard.values()].reduce((sum, texts) => sum + texts.length, 0);

  before(async () => {
    cluster = await Cluster.start();
    await redisIs('ok');
  });
  after(async () => {
    for (const end of ends) await end();
    await cluster?.stop();
  });

  // `each` messages in every one of many rooms, by publishers on both replicas at once; every room is new.
  async function storm(root, rooms, each) {
    const publishers = [await native(0), await native(1), await connect(0), await connect(1, 4)];
    const expected = new Map();
    const publish = (i, room, text) => {
      const one = publishers[i % publishers.length];
      return i % publishers.length < 2 ? one.publish(room, { text }) : one.publishAsync(room, text, { qos: 1 });
    };
    const tasks = Array.from({ length: rooms }, async (_, i) => {
      const room = `${root}/${i}`;
      expected.set(room, []);
      for (let n = 0; n < each; ++n) {
        expected.get(room).push(`${n}`);
        await publish(i + n, room, `${n}`);
      }
    });
    await Promise.all(tasks);
    return expected;
  }

  for (const redis of [true, false]) {
    it(`bring every room from its first message ${redis ? 'with' : 'without'} Redis`, async () => {
      const root = unique('storm');
      const listeners = [await connect(0), await connect(1), await connect(1, 4)];
      await listeners[0].subscribeAsync(`${root}/#`, { qos: 1 });
      await listeners[1].subscribeAsync('#', { qos: 1 }); // QoS 2 has an order of its own
      await listeners[2].subscribeAsync(`${root}/+`, { qos: 1 });
      if (!redis) {
        await cluster.redis.kill();
        await redisIs('away');
      }
      const expected = await storm(root, 40, 6);
      for (const [i, listener] of listeners.entries()) {
        await until(
          () => count(listener) >= 240,
          () => `listener ${i} has ${count(listener)} of 240`,
          { timeout: 20_000 },
        );
        await sleep(50);
        for (const [room, texts] of expected) assert.deepEqual(listener.heard.get(room), texts, `listener ${i}, ${room}`);
        assert.equal(listener.heard.size, expected.size);
      }
      if (!redis) {
        await cluster.redis.again();
        await redisIs('ok');
      }
      for (const listener of listeners) await listener.endAsync();
    });
  }

  it('bring nothing that was published on the other replica before them', async () => {
    const root = unique('older');
    const publisher = await connect(0);
    for (let round = 0; round < 10; ++round) {
      const room = `${root}/${round}`;
      const listener = await connect(1);
      await publisher.publishAsync(room, 'before', { qos: 1 });
      await listener.subscribeAsync(`${root}/#`, { qos: 1 });
      await publisher.publishAsync(room, 'after', { qos: 1 });
      await until(() => count(listener) > 0, 'it arrives');
      await sleep(30);
      assert.deepEqual(Object.fromEntries(listener.heard), { [room]: ['after'] });
      await listener.endAsync();
    }
  });

  it('bring messages that are not kept, in order', async () => {
    const room = `${unique('qos0')}/sensor`;
    const [publisher, listener] = [await connect(0), await connect(1)];
    await listener.subscribeAsync('+/sensor', { qos: 0 });
    await sleep(50); // Redis confirms the subscription of its channels
    for (let i = 0; i < 20; ++i) publisher.publish(room, `${i}`, { qos: 0 });
    await until(
      () => count(listener) === 20,
      () => `it has ${count(listener)}`,
    );
    assert.deepEqual(
      listener.heard.get(room),
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
  });
});
