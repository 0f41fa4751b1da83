// Very many MQTT clients, and bytes at random: one broker serves on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { MqttClient, build, unique } from './lib/mqtt_client.mjs';
import { Seeded, seed } from './lib/random.mjs';
import { until } from './lib/wait.mjs';

const several = async (count, make, together = 100) => {
  const all = [];
  while (all.length < count)
    all.push(
      ...(await Promise.all(Array.from({ length: Math.min(together, count - all.length) }, (_, i) => make(all.length + i)))),
    );
  return all;
};

describe('MQTT: many clients and bad bytes', { timeout: 120_000 }, () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(() => broker.stop());

  it('1,500 clients, a topic of their own each and one for all: each gets what is its, once, in order', async () => {
    const count = 1500;
    const room = unique('crowd/');
    const got = Array.from({ length: count }, () => []);
    const clients = await several(count, async (i) => {
      const c = await MqttClient.connect(broker, {}, { version: i % 2 === 0 ? 4 : 5, autoAck: true });
      c.onPacket = (packet) => packet.type === 'publish' && got[i].push(packet.text);
      await c.subscribe([`${room}/all`, `${room}/${i}/#`], i % 3);
      return c;
    });
    const p = await MqttClient.connect(broker);
    for (let n = 0; n < 4; ++n) await p.publish(`${room}/all`, `all ${n}`, { qos: 1 });
    await Promise.all(
      clients.map((c, i) => c.publish(`${room}/${(i + 1) % count}/x`, `for ${(i + 1) % count}`, { qos: 1 + (i % 2) })),
    );
    await until(() => got.every((list) => list.length >= 5), 'everybody has five', { timeout: 30_000 });
    await Promise.all(clients.map((c) => c.ping()));
    for (const [i, list] of got.entries()) {
      assert.deepEqual(
        list.filter((text) => text.startsWith('all')),
        ['all 0', 'all 1', 'all 2', 'all 3'],
      );
      assert.deepEqual(
        list.filter((text) => text.startsWith('for')),
        [`for ${i}`],
      );
    }
    assert.equal(await broker.metric('parley_mqtt_clients'), count + 1);
    clients.forEach((c) => c.end());
    p.end();
    await until(async () => (await broker.metric('parley_mqtt_clients')) === 0, 'all are gone');
    assert.equal(await broker.metric('parley_mqtt_subscriptions'), 0, 'nothing of them is left');
  });

  it('200 connections that come at once with one client identifier: one of them has it', async () => {
    const clientId = unique('crowded');
    const all = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const c = await MqttClient.open(broker);
        c.send(build.connect(5, { clientId, clean: false, props: { sessionExpiry: 60 } }));
        return c;
      }),
    );
    await until(() => all.filter((c) => !c.isEnded).length === 1, 'one is left', { timeout: 20_000 });
    const [last] = all.filter((c) => !c.isEnded);
    await last.find('connack');
    await last.ping();
    for (const c of all) if (c !== last) assert.ok(['connack', 'disconnect'].includes(c.packets.at(-1)?.type ?? 'connack'));
    last.end();
  });

  it('3,000 connections with packets that chance has changed: no other client notices', async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = new Seeded(seed);
    const [watched, writer] = [await MqttClient.connect(broker, {}, { autoAck: true }), await MqttClient.connect(broker)];
    const room = unique('steady/');
    await watched.subscribe(room, 2);
    const seeds = (version) => {
      const v5 = version === 5;
      const user = { user: [['a', 'b']] };
      return [
        build.publish(version, {
          topic: 'fuzz/a',
          payload: 'x'.repeat(random.between(0, 300)),
          qos: 0,
          props: v5 ? user : undefined,
        }),
        build.publish(version, { topic: 'fuzz/b', payload: '{"text":"x"}', qos: 1, id: 1, retain: true }),
        build.publish(version, { topic: 'fuzz/c', payload: '', qos: 2, id: 2 }),
        build.ack(version, 'pubrel', 2),
        build.ack(version, 'puback', 9),
        build.ack(version, 'pubrec', 9),
        build.subscribe(version, 3, [
          { filter: 'fuzz/#', qos: 2 },
          { filter: `$share/g/fuzz/+`, qos: 1 },
        ]),
        build.unsubscribe(version, 4, ['fuzz/#']),
        build.pingreq(),
        build.disconnect(version),
      ];
    };
    const change = (bytes) => {
      const out = Buffer.from(bytes);
      for (let n = random.between(1, 3); n > 0; --n) out[random.between(0, out.length - 1)] = random.between(0, 255);
      return random.next() < 0.2 ? out.subarray(0, random.between(1, out.length)) : out;
    };
    await several(3000, async () => {
      const version = random.next() < 0.5 ? 4 : 5;
      const c = await MqttClient.open(broker, { version });
      const connect = build.connect(version, {
        clientId: random.next() < 0.3 ? 'fuzz' : unique('fuzz'),
        will: { topic: 'fuzz/w', payload: 'w' },
      });
      const list = seeds(version);
      const packets = Array.from({ length: random.between(1, 8) }, () => random.pick(list));
      const at = random.between(0, packets.length - 1);
      packets[at] = change(packets[at]);
      c.send(random.next() < 0.1 ? change(connect) : connect, ...packets);
      if (random.next() < 0.5) await new Promise((resolve) => setImmediate(resolve));
      c.end();
    });
    for (let i = 0; i < 20; ++i) await writer.publish(room, `${i}`, { qos: 2 });
    assert.deepEqual(
      (await watched.settle()).map((m) => m.text),
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    broker.assertAlive();
    watched.end();
    writer.end();
    await until(async () => (await broker.metric('parley_mqtt_clients')) === 0, 'all are gone');
  });
});
