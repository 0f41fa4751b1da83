// Rights end where they should: private rooms, kicks and bans detach cursors that live, expiry and logout end sessions.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client, refused } from './lib/client.mjs';
import { Device, segment } from './lib/rest.mjs';
import { until, within } from './lib/wait.mjs';

describe('rights', () => {
  let broker;
  let owner, mod, member, other;
  let rooms = 0;
  const live = (device) => Client.connect(broker.wsUrl, { token: device.token });
  const setRole = (by, room, device, role, status = 200) =>
    by.must(status, 'PUT', `/rooms/${segment(room)}/members/${device.user.id}`, { role });

  // A private room of the owner with a moderator and a member.
  async function privateRoom() {
    const name = `private/${++rooms}`;
    await owner.must(201, 'POST', '/rooms', { name, visibility: 'private' });
    await setRole(owner, name, mod, 'moderator');
    await setRole(owner, name, member, 'member');
    return name;
  }

  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
    [owner, mod, member, other] = await Promise.all(
      ['olga', 'mona', 'member', 'other'].map((name) => new Device(broker.url).register(name)),
    );
  });
  after(() => broker.stop());

  it('a private room is closed to others on every path', async () => {
    const room = await privateRoom();
    const path = `/rooms/${segment(room)}`;
    const client = await live(other);
    await refused('forbidden', client.subscribe(room));
    await refused('forbidden', client.publish(room, { text: 'x' }));
    await refused('forbidden', client.command('presence', { room }));
    await refused('forbidden', client.command('read', { room, seq: 1 }));
    await other.refused('forbidden', 'GET', path);
    await other.refused('forbidden', 'GET', `${path}/messages`);
    await other.refused('forbidden', 'GET', `${path}/members`);
    await other.refused('forbidden', 'POST', `${path}/join`);
    await other.refused('forbidden', 'POST', `${path}/messages`, { body: { text: 'x' } });
    await other.refused('forbidden', 'POST', `${path}/signals`, { type: 'typing', body: {} });
    const open = await other.must(200, 'GET', '/rooms?scope=public&limit=200');
    assert.ok(
      open.rooms.every(({ name }) => name !== room),
      'it is not listed either',
    );
    const guest = await Client.connect(broker.wsUrl, { name: 'guest' });
    await refused('forbidden', guest.subscribe(room));
    await Promise.all([client.close(), guest.close()]);
  });

  it('a member reads and writes; the reply names the role', async () => {
    const room = await privateRoom();
    const client = await live(member);
    assert.equal((await client.subscribe(room)).role, 'member');
    await client.publish(room, { text: 'hello' });
    await client.close();
  });

  it('a kick detaches the live cursor; nothing published later arrives', async () => {
    const room = await privateRoom();
    const [kicked, staying] = await Promise.all([live(member), live(mod)]);
    await Promise.all([kicked.subscribe(room), staying.subscribe(room)]);
    await staying.publish(room, { text: 'before' });
    const head = staying.in(room).reply.head + 1;
    await kicked.upTo(room, head);
    await mod.must(204, 'DELETE', `/rooms/${segment(room)}/members/${member.user.id}`);
    await until(() => kicked.in(room).detached, 'the cursor is detached');
    assert.equal(kicked.in(room).detached.code, 'forbidden');
    const { seq } = await staying.publish(room, { text: 'after' });
    await staying.upTo(room, seq);
    await kicked.ping();
    assert.ok(kicked.in(room).entries.every(({ body }) => body.text !== 'after'));
    await refused('forbidden', kicked.subscribe(room, { since: 0 }));
    // Invited again, one reads everything.
    await setRole(owner, room, member, 'member');
    assert.equal((await kicked.subscribe(room, { since: 0 })).recovered, true);
    await Promise.all([kicked.close(), staying.close()]);
  });

  it('a ban from a public room detaches on every connection of the user, and lifting it opens the room again', async () => {
    const room = `public/${++rooms}`;
    await owner.must(201, 'POST', '/rooms', { name: room });
    const connections = await Promise.all([live(other), live(other), live(other)]);
    await Promise.all(connections.map((client) => client.subscribe(room)));
    await setRole(owner, room, other, 'banned');
    for (const client of connections) await until(() => client.in(room).detached, 'detached');
    await refused('forbidden', connections[0].publish(room, { text: 'x' }));
    await refused('forbidden', connections[0].subscribe(room));
    await other.refused('forbidden', 'GET', `/rooms/${segment(room)}/messages`);
    await other.refused('forbidden', 'POST', `/rooms/${segment(room)}/join`);
    await owner.must(204, 'DELETE', `/rooms/${segment(room)}/members/${other.user.id}`);
    await connections[0].subscribe(room);
    await connections[0].publish(room, { text: 'back' });
    await Promise.all(connections.map((client) => client.close()));
  });

  it('a room that becomes private detaches who is not a member', async () => {
    const room = `turning/${++rooms}`;
    await owner.must(201, 'POST', '/rooms', { name: room });
    await setRole(owner, room, member, 'member');
    const [outside, inside] = await Promise.all([live(other), live(member)]);
    await Promise.all([outside.subscribe(room), inside.subscribe(room)]);
    await owner.must(200, 'PATCH', `/rooms/${segment(room)}`, { visibility: 'private' });
    await until(() => outside.in(room).detached, 'detached');
    const { seq } = await inside.publish(room, { text: 'among us' });
    await inside.upTo(room, seq);
    assert.equal(inside.in(room).detached, null);
    await outside.ping();
    assert.equal(JSON.stringify(outside.in(room).entries).includes('among us'), false);
    await Promise.all([outside.close(), inside.close()]);
  });

  it('leaving a private room detaches', async () => {
    const room = await privateRoom();
    const client = await live(member);
    await client.subscribe(room);
    await member.must(204, 'POST', `/rooms/${segment(room)}/leave`);
    await until(() => client.in(room).detached, 'detached');
    await client.close();
  });

  it('roles: who may moderate, promote, configure; the last owner stays', async () => {
    const room = await privateRoom();
    const path = `/rooms/${segment(room)}`;
    await member.refused('forbidden', 'PATCH', path, { title: 'mine' });
    await mod.refused('forbidden', 'PATCH', path, { title: 'mine' });
    await member.refused('forbidden', 'DELETE', `${path}/members/${mod.user.id}`);
    await mod.refused('forbidden', 'DELETE', `${path}/members/${owner.user.id}`);
    await mod.refused('forbidden', 'PUT', `${path}/members/${member.user.id}`, { role: 'moderator' });
    await owner.refused('conflict', 'PUT', `${path}/members/${owner.user.id}`, { role: 'member' });
    await member.must(200, 'PUT', `${path}/members/@OTHER`, { role: 'member' });
    await setRole(owner, room, mod, 'owner');
    await setRole(owner, room, owner, 'member');
    await owner.refused('forbidden', 'PATCH', path, { title: 'no more' });
    assert.equal((await mod.must(200, 'PATCH', path, { title: 'Ours' })).title, 'Ours');
    const { members } = await member.must(200, 'GET', `${path}/members`);
    const roles = Object.fromEntries(members.map(({ name, role }) => [name, role]));
    assert.deepEqual(roles, { olga: 'member', mona: 'owner', member: 'member', other: 'member' });
  });

  it('moderators remove any message and pin; the removed text is gone', async () => {
    const room = await privateRoom();
    const client = await live(member);
    const { seq } = await client.publish(room, { text: 'rude words' });
    await mod.must(201, 'POST', `/rooms/${segment(room)}/messages`, { type: 'pin', target: seq, body: { on: true } });
    await mod.must(200, 'DELETE', `/rooms/${segment(room)}/messages/${seq}`);
    assert.equal(JSON.stringify(await member.history(room)).includes('rude'), false);
    await client.close();
  });

  it("logout closes the login's live sessions, not those of another login of the same user", async () => {
    const phone = await new Device(broker.url).register('two-devices');
    const laptop = await new Device(broker.url).login('two-devices');
    const [onPhone, onLaptop] = await Promise.all([live(phone), live(laptop)]);
    await phone.must(204, 'POST', '/logout');
    assert.equal(await within(onPhone.closed.promise, 'the session of the phone is closed'), 1008);
    await onLaptop.ping();
    await phone.refused('unauthorized', 'POST', '/refresh');
    await laptop.must(200, 'POST', '/refresh');
    await onLaptop.close();
  });

  it('a renewal is for the same user only', async () => {
    const client = await live(member);
    await refused('forbidden', client.command('connect', { token: other.token }));
    const fresh = await new Device(broker.url).login('member');
    assert.equal((await client.command('connect', { token: fresh.token })).user.id, member.user.id);
    await client.close();
  });
});
