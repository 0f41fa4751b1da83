// A reader that stops reading its socket costs a fixed amount, delays nobody, and has everything once it reads again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { until } from './lib/wait.mjs';

describe('a slow reader', () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(() => broker.stop());

  it(
    '20 sockets that nobody reads, 60 MB published: bounded memory, others undelayed, everything arrives later',
    { timeout: 300_000 },
    async (t) => {
      const room = 'slow';
      const [writer, reader] = await Promise.all([
        Client.connect(broker.wsUrl, { name: 'writer' }),
        Client.connect(broker.wsUrl, { name: 'reader' }),
      ]);
      const slow = await Promise.all(Array.from({ length: 20 }, (_, i) => Client.connect(broker.wsUrl, { name: `slow${i}` })));
      await Promise.all([reader, ...slow].map((client) => client.subscribe(room)));
      // Warm: caches, pools and pages of the allocator are in use before memory is measured.
      const text = 'x'.repeat(12_000);
      for (let i = 0; i < 200; ++i) await writer.publish(room, { text });
      await Promise.all([reader, ...slow].map((client) => client.upTo(room, 200)));
      for (const client of [reader, ...slow]) client.ack(room);
      for (const client of slow) client.socket.pause();
      const atFirst = broker.rss();

      let peak = atFirst;
      let slowest = 0;
      const total = 5_000;
      for (let i = 200; i < total; i += 20) {
        const began = performance.now();
        const acks = await Promise.all(Array.from({ length: 20 }, () => writer.publish(room, { text })));
        await reader.upTo(room, acks.at(-1).seq);
        reader.ack(room);
        slowest = Math.max(slowest, performance.now() - began);
        if (i % 200 === 0) peak = Math.max(peak, broker.rss());
      }
      const growth = (peak - atFirst) / 2 ** 20;
      const had = Math.round(atFirst / 2 ** 20);
      t.diagnostic(`${had} MB resident, at most ${growth.toFixed(1)} MB more; slowest 20 publishes ${slowest.toFixed(0)} ms`);
      // Each may have one window (1 MiB) under way and a congested outbox; 20 × 57 MB of copied messages would be more than a gigabyte.
      if (!['asan', 'tsan'].includes(process.env.PARLEY_PRESET))
        assert.ok(growth < 20 * 2 + 24, `grew by ${growth.toFixed(1)} MB`);
      assert.ok(
        slow.every((client) => client.in(room).cursor < total),
        'they really did not read',
      );

      for (const client of slow) client.socket.resume();
      const acking = setInterval(
        () => slow.forEach((client) => client.in(room).cursor > client.in(room).acked && client.ack(room)),
        5,
      );
      await Promise.all(slow.map((client) => client.upTo(room, total, 120_000)));
      clearInterval(acking);
      for (const client of [reader, ...slow]) {
        client.assertSound();
        assert.deepEqual(client.in(room).gaps, []);
      }
      await Promise.all([writer, reader, ...slow].map((client) => client.close()));
    },
  );

  it('a client that sends commands and never reads the replies is held back, then closed or served, and costs nobody anything', async () => {
    const flood = await Client.connect(broker.wsUrl, { name: 'flood' });
    flood.socket.pause();
    const other = await Client.connect(broker.wsUrl, { name: 'other' });
    const atFirst = broker.rss();
    const frame = JSON.stringify({ op: 'presence', id: 1, room: 'x'.repeat(400) });
    let sent = 0;
    for (; sent < 200_000 && flood.socket.bufferedAmount < 4 * 2 ** 20; sent += 100) {
      for (let i = 0; i < 100; ++i) flood.socket.send(frame);
      if (sent % 1_000 === 0) await other.ping();
    }
    await until(async () => (await other.ping()) !== undefined, 'the other client is served');
    const growth = (broker.rss() - atFirst) / 2 ** 20;
    if (!['asan', 'tsan'].includes(process.env.PARLEY_PRESET)) assert.ok(growth < 32, `grew by ${growth.toFixed(1)} MB`);
    flood.terminate();
    await other.close();
  });
});
