// MQTT over two replicas with one PostgreSQL and one Redis: sessions move, wills of a dead replica are published.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import mqtt from 'mqtt';
import { Cluster } from './lib/cluster.mjs';
import { MqttClient, build, unique } from './lib/mqtt_client.mjs';
import { until, within } from './lib/wait.mjs';

const lease = 3000;

describe('MQTT over two replicas', { timeout: 240_000, concurrency: false }, () => {
  let cluster;
  const clients = [];
  const connect = async (i, members = {}, options = {}) => {
    const client = await MqttClient.connect(cluster.broker(i), members, options);
    clients.push(client);
    return client;
  };
  const persistent = (i, clientId, options = {}, props = {}) =>
    connect(i, { clientId, clean: false, props: { sessionExpiry: 300, ...props } }, options);
  const redisIs = (state) =>
    until(
      async () => (await cluster.readiness(0)).redis === state && (await cluster.readiness(1)).redis === state,
      `Redis ${state}`,
    );
  const texts = (packets) => packets.map(({ text }) => text);
  const ownerOf = (clientId) => `SELECT owner FROM mqtt_sessions WHERE client_id = '${clientId}'::bytea`;
  const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

  before(async () => {
    cluster = await Cluster.start({ args: ['--mqtt-lease', `${lease}ms`] });
    await redisIs('ok');
  });
  after(async () => {
    for (const client of clients) client.end();
    await cluster?.stop();
  });

  for (const version of [4, 5]) {
    const name = version === 5 ? '5.0' : '3.1.1';

    it(`${name}: a session is taken over by the other replica, and the old connection ends`, async () => {
      const [clientId, topic] = [unique('moved'), unique('moved/')];
      const first = await persistent(0, clientId, { version });
      await first.subscribe(topic, 1);
      const second = await persistent(1, clientId, { version });
      assert.equal(second.connack.present, true);
      await first.closes(0x8e);
      const publisher = await connect(0, {}, { version });
      await publisher.publish(topic, 'after', { qos: 1 });
      assert.deepEqual(texts(await second.publishes(1)), ['after']);
    });

    it(`${name}: a session that is not stored is taken over too`, async () => {
      const clientId = unique('clean');
      const first = await connect(0, { clientId }, { version });
      const second = await connect(1, { clientId }, { version });
      assert.equal(second.connack.present, false);
      await first.closes(0x8e);
      await second.ping();
    });

    it(`${name}: what both replicas published while a client was away is complete, in order, once`, async () => {
      const [clientId, topic] = [unique('away'), unique('away/')];
      const first = await persistent(0, clientId, { version, autoAck: true });
      await first.subscribe(`${topic}/#`, 1);
      const publishers = [await connect(0, {}, { version }), await connect(1, {}, { version })];
      await publishers[0].publish(`${topic}/a`, 'seen', { qos: 1 });
      await first.publishes(1);
      await first.ping();
      await first.disconnect();
      for (let i = 0; i < 100; ++i) {
        await publishers[i % 2].publish(`${topic}/a`, `${i}`, { qos: 1 });
        if (i % 10 === 0) await publishers[(i / 10) % 2].publish(`${topic}/b`, `${i}`, { qos: 2 });
      }
      const back = await persistent(1, clientId, { version, autoAck: true });
      assert.equal(back.connack.present, true);
      const got = await back.publishes(110);
      assert.deepEqual(texts(got.filter((p) => p.topic === `${topic}/a`)), numbers(0, 100));
      assert.deepEqual(
        texts(got.filter((p) => p.topic === `${topic}/b`)),
        numbers(0, 10).map((i) => `${i * 10}`),
      );
      // Live again, from either side, and nothing twice.
      await publishers[0].publish(`${topic}/a`, 'live 0', { qos: 1 });
      await publishers[1].publish(`${topic}/a`, 'live 1', { qos: 1 });
      assert.deepEqual(texts(await back.publishes(2)), ['live 0', 'live 1']);
      await back.ping();
      await back.disconnect();
      // One who is faster than that gets what it has acknowledged last once more.
      await until(async () => (await cluster.postgres.query(ownerOf(clientId)))[0] === '', 'the session is given back');
      const again = await persistent(0, clientId, { version, autoAck: true });
      assert.deepEqual(texts(await again.settle()), []);
      await publishers[1].publish(`${topic}/a`, 'home', { qos: 1 });
      assert.deepEqual(texts(await again.publishes(1)), ['home']);
    });
  }

  it('a client that hops between replicas while others publish loses nothing, and has it in order', async () => {
    const [clientId, topic] = [unique('hop'), unique('hop/')];
    const got = [];
    let client = await persistent(0, clientId, { autoAck: true });
    await client.subscribe(topic, 2);
    let publishing = true;
    const publisher = await connect(0);
    const publish = (async () => {
      for (let i = 0; i < 300; ++i) await publisher.publish(topic, `${i}`, { qos: 2 });
      publishing = false;
    })();
    for (let hop = 1; publishing; ++hop) {
      const next = await persistent(hop % 2, clientId, { autoAck: true });
      await client.ended.promise;
      got.push(...client.packets.filter(({ type }) => type === 'publish'));
      client = next;
      await new Promise((done) => setTimeout(done, 150));
    }
    await publish;
    await until(
      () => client.packets.some(({ text }) => text === '299') || got.some(({ text }) => text === '299'),
      'the last one comes',
    );
    await client.ping();
    got.push(...client.packets.filter(({ type }) => type === 'publish'));
    // QoS 2: what the client had already comes again only with DUP.
    const seen = new Set();
    const fresh = got.filter(({ text, dup }) => !(dup && seen.has(text)) && seen.add(text));
    assert.deepEqual(texts(fresh), numbers(0, 300));
  });

  it('QoS 2 publishes are exactly once when their client finishes at the other replica', async () => {
    const [clientId, topic] = [unique('twice'), unique('twice/')];
    const watcher = await connect(1);
    await watcher.subscribe(topic, 0);
    const first = await persistent(0, clientId);
    first.send(build.publish(5, { topic, payload: 'once', qos: 2, id: 9 }));
    await first.find('pubrec', ({ id }) => id === 9);
    await first.drop();
    const second = await persistent(1, clientId);
    assert.equal(second.connack.present, true);
    second.send(build.publish(5, { topic, payload: 'once', qos: 2, id: 9, dup: true }));
    await second.find('pubrec', ({ id }) => id === 9);
    second.ack('pubrel', 9);
    await second.find('pubcomp', ({ id }) => id === 9);
    await second.publish(topic, 'next', { qos: 1 });
    assert.deepEqual(texts(await watcher.publishes(2)), ['once', 'next']);
  });

  it('retained messages are everywhere', async () => {
    const topic = unique('retained/');
    const publisher = await connect(0);
    await publisher.publish(topic, 'kept', { qos: 1, retain: true });
    const reader = await connect(1);
    await reader.subscribe(topic, 1);
    const [packet] = await reader.publishes(1);
    assert.deepEqual([packet.text, packet.retain], ['kept', true]);
    await publisher.publish(topic, '', { qos: 1, retain: true });
    await reader.publishes(1);
    const late = await connect(1);
    await late.subscribe(topic, 1);
    assert.deepEqual(await late.settle(), []);
  });

  it('fence a replica whose Redis is away', async () => {
    for (const { bus } of cluster.replicas) bus.cut();
    await redisIs('away');
    const [clientId, topic] = [unique('fenced'), unique('fenced/')];
    const first = await persistent(0, clientId);
    await first.subscribe(topic, 1);
    const second = await persistent(1, clientId);
    await first.closes(0x8e, 15_000);
    await second.publish(topic, 'mine', { qos: 1 });
    assert.deepEqual(texts(await second.publishes(1)), ['mine']);
    for (const { bus } of cluster.replicas) bus.heal();
    await redisIs('ok');
  });

  it('mosquitto_sub and mqtt.js keep their sessions when they move', async () => {
    const [clientId, topic] = [unique('mosq'), unique('mosq/')];
    const sub = (i, ...more) =>
      spawn(
        'mosquitto_sub',
        ['-h', '127.0.0.1', '-p', `${cluster.broker(i).mqttPort}`, '-t', topic, '-q', '1', '-c', '-i', clientId, ...more],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
    const ended = (child) => new Promise((done) => child.once('close', done));
    await within(ended(sub(0, '-E')), 'mosquitto_sub subscribes and leaves');
    const publisher = await mqtt.connectAsync(cluster.broker(1).mqttUrl, { protocolVersion: 5 });
    for (let i = 0; i < 20; ++i) await publisher.publishAsync(topic, `${i}`, { qos: 1 });
    let out = '';
    const back = sub(1, '-C', '20');
    back.stdout.on('data', (bytes) => (out += bytes));
    await within(ended(back), () => `20 messages come, not ${out}`);
    assert.deepEqual(out.trim().split('\n'), numbers(0, 20));
    await publisher.endAsync();
  });

  // Members of one group that acknowledge, each on a replica; answers what all of them got.
  it('a dead replica: its wills are published once, its sessions go on', async () => {
    const topic = unique('dead/');
    const watcher = await connect(1, {}, { autoAck: true });
    await watcher.subscribe(`${topic}/#`, 1);
    const [clientId, cleanId, delayedId] = [unique('p'), unique('c'), unique('d')];
    const props = { sessionExpiry: 300 };
    const will = (text, more = {}) => ({ topic: `${topic}/will`, payload: text, qos: 1, ...more });
    const session = await connect(0, { clientId, clean: false, props, will: will('persistent') });
    await session.subscribe(`${topic}/x`, 1);
    await connect(0, { clientId: cleanId, will: will('clean') });
    await connect(0, { clientId: unique('q'), will: will('qos 0', { qos: 0 }) });
    await connect(0, { clientId: delayedId, clean: false, props, will: will('delayed', { props: { willDelay: 2 } }) });
    const died = Date.now();
    await cluster.broker(0).kill();
    const publisher = await connect(1);
    await publisher.publish(`${topic}/x`, 'meanwhile', { qos: 1 });
    const got = (await watcher.publishes(5, 20_000)).map(({ text }) => text);
    assert.ok(Date.now() - died < lease + 2000 + 8000, 'soon after the lease');
    assert.deepEqual(got.sort(), ['clean', 'delayed', 'meanwhile', 'persistent', 'qos 0']);
    const back = await persistent(1, clientId, { autoAck: true });
    assert.equal(back.connack.present, true);
    assert.deepEqual(texts(await back.publishes(1)), ['meanwhile']);
    await cluster.restart(0);
    await redisIs('ok');
    assert.deepEqual(await watcher.settle(), []);
  });

  it('a replica that stood still beyond its lease finds its clients gone', async () => {
    const clientId = unique('still');
    const topic = unique('still/');
    const first = await persistent(0, clientId);
    await first.subscribe(topic, 1);
    cluster.broker(0).signal('SIGSTOP');
    try {
      await until(
        async () => {
          const second = await persistent(1, clientId).catch(() => null);
          return second?.connack.present;
        },
        'the other replica has the session',
        { timeout: 10_000 },
      );
    } finally {
      cluster.broker(0).signal('SIGCONT');
    }
    await first.closes(0x8e, 15_000);
    await redisIs('ok');
  });
});
