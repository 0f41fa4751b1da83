// REST: people, rooms, messages, read marks; and every answer is what /api/v1/openapi.json says.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { Description } from './lib/openapi.mjs';
import { Device, request, segment } from './lib/rest.mjs';

describe('REST', () => {
  let broker;
  let ada, bob, guest;
  const devices = [];
  const device = () => {
    const made = new Device(broker.url);
    devices.push(made);
    return made;
  };
  const refusals = async (list) => {
    for (const [who, code, method, path, body, options] of list) await who.refused(code, method, path, body, options);
  };

  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
    ada = await device().register('ada');
    bob = await device().register('Bob.B');
    guest = await device().guest('a visitor');
  });
  after(() => broker.stop());

  it('/info is open to all', async () => {
    const info = await device().must(200, 'GET', '/info');
    assert.equal(info.anonymous, true);
    assert.equal(info.registration, true);
    assert.match(info.version, /^\d+\.\d+\.\d+/);
    assert.equal(typeof info.limits, 'object');
  });

  it('register, login, me, guests', async () => {
    assert.deepEqual([ada.user.name, ada.user.guest, guest.user.guest], ['ada', false, true]);
    assert.equal((await device().login('ADA', 'password of ada')).user.id, ada.user.id);
    assert.deepEqual((await ada.must(200, 'GET', '/me')).user, ada.user);
    assert.equal((await guest.must(200, 'GET', '/me')).user.guest, true);
    assert.equal(guest.cookie, undefined, 'a guest has no cookie');
    const nobody = device();
    await refusals([
      [nobody, 'conflict', 'POST', '/register', { name: 'AdA', password: 'something long' }],
      [nobody, 'unauthorized', 'POST', '/login', { name: 'ada', password: 'wrong password' }],
      [nobody, 'unauthorized', 'POST', '/login', { name: 'nobody', password: 'wrong password' }],
      [nobody, 'unauthorized', 'GET', '/me'],
      [nobody, 'unauthorized', 'POST', '/refresh'],
    ]);
  });

  it('a wrong name and a wrong password are answered alike', async () => {
    const answers = [];
    for (const name of ['ada', 'nobody']) {
      const answer = await device().call('POST', '/login', { body: { name, password: 'wrong password' } });
      answers.push([answer.status, answer.body]);
    }
    assert.deepEqual(answers[0], answers[1]);
  });

  it('rooms: create, view, change, list by pages, search', async () => {
    const room = await ada.must(201, 'POST', '/rooms', { name: 'team/dev', title: 'Developers' });
    assert.deepEqual(
      [room.name, room.title, room.visibility, room.keep, room.role],
      ['team/dev', 'Developers', 'public', 'all', 'owner'],
    );
    assert.equal(room.members, 1);
    await refusals([
      [bob, 'conflict', 'POST', '/rooms', { name: 'team/dev' }],
      [bob, 'not_found', 'GET', `/rooms/${segment('team/nothing')}`],
      [bob, 'forbidden', 'PATCH', '/rooms/team%2Fdev', { title: 'Bobs' }],
      [guest, 'forbidden', 'POST', '/rooms', { name: 'hidden', visibility: 'private' }],
    ]);
    assert.equal((await ada.must(200, 'PATCH', '/rooms/team%2Fdev', { title: 'Devs', keep: 'acked' })).title, 'Devs');
    assert.equal((await bob.must(200, 'GET', '/rooms/team%2Fdev')).role, 'guest');

    for (let i = 0; i < 7; ++i) await ada.must(201, 'POST', '/rooms', { name: `page/${i}` });
    const names = [];
    for (let next = ''; next !== undefined;) {
      const page = await bob.must(200, 'GET', `/rooms?scope=public&q=page/&limit=3${next && `&after=${segment(next)}`}`);
      names.push(...page.rooms.map(({ name }) => name));
      next = page.next;
    }
    assert.deepEqual(
      names,
      Array.from({ length: 7 }, (_, i) => `page/${i}`),
    );
    assert.deepEqual((await bob.must(200, 'GET', '/rooms?scope=mine')).rooms, []);
    assert.equal((await ada.must(200, 'GET', '/rooms?q=devs')).rooms[0].name, 'team/dev');
  });

  it('join, members, leave', async () => {
    await ada.must(201, 'POST', '/rooms', { name: 'club' });
    assert.equal((await bob.must(200, 'POST', '/rooms/club/join')).role, 'member');
    await bob.must(200, 'POST', '/rooms/club/join');
    await guest.refused('forbidden', 'POST', '/rooms/club/join');
    const first = await bob.must(200, 'GET', '/rooms/club/members?limit=1');
    const rest = await bob.must(200, 'GET', `/rooms/club/members?limit=50&after=${segment(first.next)}`);
    assert.deepEqual([...first.members, ...rest.members].map(({ name }) => name).sort(), ['Bob.B', 'ada']);
    assert.equal((await ada.must(200, 'PUT', `/rooms/club/members/${bob.user.id}`, { role: 'moderator' })).role, 'moderator');
    await ada.must(204, 'DELETE', `/rooms/club/members/@${bob.user.name}`);
    await ada.refused('not_found', 'DELETE', `/rooms/club/members/${bob.user.id}`);
    await ada.refused('not_found', 'PUT', '/rooms/club/members/@nobody', { role: 'member' });
    await bob.must(200, 'POST', '/rooms/club/join');
    await bob.must(204, 'POST', '/rooms/club/leave');
    await bob.refused('forbidden', 'POST', '/rooms/club/leave');
    const types = (await ada.history('club')).map(({ type }) => type);
    assert.deepEqual(
      types.filter((type) => type !== 'room'),
      ['join', 'member', 'member', 'join', 'leave'],
    );
  });

  it('messages: publish, repeat, edit, delete, pages in both directions', async () => {
    await ada.must(201, 'POST', '/rooms', { name: 'talk' });
    const path = '/rooms/talk/messages';
    const start = (await ada.must(200, 'GET', '/rooms/talk')).head;
    const first = await ada.must(201, 'POST', path, { cid: 'a', body: { text: '1' } });
    const repeat = await ada.must(200, 'POST', path, { cid: 'a', body: { text: '1' } });
    assert.deepEqual([repeat.seq, repeat.ts, repeat.duplicate], [first.seq, first.ts, true]);
    await ada.refused('conflict', 'POST', path, { cid: 'a', body: { text: '2' } });
    for (let i = 2; i <= 120; ++i) await bob.must(201, 'POST', path, { body: { text: String(i) } });

    const newest = await ada.must(200, 'GET', path);
    assert.deepEqual([newest.entries.length, newest.more, newest.head, newest.as_of], [50, true, start + 120, start + 120]);
    const back = await ada.must(200, 'GET', `${path}?before=${newest.entries[0].seq}&limit=200`);
    assert.deepEqual(
      [...back.entries, ...newest.entries].map(({ body }) => body.text),
      Array.from({ length: 120 }, (_, i) => String(i + 1)),
    );
    assert.equal(back.more, false);
    const on = await ada.must(200, 'GET', `${path}?after=${start}&limit=7`);
    assert.deepEqual(
      on.entries.map(({ seq }) => seq),
      Array.from({ length: 7 }, (_, i) => start + 1 + i),
    );
    assert.equal(on.more, true);

    await ada.must(200, 'PATCH', `${path}/${first.seq}`, { body: { text: 'one' } });
    await bob.refused('forbidden', 'PATCH', `${path}/${first.seq}`, { body: { text: 'uno' } });
    await bob.refused('forbidden', 'DELETE', `${path}/${first.seq}`);
    await bob.must(201, 'POST', path, { type: 'reaction', target: first.seq, body: { key: '👍', on: true } });
    const folded = (await ada.history('talk')).find(({ seq }) => seq === first.seq);
    assert.deepEqual(
      [folded.body, folded.edited, folded.reactions[0].count, folded.reactions[0].mine],
      [{ text: 'one' }, true, 1, false],
    );
    await ada.must(200, 'DELETE', `${path}/${first.seq}`);
    await ada.refused('not_found', 'DELETE', `${path}/${first.seq}`);
    await ada.refused('not_found', 'PATCH', `${path}/99999`, { body: { text: 'x' } });
    assert.equal((await ada.must(200, 'GET', '/rooms/talk')).messages, 120);
  });

  it('unread counts messages of others after the mark', async () => {
    await ada.must(201, 'POST', '/rooms', { name: 'unread' });
    await bob.must(200, 'POST', '/rooms/unread/join');
    const sent = [];
    for (let i = 0; i < 5; ++i)
      sent.push((await ada.must(201, 'POST', '/rooms/unread/messages', { body: { text: `${i}` } })).seq);
    await bob.must(201, 'POST', '/rooms/unread/messages', { body: { text: 'my own' } });
    assert.equal((await bob.must(200, 'GET', '/rooms/unread')).unread, 5);
    assert.deepEqual(await bob.must(200, 'PUT', '/rooms/unread/read', { seq: sent[1] }), { seq: sent[1], unread: 3 });
    await ada.must(200, 'DELETE', `/rooms/unread/messages/${sent[3]}`);
    assert.equal((await bob.must(200, 'GET', '/rooms?scope=mine')).rooms.find(({ name }) => name === 'unread').unread, 2);
    assert.equal((await bob.must(200, 'PUT', '/rooms/unread/read', { seq: sent[0] })).seq, sent[1]);
  });

  it('what REST writes, live subscribers see, and the other way round', async () => {
    const client = await Client.connect(broker.wsUrl, { token: ada.token });
    await client.subscribe('both');
    const byRest = await bob.must(201, 'POST', '/rooms/both/messages', { cid: 'x', body: { text: 'by REST' } });
    const byWs = await client.publish('both', { text: 'by WebSocket' });
    const entries = await client.upTo('both', byWs.seq);
    assert.deepEqual(
      entries.map(({ seq, body }) => [seq, body.text]),
      [
        [byRest.seq, 'by REST'],
        [byWs.seq, 'by WebSocket'],
      ],
    );
    const page = await bob.history('both');
    assert.deepEqual(
      page.map(({ reactions, ...entry }) => (void reactions, { room: 'both', ...entry })),
      entries,
    );
    await guest.must(200, 'GET', '/rooms/both/presence');
    await guest.must(202, 'POST', '/rooms/both/signals', { type: 'typing', body: {} });
    await client.close();
  });

  it('names of rooms are bytes: slashes, spaces, percent signs, emoji, case', async () => {
    for (const name of ['/a', 'a', 'A', 'a//b', 'a b', '100%', 'ünï/🎉', 'a?b&c=d', '..', 'a/../b', '"q"']) {
      await ada.must(201, 'POST', '/rooms', { name });
      assert.equal((await bob.must(200, 'GET', `/rooms/${segment(name)}`)).name, name);
      await bob.must(201, 'POST', `/rooms/${segment(name)}/messages`, { body: { text: name } });
      assert.equal((await bob.history(name)).at(-1).body.text, name);
    }
  });

  it('the description describes every answer of this file, and every operation was used', async () => {
    const answer = await request(broker.url, 'GET', '/api/v1/openapi.json');
    assert.equal(answer.status, 200);
    assert.match(answer.body.openapi, /^3\.1\./);
    await ada.must(200, 'POST', '/refresh');
    await ada.must(204, 'POST', '/logout');
    const description = new Description(answer.body);
    let exchanges = 0;
    for (const one of devices.flatMap(({ log }) => log)) {
      description.check(one);
      ++exchanges;
    }
    assert.ok(exchanges > 200, `${exchanges} exchanges`);
    const unused = description.untouched().filter((operation) => operation !== 'GET /api/v1/openapi.json');
    assert.deepEqual(unused, []);
  });
});
