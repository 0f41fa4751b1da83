// A broker that is told to stop: readiness goes, clients are asked to move, what is under way is answered, nothing acknowledged is lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { Device } from './lib/rest.mjs';
import { until, within } from './lib/wait.mjs';

describe('stopping', () => {
  it('SIGTERM: goaway, answers for every publish, exit 0; what was acked is there after the restart', async () => {
    const broker = await Broker.start({ args: ['--anonymous'] });
    const clients = await Promise.all(Array.from({ length: 8 }, (_, i) => Client.connect(broker.wsUrl, { name: `c${i}` })));
    await Promise.all(clients.map((client) => client.subscribe('drain')));
    const acked = new Map(); // text → seq
    let refusals = 0;
    let cut = 0;
    let stopped = false;
    const publishing = clients.map(async (client, c) => {
      for (let i = 0; !stopped; ++i) {
        const text = `${c}/${i}`;
        try {
          acked.set(text, (await client.publish('drain', { text }, { cid: text })).seq);
        } catch (error) {
          if (error.code === undefined) return void ++cut; // closed before an answer
          assert.equal(error.code, 'unavailable');
          assert.equal(error.retry, true);
          return void ++refusals;
        }
      }
    });
    await until(() => acked.size > 200, 'publishes are under way');
    broker.signal('SIGTERM');
    await Promise.all(clients.map((client) => within(client.closed.promise, 'clients are closed', 30_000)));
    stopped = true;
    await Promise.all(publishing);
    await broker.stop();
    for (const client of clients) {
      assert.equal(client.goaways.length, 1, 'each client is asked to move, once');
      assert.equal(client.goaways[0].reason, 'draining');
      assert.ok(Number.isInteger(client.goaways[0].after_ms) && client.goaways[0].after_ms >= 0);
      assert.ok([1001, 1012].includes(client.closeCode), `closed with ${client.closeCode}`);
      client.assertSound();
    }
    // Draining means answering: each publish that was sent got an ack or a refusal before its socket was closed.
    assert.equal(cut, 0, 'no publish was left without an answer');
    assert.equal(refusals, clients.length);

    const again = await broker.again({ args: ['--anonymous'] });
    const entries = await (await new Device(again.url).guest()).history('drain');
    const found = new Map(entries.map((entry) => [entry.cid, entry.seq]));
    for (const [text, seq] of acked) assert.equal(found.get(text), seq);
    assert.equal(entries.length, found.size);
    await again.stop();
  });

  it('not ready while it drains, alive until it ends', async () => {
    const broker = await Broker.start({ args: ['--anonymous'] });
    const client = await Client.connect(broker.wsUrl, {});
    assert.equal((await fetch(`${broker.url}/healthz`)).status, 200);
    const statuses = [];
    // A connection that was opened before: the listeners may be closed while draining.
    const { Agent, get } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ready = () =>
      new Promise((done) => {
        get(`${broker.url}/readyz`, { agent }, (answer) => answer.resume().on('end', () => done(answer.statusCode))).on(
          'error',
          () => done(null),
        );
      });
    assert.equal(await ready(), 200);
    broker.signal('SIGTERM');
    await until(() => client.goaways.length > 0, 'goaway');
    statuses.push(await ready());
    assert.ok([503, null].includes(statuses[0]), `ready says ${statuses[0]} while draining`);
    await within(client.closed.promise, 'closed', 30_000);
    agent.destroy();
    await broker.stop();
  });

  it('a second SIGTERM ends it at once', async () => {
    const broker = await Broker.start({ args: ['--anonymous'] });
    const clients = await Promise.all(Array.from({ length: 5 }, () => Client.connect(broker.wsUrl, {})));
    broker.signal('SIGTERM');
    await until(() => clients.some((client) => client.goaways.length > 0), 'goaway');
    const began = Date.now();
    broker.signal('SIGTERM');
    const end = await within(broker.exited, 'it ends', 5_000);
    assert.ok(Date.now() - began < 2_000, `took ${Date.now() - began} ms`);
    assert.notEqual(end.signal, 'SIGKILL');
  });

  it('an idle broker stops within a second', async () => {
    const broker = await Broker.start();
    const began = Date.now();
    await broker.stop();
    assert.ok(Date.now() - began < 3_000, `took ${Date.now() - began} ms`);
  });

  it('a port that is taken: exit code, and words that say what to do', async () => {
    const broker = await Broker.start();
    const net = await import('node:net');
    const server = net.createServer().listen(0, '127.0.0.1');
    await until(() => server.listening, 'listening');
    const second = await Broker.start({ port: server.address().port, ready: false });
    const end = await within(second.exited, 'it ends by itself');
    assert.ok(end.code > 0, `exit code ${end.code}`);
    assert.match(second.stderr, /in use/);
    assert.match(second.stderr, /--listen/);
    server.close();
    await broker.stop();
  });
});
