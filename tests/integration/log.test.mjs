// A room is an ordered log: numbers without a hole, retries that are safe, cursors that resume, windows.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client, refused } from './lib/client.mjs';
import { until } from './lib/wait.mjs';

describe('the log over the native protocol', () => {
  let broker;
  let rooms = 0;
  const room = () => `log/${++rooms}`;
  const connect = (members = {}, options = {}) => Client.connect(broker.wsUrl, { name: 'ada', ...members }, options);

  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(() => broker.stop());

  it('says who one is, and what the limits are', async () => {
    const client = await connect({ client: 'a test' });
    assert.equal(client.welcome.user.guest, true);
    assert.equal(client.welcome.user.name, 'ada');
    assert.match(client.welcome.server, /^parley\/\d/);
    assert.equal(typeof client.welcome.session, 'string');
    assert.equal(typeof client.welcome.token, 'string');
    assert.ok(client.welcome.heartbeat > 0);
    assert.ok(client.welcome.expires_in > 0);
    assert.equal(client.welcome.limits.window, 1024);
    assert.equal(client.welcome.limits.body_bytes, 65_536);
    await client.close();
  });

  it('a guest comes back as the same guest', async () => {
    const first = await connect();
    const again = await Client.connect(broker.wsUrl, { token: first.welcome.token });
    assert.deepEqual(again.user, first.user);
    await Promise.all([first.close(), again.close()]);
  });

  it('numbers entries 1, 2, 3 and hands them to every subscriber in that order', async () => {
    const name = room();
    const clients = await Promise.all(Array.from({ length: 6 }, (_, i) => connect({ name: `reader-${i}` })));
    const reply = await clients[0].subscribe(name);
    assert.deepEqual([reply.head, reply.floor, reply.recovered, reply.room], [0, 1, true, name]);
    await Promise.all(clients.slice(1).map((client) => client.subscribe(name)));

    const acks = await Promise.all(
      clients.flatMap((client, c) => Array.from({ length: 100 }, (_, i) => client.publish(name, { text: `${c}/${i}` }))),
    );
    assert.deepEqual(
      acks.map(({ seq }) => seq).sort((a, b) => a - b),
      Array.from({ length: 600 }, (_, i) => i + 1),
    );
    // One connection's publishes keep their order.
    for (let c = 0; c < 6; ++c) {
      const own = acks.slice(100 * c, 100 * (c + 1)).map(({ seq }) => seq);
      assert.deepEqual(
        own,
        [...own].sort((a, b) => a - b),
      );
    }
    for (const client of clients) {
      await client.upTo(name, 600);
      client.assertSound();
      assert.deepEqual(client.in(name).entries, clients[0].in(name).entries);
    }
    const entries = clients[0].in(name).entries;
    assert.deepEqual(
      entries.map(({ n }) => n),
      Array.from({ length: 600 }, (_, i) => i + 1),
    );
    assert.ok(
      entries.every(({ ts }, i) => i === 0 || ts >= entries[i - 1].ts),
      'time does not go back',
    );
    assert.deepEqual(Object.keys(entries[0]).sort(), ['body', 'from', 'n', 'room', 'seq', 'ts', 'type', 'uid'].sort());
    await Promise.all(clients.map((client) => client.close()));
  });

  it("keeps one connection's order also in rooms that its first publishes make", async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, (_, i) => connect({ name: `maker-${i}` })));
    for (let i = 0; i < 60; ++i) {
      const name = room();
      const sent = clients.map((client) => Promise.all(Array.from({ length: 40 }, () => client.publish(name, {}))));
      for (const replies of await Promise.all(sent)) {
        const seqs = replies.map(({ seq }) => seq);
        assert.deepEqual(
          seqs,
          [...seqs].sort((a, b) => a - b),
        );
      }
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  it('answers a repeated cid with the same number, also after a reconnect, and stores it once', async () => {
    const name = room();
    const client = await connect();
    const first = await client.publish(name, { text: 'once' }, { cid: 'c1' });
    assert.equal(first.duplicate, undefined);
    const repeats = await Promise.all([1, 2, 3].map(() => client.publish(name, { text: 'once' }, { cid: 'c1' })));
    for (const repeat of repeats) assert.deepEqual([repeat.seq, repeat.ts, repeat.duplicate], [first.seq, first.ts, true]);
    const again = await Client.connect(broker.wsUrl, { token: client.welcome.token });
    assert.equal((await again.publish(name, { text: 'once' }, { cid: 'c1' })).seq, first.seq);
    assert.equal((await again.publish(name, { text: 'next' }, { cid: 'c2' })).seq, first.seq + 1);
    await Promise.all([client.close(), again.close()]);
  });

  it('two repeats in one batch are one entry', async () => {
    const name = room();
    const client = await connect();
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.publish(name, { text: 'x' }, { cid: 'same' })));
    assert.deepEqual([...new Set(replies.map(({ seq }) => seq))], [1]);
    assert.equal(replies.filter(({ duplicate }) => duplicate).length, 49);
    await client.close();
  });

  it('refuses a cid with another body, type or target as a conflict, and leaves the log as it was', async () => {
    const name = room();
    const client = await connect();
    await client.publish(name, { text: 'one' }, { cid: 'c' });
    const error = await refused('conflict', client.publish(name, { text: 'two' }, { cid: 'c' }));
    assert.equal(error.retry, false);
    await refused('conflict', client.publish(name, { text: 'one' }, { cid: 'c', type: 'edit', target: 1 }));
    assert.equal((await client.publish(name, { text: 'three' })).seq, 2);
    await client.close();
  });

  it('keeps cids of different users and rooms apart', async () => {
    const [name, other] = [room(), room()];
    const [ada, bob] = await Promise.all([connect(), connect({ name: 'bob' })]);
    assert.equal((await ada.publish(name, { text: 'a' }, { cid: 'c' })).seq, 1);
    assert.equal((await bob.publish(name, { text: 'b' }, { cid: 'c' })).seq, 2);
    assert.equal((await ada.publish(other, { text: 'c' }, { cid: 'c' })).seq, 1);
    await Promise.all([ada.close(), bob.close()]);
  });

  it('resumes after `since`: everything missed, then what is live, nothing between', async () => {
    const name = room();
    const [writer, reader] = await Promise.all([connect(), connect({ name: 'bob' })]);
    const { epoch } = await reader.subscribe(name);
    for (let i = 1; i <= 20; ++i) await writer.publish(name, { text: String(i) });
    await reader.upTo(name, 20);
    reader.terminate();
    for (let i = 21; i <= 400; ++i) await writer.publish(name, { text: String(i) });

    const back = await connect({ name: 'bob' });
    const during = Promise.all(Array.from({ length: 100 }, (_, i) => writer.publish(name, { text: String(401 + i) })));
    const reply = await back.subscribe(name, { since: 20, epoch });
    assert.equal(reply.recovered, true);
    await during;
    await back.upTo(name, 500);
    back.assertSound();
    assert.deepEqual(
      back
        .in(name)
        .bodies()
        .map(({ text }) => Number(text))
        .sort((a, b) => a - b),
      range(21, 500),
    );
    await Promise.all([writer.close(), back.close()]);
  });

  it('says recovered:false for another epoch and for a since beyond the head, and stands at the head', async () => {
    const name = room();
    const client = await connect();
    await client.publish(name, { text: '1' });
    const head = (await client.publish(name, { text: '2' })).seq;
    const { epoch } = await client.subscribe(name);
    for (const members of [
      { since: 1, epoch: `${epoch}x` },
      { since: head + 1, epoch },
      { since: 2 ** 40, epoch },
    ]) {
      const reply = await client.subscribe(name, members);
      assert.deepEqual([reply.recovered, reply.head, reply.epoch], [false, head, epoch], JSON.stringify(members));
    }
    assert.equal((await client.subscribe(name, { since: head, epoch })).recovered, true);
    assert.equal((await client.subscribe(name, { since: 0, epoch })).recovered, true);
    await client.upTo(name, head);
    await client.close();
  });

  it('subscribing again moves the cursor; an old cursor delivers nothing more', async () => {
    const name = room();
    const client = await connect();
    for (let i = 1; i <= 10; ++i) await client.publish(name, { text: String(i) });
    await client.subscribe(name);
    await client.publish(name, { text: '11' });
    await client.upTo(name, 11);
    assert.deepEqual(client.in(name).seqs(), [11]);
    client.subscriptions.delete(name);
    await client.subscribe(name, { since: 4 });
    await client.upTo(name, 11);
    await client.publish(name, { text: '12' });
    await client.upTo(name, 12);
    assert.deepEqual(client.in(name).seqs(), range(5, 12));
    client.assertSound();
    await client.close();
  });

  it('after unsubscribe nothing comes; a second one is not_found', async () => {
    const name = room();
    const [client, other] = await Promise.all([connect(), connect({ name: 'bob' })]);
    await client.subscribe(name);
    await client.unsubscribe(name);
    await other.publish(name, { text: 'unheard' });
    await client.ping();
    client.assertSound();
    await refused('not_found', client.unsubscribe(name));
    await Promise.all([client.close(), other.close()]);
  });

  it('stops at the window and goes on with each ack', async () => {
    const name = room();
    const reader = await connect({}, { autoAck: false });
    const writer = await connect({ name: 'bob' });
    await reader.subscribe(name);
    const { window } = reader.welcome.limits;
    await Promise.all(Array.from({ length: window + 500 }, (_, i) => writer.publish(name, { text: String(i) })));
    await reader.upTo(name, window);
    await reader.ping();
    assert.equal(reader.in(name).cursor, window, 'not one entry over the window');
    reader.ack(name, 100);
    await reader.upTo(name, window + 100);
    await reader.ping();
    assert.equal(reader.in(name).cursor, window + 100);
    reader.ack(name);
    await reader.upTo(name, window + 500);
    reader.assertSound();
    await Promise.all([reader.close(), writer.close()]);
  });

  it('stops at the window in bytes too', async () => {
    const name = room();
    const reader = await connect({}, { autoAck: false });
    const writer = await connect({ name: 'bob' });
    await reader.subscribe(name);
    const text = 'x'.repeat(60_000);
    for (let i = 0; i < 60; ++i) await writer.publish(name, { text });
    const inWindow = Math.ceil((reader.welcome.limits.window_bytes ?? 1 << 20) / 60_000);
    await until(() => reader.in(name).cursor >= inWindow - 2, 'a window of bytes arrives');
    await reader.ping();
    assert.ok(reader.in(name).cursor <= inWindow + 1, `${reader.in(name).cursor} entries of 60 kB passed without an ack`);
    reader.autoAck = true;
    const acking = setInterval(() => reader.ack(name), 5);
    await reader.upTo(name, 60);
    clearInterval(acking);
    reader.assertSound();
    await Promise.all([reader.close(), writer.close()]);
  });

  it('refuses an ack of what was not sent', async () => {
    const name = room();
    const client = await connect();
    await client.subscribe(name);
    client.send({ op: 'ack', room: name, seq: 5 });
    await client.ping();
    assert.deepEqual(
      client.errors.map(({ code }) => code),
      ['bad_request'],
    );
    await client.close();
  });

  it('catches up over 20,000 entries, page by page, while new ones are published', { timeout: 120_000 }, async () => {
    const name = room();
    const writer = await connect();
    const total = 20_000;
    for (let i = 0; i < total; i += 200) {
      await Promise.all(Array.from({ length: 200 }, (_, k) => writer.publish(name, { text: String(i + k + 1) })));
    }
    const reader = await connect({ name: 'bob' });
    await reader.subscribe(name, { since: 0 });
    const live = Promise.all(Array.from({ length: 200 }, (_, i) => writer.publish(name, { text: String(total + i + 1) })));
    await reader.upTo(name, total + 200, 60_000);
    await live;
    reader.assertSound();
    const strays = reader.in(name).entries.filter(({ seq, body }) => seq !== Number(body.text));
    assert.deepEqual(strays.slice(0, 5), [], `${strays.length} entries are not where their publishers order puts them`);
    await Promise.all([reader.close(), writer.close()]);
  });
});

function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
