// $share groups over two replicas with one PostgreSQL and one Redis, and over the embedded store.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Cluster } from './lib/cluster.mjs';
import { MqttClient, unique } from './lib/mqtt_client.mjs';
import { until } from './lib/wait.mjs';

const lease = 3000;

describe('$share groups over two replicas', { timeout: 240_000, concurrency: false }, () => {
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
  const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

  before(async () => {
    cluster = await Cluster.start({ args: ['--mqtt-lease', `${lease}ms`] });
    await redisIs('ok');
  });
  after(async () => {
    for (const client of clients) client.end();
    await cluster?.stop();
  });

  const members = async (filter, replicas, qos = 1) => {
    const all = [];
    for (const i of replicas) {
      const member = await connect(i, {}, { autoAck: true });
      await member.subscribe(filter, qos);
      all.push(member);
    }
    return {
      all,
      got: () => all.flatMap(({ packets }) => packets.filter(({ type }) => type === 'publish').map(({ text }) => text)),
    };
  };
  const sorted = (list) => list.map(Number).sort((a, b) => a - b);

  for (const qos of [0, 1, 2]) {
    it(`$share: a group on both replicas gets each message once, QoS ${qos}`, async () => {
      const topic = unique('shared/');
      const { all, got } = await members(`$share/g/${topic}/+`, [0, 1, 0, 1], qos);
      const publishers = [await connect(0), await connect(1)];
      for (let i = 0; i < 120; ++i) await publishers[i % 2].publish(`${topic}/${i % 3}`, `${i}`, { qos: 1 });
      await until(
        () => got().length >= 120,
        () => `120 messages come, not ${got().length}`,
      );
      for (const member of all) await member.ping();
      assert.deepEqual(sorted(got()), numbers(0, 120).map(Number));
      for (const i of [0, 1]) {
        const side = all
          .filter((_, at) => at % 2 === i)
          .flatMap(({ packets }) => packets.filter(({ type }) => type === 'publish'));
        assert.ok(side.length > 0, `replica ${i} has its part`);
      }
    });
  }

  it('$share: of messages that are not kept a group on both replicas gets each once, in turn', async () => {
    const topic = unique('passing/');
    const { all } = await members(`$share/g/${topic}/+`, [0, 1, 0], 0);
    const everybody = await connect(1, {}, { autoAck: true });
    await everybody.subscribe(`${topic}/#`, 0);
    const lonely = await connect(1);
    await lonely.subscribe(`$share/other/${topic}/#`, 0);
    const publishers = [await connect(0), await connect(1)];
    // What a replica knows of the other's members is a moment old.
    await until(async () => {
      const had = lonely.packets.length;
      publishers.forEach((publisher, replica) => publisher.publish(`${topic}/warm`, `warm ${replica}`, { qos: 0 }));
      for (const one of [...publishers, ...all, everybody, lonely]) await one.ping();
      const thoughtOf = (member, replica) => member.packets.some(({ text }) => text === `warm ${replica}`);
      return all.every((member) => [0, 1].every((replica) => thoughtOf(member, replica))) && lonely.packets.length > had;
    }, 'every member is thought of by both replicas');
    // Such a message may be lost, on a machine that stands still for seconds; none may come twice.
    const textsOf = (client, batch) =>
      client.packets.filter(({ type, text }) => type === 'publish' && text.startsWith(`${batch}.`)).map(({ text }) => text);
    let whole = false;
    for (let batch = 0; batch < 3 && !whole; ++batch) {
      for (let i = 0; i < 120; ++i) publishers[i % 2].publish(`${topic}/${i % 3}`, `${batch}.${i}`, { qos: 0 });
      const came = () => [[everybody], [lonely], all].map((list) => list.flatMap((client) => textsOf(client, batch)));
      whole = await until(() => came().every(({ length }) => length >= 120), 'all 120 are there', { timeout: 3_000 }).then(
        () => true,
        () => false,
      );
      for (const one of [...all, everybody, lonely]) await one.ping();
      for (const list of came()) assert.equal(new Set(list).size, list.length, 'each at most once');
      // Each replica takes turns of its own.
      if (whole) for (const member of all) assert.ok(Math.abs(textsOf(member, batch).length - 40) <= 2);
    }
    assert.ok(whole, 'one of three batches comes whole');
  });

  it('$share: of messages that are not kept nothing goes to a dead replica any more', async () => {
    const topic = unique('survivor/');
    const filter = `$share/g/${topic}`;
    const [gone, here, publisher] = [await connect(0), await connect(1), await connect(1)];
    await gone.subscribe(filter, 0);
    await here.subscribe(filter, 0);
    await cluster.broker(0).kill();
    let sent = 0;
    await until(async () => {
      const had = here.packets.length;
      for (let i = 0; i < 4; ++i) publisher.publish(topic, `${sent++}`, { qos: 0 });
      await publisher.ping();
      await here.ping();
      return here.packets.filter(({ type }) => type === 'publish').length >= 4 && here.packets.length - had >= 4;
    }, 'all of them come to the member that is left');
    await cluster.restart(0);
    await redisIs('ok');
  });

  it('$share: a group whose members are away goes on where it stood, on the other replica', async () => {
    const [one, two, topic] = [unique('one'), unique('two'), unique('away/')];
    const filter = `$share/g/${topic}`;
    const first = await persistent(0, one, { autoAck: true });
    await first.subscribe(filter, 1);
    const second = await persistent(1, two, { autoAck: true });
    await second.subscribe(filter, 1);
    const publisher = await connect(0);
    for (let i = 0; i < 10; ++i) await publisher.publish(topic, `${i}`, { qos: 1 });
    const had = [first, second].map((member) => () => member.packets.filter(({ type }) => type === 'publish'));
    await until(() => had[0]().length + had[1]().length >= 10, 'the first ten come');
    await first.ping();
    await second.ping();
    await first.disconnect();
    await second.disconnect();
    for (let i = 10; i < 40; ++i) await publisher.publish(topic, `${i}`, { qos: 1 });
    const back = await persistent(1, one, { autoAck: true });
    const got = texts(await back.publishes(30));
    assert.deepEqual(got, numbers(10, 40));
    assert.deepEqual(texts(await back.settle()), []);
  });

  it('$share: what the members of a dead replica had not acknowledged goes to another one', async () => {
    const topic = unique('lapse/');
    const filter = `$share/g/${topic}`;
    const silent = await connect(0);
    await silent.subscribe(filter, 1);
    const publisher = await connect(1);
    for (let i = 0; i < 20; ++i) await publisher.publish(topic, `${i}`, { qos: 1 });
    await silent.publishes(20);
    const other = await connect(1, {}, { autoAck: true });
    await other.subscribe(filter, 1);
    await cluster.broker(0).kill();
    const got = texts(await other.publishes(20, 20_000));
    assert.deepEqual(sorted(got), numbers(0, 20).map(Number));
    await cluster.restart(0);
    await redisIs('ok');
    assert.deepEqual(texts(await other.settle()), []);
  });
});

describe('a $share group of the embedded store', { timeout: 60_000 }, () => {
  it('goes on after the broker was killed', async () => {
    let broker = await Broker.start({ args: ['--anonymous'] });
    const [clientId, topic] = [unique('member'), unique('kept/')];
    const members = { clientId, clean: false, props: { sessionExpiry: 300 } };
    const member = await MqttClient.connect(broker, members, { autoAck: true });
    await member.subscribe(`$share/g/${topic}`, 1);
    const publisher = await MqttClient.connect(broker);
    await publisher.publish(topic, 'seen', { qos: 1 });
    await member.publishes(1);
    await member.ping();
    await member.disconnect();
    for (let i = 0; i < 20; ++i) await publisher.publish(topic, `${i}`, { qos: 1 });
    await broker.kill();
    publisher.end();
    broker = await broker.again({ args: ['--anonymous'] });
    const back = await MqttClient.connect(broker, members, { autoAck: true });
    assert.equal(back.connack.present, true);
    const got = (await back.publishes(20)).map(({ text }) => text);
    assert.deepEqual(
      got.filter((text) => text !== 'seen'),
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    back.end();
    await broker.stop();
  });
});
