// Two replicas over one PostgreSQL and one Redis are one broker.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { binary } from './lib/broker.mjs';
import { Client, refused } from './lib/client.mjs';
import { Cluster } from './lib/cluster.mjs';
import { Device, segment } from './lib/rest.mjs';
import { until } from './lib/wait.mjs';

describe('two replicas', () => {
  let cluster;
  const clients = [];
  const connect = async (i, members = {}) => {
    const client = await Client.connect(cluster.broker(i).wsUrl, members);
    clients.push(client);
    return client;
  };
  const redisIs = (state) =>
    until(
      async () => (await cluster.readiness(0)).redis === state && (await cluster.readiness(1)).redis === state,
      `Redis ${state}`,
    );

  before(async () => {
    cluster = await Cluster.start({ args: ['--database-readers', '1'] }); // so that a late one shows
    await redisIs('ok');
  });
  after(async () => {
    for (const client of clients) client.terminate();
    await cluster?.stop();
  });

  it('give every subscriber the same order, whoever publishes where', async () => {
    const [a, b] = [await connect(0), await connect(1)];
    await a.subscribe('order', { since: 0 });
    await b.subscribe('order', { since: 0 });
    const many = Array.from({ length: 200 }, (_, i) => (i % 2 ? a : b).publish('order', { text: `${i}` }, { cid: `order-${i}` }));
    await Promise.all(many);
    const [left, right] = [await a.upTo('order', 200), await b.upTo('order', 200)];
    assert.deepEqual(
      left.map(({ seq, cid }) => [seq, cid]),
      right.map(({ seq, cid }) => [seq, cid]),
    );
    a.assertSound();
    b.assertSound();
  });

  it('answer a repeat on the other replica with the first number', async () => {
    const a = await connect(0);
    const first = await a.publish('repeat', { text: 'x' }, { cid: 'once' });
    const b = await connect(1, { token: a.welcome.token });
    const again = await b.publish('repeat', { text: 'x' }, { cid: 'once' });
    assert.deepEqual([again.seq, again.duplicate], [first.seq, true]);
    await refused('conflict', b.publish('repeat', { text: 'y' }, { cid: 'once' }));
  });

  it('resume each other’s clients', async () => {
    const a = await connect(0);
    const { epoch } = await a.subscribe('resume');
    for (let i = 0; i < 5; ++i) await a.publish('resume', { text: `${i}` });
    const b = await connect(1);
    const reply = await b.subscribe('resume', { since: 3, epoch });
    assert.equal(reply.recovered, true);
    assert.equal(reply.head, 5);
    await b.upTo('resume', 5);
    b.assertSound();
  });

  it('carry signals, and name who is where', async () => {
    const [a, b] = [await connect(0, { name: 'ann' }), await connect(1, { name: 'ben' })];
    await a.subscribe('signals');
    await b.subscribe('signals');
    a.send({ op: 'signal', room: 'signals', type: 'typing', body: {} });
    assert.equal((await b.signalOf('typing')).from, a.user.name);
    const reply = await until(async () => {
      const here = await a.command('presence', { room: 'signals' });
      return here.count === 2 && here;
    }, 'both are seen');
    assert.equal(reply.partial, undefined);
    assert.deepEqual(reply.users.map(({ id }) => id).sort(), [a.user.id, b.user.id].sort());
    const device = await new Device(cluster.broker(1).url).guest();
    const rest = () => device.must(200, 'GET', '/rooms/signals/presence');
    await until(async () => (await rest()).count === 2, 'REST of the other replica says so too');
  });

  it('end what a ban and a logout end, on the other replica too', async () => {
    const owner = await new Device(cluster.broker(0).url).register('olga');
    const guest = await new Device(cluster.broker(1).url).register('tom');
    await owner.must(201, 'POST', '/rooms', { name: 'calm' });
    const b = await connect(1, { token: guest.token });
    await b.subscribe('calm');
    await b.publish('calm', { text: 'hi' });
    await owner.must(200, 'PUT', `/rooms/calm/members/${segment('@tom')}`, { role: 'banned' });
    await until(() => b.in('calm').detached, 'the banned one is detached');
    await refused('forbidden', b.publish('calm', { text: 'again' }));

    const c = await connect(1, { token: owner.token });
    await owner.must(204, 'POST', '/logout');
    assert.equal(await c.closed.promise, 1008);
  });

  it('go on without Redis, and say so', async () => {
    const [a, b] = [await connect(0), await connect(1)];
    await a.subscribe('without', { since: 0 });
    await b.subscribe('without', { since: 0 });
    await cluster.redis.kill();
    await redisIs('away');
    assert.equal((await cluster.readiness(0)).degraded, true);
    assert.equal((await cluster.readiness(0)).ready, true);
    await a.publish('without', { text: 'one' });
    await b.upTo('without', 1);
    assert.equal((await a.command('presence', { room: 'without' })).partial, true);
    await cluster.redis.again();
    await redisIs('ok');
    await b.publish('without', { text: 'two' });
    await a.upTo('without', 2);
  });

  it('refuse publishes while the database is away, and keep their connections', async () => {
    const a = await connect(0);
    await a.subscribe('away', { since: 0 });
    await a.publish('away', { text: 'before' });
    cluster.postgres.kill();
    // The one that is under way waits until its outcome is known; later ones are refused.
    const first = a.publish('away', { text: 'lost?' }, { cid: 'away' }).catch((error) => error);
    const late = await connect(0);
    await until(async () => {
      const refusal = late.publish('away', { text: 'late' }).catch((error) => error.code === 'unavailable');
      return Promise.race([refusal, new Promise((done) => setTimeout(done, 300, false))]);
    }, 'a publish is refused');
    await until(async () => (await cluster.readiness(0)).storage === 'unavailable', 'readiness says so');
    assert.equal(a.socket.readyState, 1);
    await new Promise((done) => setTimeout(done, 1500)); // the pauses between attempts grow
    await cluster.postgres.again();
    await until(async () => (await cluster.readiness(0)).storage === 'ok', 'readiness says so', { every: 5, timeout: 20_000 });
    const reader = await new Device(cluster.broker(0).url).guest();
    for (let i = 0; i < 20; ++i) await reader.history('away'); // once it is ready, every read is answered
    await first;
    const again = () => a.publish('away', { text: 'lost?' }, { cid: 'away' }).catch(() => null);
    const reply = await until(again, 'it goes on', { timeout: 20_000 });
    await a.upTo('away', reply.seq);
    a.assertSound();
  });

  it('say whether what is acknowledged is on standbys too', async () => {
    const sql = (text) => promisify(execFile)('psql', ['-q', cluster.postgres.url.toString(), '-c', text]);
    const durability = (word) =>
      until(async () => (await cluster.readiness(0)).durability === word, `it is ${word}`, { timeout: 15_000 });
    await durability('local');
    const a = await connect(0);
    await until(() => a.publish('standby', { text: 'before' }).catch(() => null), 'the replica is on its feet again');
    await sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await sql('SELECT pg_reload_conf()');
    await durability('replicated');
    assert.equal(await cluster.broker(0).metric('parley_durability_replicated'), 1);
    let acked = false;
    const waiting = a.publish('standby', { text: 'x' }).then(() => (acked = true));
    await new Promise((done) => setTimeout(done, 300));
    assert.equal(acked, false, 'no standby has it');
    await sql('ALTER SYSTEM RESET synchronous_standby_names');
    await sql('SELECT pg_reload_conf()');
    await waiting;
    await durability('local');
  });

  it('tell clients of another epoch', async () => {
    const b = await connect(1);
    // The replica may still be on its way back to the database.
    const { epoch } = await until(() => b.subscribe('epochs').catch(() => null), 'the other replica is back too', {
      timeout: 20_000,
    });
    await until(() => b.publish('epochs', { text: 'old' }).catch(() => null), 'it takes a message');
    await promisify(execFile)(binary, ['epoch', 'bump', '--database', cluster.postgres.url.toString()]);
    await until(() => b.in('epochs').detached, 'the subscription ends', { timeout: 15_000 });
    assert.equal(b.in('epochs').detached.code, 'unavailable');
    const reply = await b.subscribe('epochs', { since: 1, epoch });
    assert.equal(reply.recovered, false);
    assert.notEqual(reply.epoch, epoch);
    const a = await connect(0);
    await until(async () => (await a.subscribe('epochs')).epoch === reply.epoch, 'both replicas say the same epoch');
  });
});
