// What happens between people who are online: signals, presence, read marks, edits and deletions.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client, refused } from './lib/client.mjs';
import { Device, segment } from './lib/rest.mjs';
import { until } from './lib/wait.mjs';

describe('live', () => {
  let broker;
  let rooms = 0;
  const room = () => `live/${++rooms}`;
  const guest = (name) => Client.connect(broker.wsUrl, { name });

  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(() => broker.stop());

  it('a signal reaches subscribers on every worker, in the order it was sent, and is not stored', async () => {
    const name = room();
    // 24 connections: with two workers the chance that one of them has all is one in eight million.
    const clients = await Promise.all(Array.from({ length: 24 }, (_, i) => guest(`g${i}`)));
    await Promise.all(clients.map((client) => client.subscribe(name)));
    for (let i = 0; i < 10; ++i) await clients[0].command('signal', { room: name, type: 'typing', body: { i } });
    for (const client of clients.slice(1)) {
      await until(() => client.signals.filter(({ signal }) => signal === 'typing').length >= 10, 'ten signals');
      const typing = client.signals.filter(({ signal }) => signal === 'typing');
      assert.deepEqual(
        typing.map(({ body }) => body.i),
        [...Array(10).keys()],
      );
      assert.deepEqual([typing[0].room, typing[0].from, typing[0].uid], [name, 'g0', clients[0].user.id]);
    }
    assert.equal((await clients[0].subscribe(name)).head, 0);
    await refused('not_found', clients[0].command('signal', { room: room(), type: 'typing', body: {} }));
    await Promise.all(clients.map((client) => client.close()));
  });

  it('a signal sent by REST reaches subscribers', async () => {
    const name = room();
    const client = await guest('ada');
    await client.subscribe(name);
    const device = await new Device(broker.url).guest('bob');
    await device.must(202, 'POST', `/rooms/${segment(name)}/signals`, { type: 'wave', body: { hand: 'left' } });
    const signal = await client.signalOf('wave');
    assert.deepEqual([signal.from, signal.uid, signal.body], ['bob', device.user.id, { hand: 'left' }]);
    await client.close();
  });

  it('presence: who is here, and who comes and goes', async () => {
    const name = room();
    const [ada, bob, carol] = await Promise.all(['ada', 'bob', 'carol'].map(guest));
    await ada.subscribe(name);
    await bob.subscribe(name);
    const here = await ada.command('presence', { room: name });
    assert.equal(here.count, 2);
    assert.deepEqual(here.users.map((user) => user.name).sort(), ['ada', 'bob']);

    await carol.subscribe(name);
    const came = await ada.signalOf('presence', ({ body }) => body.joined?.some(({ id }) => id === carol.user.id));
    assert.equal(came.body.count, 3);
    carol.terminate();
    const gone = await ada.signalOf('presence', ({ body }) => body.left?.some(({ id }) => id === carol.user.id));
    assert.equal(gone.body.count, 2);
    await bob.unsubscribe(name);
    await ada.signalOf('presence', ({ body }) => body.left?.some(({ id }) => id === bob.user.id));
    assert.deepEqual(bob.signals, [], 'presence goes to those who asked for it');

    const device = await new Device(broker.url).guest();
    const byRest = await device.must(200, 'GET', `/rooms/${segment(name)}/presence`);
    assert.deepEqual([byRest.count, byRest.users.map(({ id }) => id)], [1, [ada.user.id]]);
    await Promise.all([ada.close(), bob.close()]);
  });

  it('one user with two connections is one person', async () => {
    const name = room();
    const first = await guest('ada');
    const second = await Client.connect(broker.wsUrl, { token: first.welcome.token });
    await Promise.all([first.subscribe(name), second.subscribe(name)]);
    assert.equal((await first.command('presence', { room: name })).count, 1);
    second.terminate();
    const bob = await guest('bob');
    await bob.subscribe(name);
    assert.equal((await first.signalOf('presence', ({ body }) => body.joined?.length)).body.count, 2);
    await Promise.all([first.close(), bob.close()]);
  });

  it("a read mark reaches the user's other devices and nobody else, and only rises", async () => {
    const name = room();
    const first = await guest('ada');
    const second = await Client.connect(broker.wsUrl, { token: first.welcome.token });
    const bob = await guest('bob');
    await Promise.all([first, second, bob].map((client) => client.subscribe(name)));
    for (let i = 0; i < 5; ++i) await bob.publish(name, { text: `${i}` });

    assert.equal((await first.command('read', { room: name, seq: 3 })).seq, 3);
    assert.equal((await second.signalOf('read')).body.seq, 3);
    assert.equal((await first.command('read', { room: name, seq: 1 })).seq, 3, 'a read mark does not go back');
    assert.equal((await first.command('read', { room: name, seq: 99 })).seq, 5, 'nor beyond the head');
    await second.signalOf('read', ({ body }) => body.seq === 5);

    const device = new Device(broker.url);
    device.token = first.welcome.token;
    const view = await device.must(200, 'GET', `/rooms/${segment(name)}`);
    assert.deepEqual([view.read, view.unread], [5, 0]);
    await bob.ping();
    assert.deepEqual(
      bob.signals.filter(({ signal }) => signal === 'read'),
      [],
    );
    await Promise.all([first, second, bob].map((client) => client.close()));
  });

  it('edits, deletions and reactions are entries for those online and folded in history', async () => {
    const name = room();
    const [ada, bob] = await Promise.all([guest('ada'), guest('bob')]);
    await bob.subscribe(name);
    const edited = (await ada.publish(name, { text: 'helo' })).seq;
    const deleted = (await ada.publish(name, { text: 'a secret' })).seq;
    await ada.publish(name, { text: 'hello' }, { type: 'edit', target: edited });
    await bob.publish(name, { key: '👍', on: true }, { type: 'reaction', target: edited });
    await ada.publish(name, { key: '👍', on: true }, { type: 'reaction', target: edited });
    await ada.publish(name, { key: '🎉', on: true }, { type: 'reaction', target: edited });
    await ada.publish(name, { key: '🎉', on: false }, { type: 'reaction', target: edited });
    await ada.publish(name, {}, { type: 'delete', target: deleted });

    const entries = await bob.upTo(name, 8);
    assert.deepEqual(
      entries.map(({ type }) => type),
      ['message', 'message', 'edit', ...Array(4).fill('reaction'), 'delete'],
    );
    assert.deepEqual(
      entries.map(({ target }) => target),
      [undefined, undefined, edited, edited, edited, edited, edited, deleted],
    );
    assert.deepEqual(entries.map(({ n }) => n).at(-1), 2, 'only messages are counted');

    const device = new Device(broker.url);
    device.token = bob.welcome.token;
    const page = await device.must(200, 'GET', `/rooms/${segment(name)}/messages`);
    assert.equal(page.as_of, 8);
    assert.deepEqual(
      page.entries.map(({ seq }) => seq),
      [edited, deleted],
    );
    const [first, second] = page.entries;
    assert.deepEqual([first.body, first.edited], [{ text: 'hello' }, true]);
    assert.deepEqual(
      first.reactions.map(({ key, count, mine }) => [key, count, mine]),
      [['👍', 2, true]],
    );
    assert.deepEqual([...first.reactions[0].names].sort(), ['ada', 'bob']);
    assert.deepEqual([second.body, second.deleted], [{}, true]);

    // One who catches up ends in the same state: the deleted text is nowhere in the log any more.
    const late = await guest('late');
    await late.subscribe(name, { since: 0 });
    const seen = await late.upTo(name, 8);
    assert.equal(JSON.stringify(seen).includes('a secret'), false);
    assert.deepEqual(seen[0].body, { text: 'hello' });
    await Promise.all([ada, bob, late].map((client) => client.close()));
  });

  it("edits are the author's, targets must be messages that are there", async () => {
    const name = room();
    const [ada, bob] = await Promise.all([guest('ada'), guest('bob')]);
    const { seq } = await ada.publish(name, { text: 'mine' });
    await refused('forbidden', bob.publish(name, { text: 'yours' }, { type: 'edit', target: seq }));
    await refused('forbidden', bob.publish(name, {}, { type: 'delete', target: seq }));
    await refused('forbidden', bob.publish(name, { on: true }, { type: 'pin', target: seq }));
    await refused('not_found', ada.publish(name, { text: 'x' }, { type: 'edit', target: 77 }));
    const edit = (await ada.publish(name, { text: 'x' }, { type: 'edit', target: seq })).seq;
    await refused('not_found', ada.publish(name, { text: 'x' }, { type: 'edit', target: edit }));
    await ada.publish(name, {}, { type: 'delete', target: seq });
    await refused('not_found', ada.publish(name, { text: 'x' }, { type: 'edit', target: seq }));
    assert.equal((await ada.publish(name, { text: 'next' })).seq, edit + 2, 'refusals leave no hole');
    await Promise.all([ada.close(), bob.close()]);
  });
});
