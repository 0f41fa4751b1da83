// Three hundred clients on two workers, several rooms, publishers at random: everybody sees 1..n, once, in one order.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { Seeded, seed } from './lib/random.mjs';

describe('many clients', () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(() => broker.stop());

  it(
    "300 clients, 8 rooms, each sees every room's entries without a gap or a repeat, in the same order",
    { timeout: 300_000 },
    async (t) => {
      t.diagnostic(`seed ${seed}`);
      const random = new Seeded(seed);
      const rooms = Array.from({ length: 8 }, (_, i) => `many/${i}`);
      const clients = [];
      while (clients.length < 300) {
        clients.push(
          ...(await Promise.all(
            Array.from({ length: 50 }, (_, i) => Client.connect(broker.wsUrl, { name: `c${clients.length + i}` })),
          )),
        );
      }
      const mine = clients.map(() => rooms.filter(() => random.next() < 0.5));
      // Half subscribe before the first message, half somewhere in the middle, from the start of the log.
      const early = clients.map((_, i) => i % 2 === 0);
      await Promise.all(clients.map((client, i) => early[i] && Promise.all(mine[i].map((room) => client.subscribe(room)))));

      const heads = new Map(rooms.map((room) => [room, 0]));
      const sent = new Map(rooms.map((room) => [room, new Map()])); // room → seq → text
      const publishers = clients.filter(() => random.next() < 0.2);
      const late = clients.flatMap((client, i) => (early[i] ? [] : mine[i].map((room) => [client, room])));
      for (let round = 0; round < 20; ++round) {
        const joining = late.splice(0, Math.ceil(late.length / (20 - round)));
        await Promise.all([
          ...joining.map(([client, room]) => client.subscribe(room, { since: 0 })),
          ...publishers.map(async (client, p) => {
            const room = random.pick(rooms);
            const text = `${round}/${p}`;
            const { seq } = await client.publish(room, { text }, { cid: text });
            assert.equal(sent.get(room).has(seq), false, `two entries got number ${seq}`);
            sent.get(room).set(seq, text);
            heads.set(room, Math.max(heads.get(room), seq));
          }),
        ]);
      }
      for (const room of rooms) assert.equal(sent.get(room).size, heads.get(room), 'numbers without a hole');

      let delivered = 0;
      for (const [i, client] of clients.entries()) {
        for (const room of mine[i]) {
          await client.upTo(room, heads.get(room), 60_000);
          const entries = client.in(room).entries;
          assert.equal(entries.length, heads.get(room));
          for (const entry of entries) assert.equal(entry.body.text, sent.get(room).get(entry.seq));
          delivered += entries.length;
        }
        client.assertSound();
      }
      t.diagnostic(`${clients.length} clients, ${publishers.length * 20} entries, ${delivered} deliveries`);
      assert.ok((await broker.metric('parley_sessions')) >= 300);
      await Promise.all(clients.map((client) => client.close()));
    },
  );
});
