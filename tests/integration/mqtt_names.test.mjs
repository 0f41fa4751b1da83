// What is Parley's own in MQTT: parley-meta, parley-since and parley-cid; whose rights a connection has; $SYS/broker.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { MqttClient, unique } from './lib/mqtt_client.mjs';
import { Device, segment } from './lib/rest.mjs';
import { until } from './lib/wait.mjs';

const meta = (value = '1') => ['parley-meta', value];
const ours = (packet) => Object.fromEntries((packet.props.user ?? []).filter(([name]) => name.startsWith('parley-')));

describe('MQTT: names of ours, rights, $SYS', { timeout: 120_000 }, () => {
  let broker;
  const clients = [];
  const connect = async (members = {}, options = {}) => {
    const client = await MqttClient.connect(broker, members, options);
    clients.push(client);
    return client;
  };
  const as = (device, members = {}, options = {}) =>
    connect({ username: device.user.name, password: device.token, ...members }, options);
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous', '--mqtt-sys-interval', '500ms'] });
  });
  after(async () => {
    clients.forEach((client) => client.end());
    await broker.stop();
  });

  it('parley-meta on CONNECT brings seq, from, ts and type behind the publisher’s own', async () => {
    const device = await new Device(broker.url).register(unique('ada'));
    const [t, p] = [unique('meta/'), await as(device)];
    const s = await connect({ props: { user: [meta()] } });
    await s.subscribe(t, 1);
    const start = Date.now();
    await p.publish(t, 'x', { qos: 1, props: { user: [['mine', '1']] } });
    const [m] = await s.publishes(1);
    assert.deepEqual(m.props.user[0], ['mine', '1'], 'the publisher’s come first');
    const { 'parley-seq': seq, 'parley-from': from, 'parley-ts': ts, 'parley-type': type } = ours(m);
    assert.deepEqual([seq, from, type], ['1', device.user.name, 'message']);
    assert.ok(Number(ts) >= start - 1000 && Number(ts) <= Date.now() + 1000);
  });

  it('parley-meta on SUBSCRIBE is for that subscription; 0 and other values ask for nothing', async () => {
    const [a, b, s, p] = [unique('meta/'), unique('meta/'), await connect(), await connect()];
    await s.subscribe(a, 1, { props: { user: [meta()] } });
    await s.subscribe(b, 1, { props: { user: [meta('0')] } });
    await p.publish(a, 'a', { qos: 1 });
    await p.publish(b, 'b', { qos: 1 });
    const got = await s.publishes(2);
    assert.equal(ours(got.find(({ topic }) => topic === a))['parley-seq'], '1');
    assert.equal(got.find(({ topic }) => topic === b).props.user, undefined, 'exactly what the publisher sent');
  });

  it('parley-meta brings edits and deletions too; who does not ask gets messages alone', async () => {
    const device = await new Device(broker.url).register(unique('eda'));
    const room = unique('edits/');
    await device.must(201, 'POST', '/rooms', { name: room });
    const [plain, asking] = [await connect(), await connect({ props: { user: [meta()] } })];
    for (const s of [plain, asking]) await s.subscribe(room, 1);
    const { seq } = await device.must(201, 'POST', `/rooms/${segment(room)}/messages`, { body: { text: 'one' } });
    await device.must(200, 'PATCH', `/rooms/${segment(room)}/messages/${seq}`, { body: { text: 'two' } });
    await device.must(200, 'DELETE', `/rooms/${segment(room)}/messages/${seq}`);
    const got = await asking.publishes(3);
    assert.deepEqual(
      got.map((m) => [ours(m)['parley-type'], ours(m)['parley-target']]),
      [
        ['message', undefined],
        ['edit', `${seq}`],
        ['delete', `${seq}`],
      ],
    );
    assert.ok((await plain.settle()).length <= 1);
  });

  it('parley-since starts after that number; without parley-meta it is not looked at', async () => {
    const [t, p] = [unique('since/'), await connect()];
    for (let i = 1; i <= 5; ++i) await p.publish(t, `${i}`, { qos: 1 });
    const from = async (user) => {
      const s = await connect();
      await s.subscribe(t, 1, { props: { user } });
      return (await s.settle()).map(({ text }) => text);
    };
    assert.deepEqual(await from([meta(), ['parley-since', '2']]), ['3', '4', '5']);
    assert.deepEqual(await from([meta(), ['parley-since', '0']]), ['1', '2', '3', '4', '5']);
    assert.deepEqual(await from([meta(), ['parley-since', '99']]), [], 'beyond the head is the head');
    assert.deepEqual(await from([meta(), ['parley-since', '2x']]), []);
    assert.deepEqual(await from([['parley-since', '2']]), []);
    assert.deepEqual(await from([meta()]), []);
  });

  it('parley-cid: a repeat is acknowledged and not delivered again; another body under it is refused', async () => {
    const device = await new Device(broker.url).register(unique('cid'));
    const [t, p, s] = [unique('cid/'), await as(device), await connect({ props: { user: [meta()] } })];
    await s.subscribe(t, 1);
    const cid = (value) => ({ user: [['parley-cid', value]] });
    await p.publish(t, 'x', { qos: 1, props: cid('one') });
    await p.publish(t, 'x', { qos: 1, props: cid('one') });
    await (await as(device)).publish(t, 'x', { qos: 2, props: cid('one') });
    await p.publish(t, 'other', { qos: 1, props: cid('one'), reason: 0x83 });
    await p.publish(t, 'y', { qos: 1, props: cid('two') });
    assert.deepEqual(
      (await s.settle()).map((m) => [m.text, ours(m)['parley-seq']]),
      [
        ['x', '1'],
        ['y', '2'],
      ],
    );
  });

  it('a private room is for its members, by password and by token, in both versions', async () => {
    const [owner, member, other] = await Promise.all(
      ['owner', 'member', 'other'].map((name) => new Device(broker.url).register(unique(name))),
    );
    const room = unique('private/');
    await owner.must(201, 'POST', '/rooms', { name: room, visibility: 'private' });
    await owner.must(200, 'PUT', `/rooms/${segment(room)}/members/${member.user.id}`, { role: 'member' });
    const reader = await connect({ username: member.user.name, password: `password of ${member.user.name}` });
    assert.deepEqual((await reader.subscribe(room, 1)).reasons, [1]);
    for (const version of [4, 5]) {
      const inside = await as(member, {}, { version });
      const outside = await as(other, {}, { version });
      const guest = await connect({}, { version });
      for (const c of [outside, guest]) {
        assert.deepEqual((await c.subscribe([room, '#'], 1)).reasons, [version === 5 ? 0x87 : 0x80, 1]);
        await c.publish(room, 'no', { qos: 1, reason: 0x87 });
        await c.publish(room, 'no', { qos: 2, reason: 0x87 });
        await c.publish(room, 'no', { qos: 0 });
      }
      await inside.publish(room, `yes ${version}`, { qos: 1 });
      assert.equal((await reader.publishes(1))[0].text, `yes ${version}`);
      for (const c of [outside, guest])
        assert.ok(
          (await c.settle()).every(({ topic }) => topic !== room),
          '# is filtered room by room',
        );
    }
    assert.deepEqual(await reader.settle(), []);
    // A member who is put out hears no more, and is let in again.
    await owner.must(204, 'DELETE', `/rooms/${segment(room)}/members/${member.user.id}`);
    const writer = await as(owner);
    await writer.publish(room, 'without', { qos: 1 });
    assert.deepEqual(await reader.settle(), []);
    await reader.publish(room, 'put out', { qos: 1, reason: 0x87 });
  });

  it('a will is published with the rights of its connection', async () => {
    const [owner, other] = await Promise.all(['wowner', 'wother'].map((name) => new Device(broker.url).register(unique(name))));
    const room = unique('private/');
    await owner.must(201, 'POST', '/rooms', { name: room, visibility: 'private' });
    const reader = await as(owner);
    await reader.subscribe(room, 1);
    const will = (payload) => ({ will: { topic: room, payload, qos: 1 } });
    await (await as(other, will('of a stranger'))).drop();
    await (await as(owner, will('of the owner'))).drop();
    assert.equal((await reader.publishes(1))[0].text, 'of the owner');
    assert.deepEqual(await reader.settle(), []);
  });

  it('a session is its user’s: nobody else can have its client identifier', async () => {
    const [mine, theirs] = await Promise.all(['mine', 'theirs'].map((name) => new Device(broker.url).register(unique(name))));
    const clientId = unique('owned');
    const stays = { clientId, clean: false, props: { sessionExpiry: 60 } };
    const first = await as(mine, stays);
    const second = await MqttClient.open(broker);
    clients.push(second);
    await second.connect({ ...stays, username: theirs.user.name, password: theirs.token }, 0x87);
    await first.ping();
    await first.drop();
    const third = await MqttClient.open(broker, { version: 4 });
    clients.push(third);
    await third.connect({ ...stays, username: theirs.user.name, password: theirs.token }, 5);
    assert.equal((await as(mine, stays)).connack.present, true);
  });

  it('a wrong password and an unknown name are refused alike', async () => {
    const device = await new Device(broker.url).register(unique('login'));
    for (const version of [4, 5]) {
      for (const username of [device.user.name, unique('nobody')]) {
        const c = await MqttClient.open(broker, { version });
        clients.push(c);
        await c.connect({ username, password: 'wrong' }, version === 5 ? 0x86 : 4);
        await c.closes();
      }
    }
  });

  it('$SYS/broker: the names of other brokers, retained for one who comes, then every interval', async () => {
    const s = await connect();
    await s.subscribe('$SYS/broker/#', 0);
    const names = [
      'version',
      'uptime',
      'clients/connected',
      'clients/disconnected',
      'clients/total',
      'messages/received',
      'messages/sent',
      'publish/messages/received',
      'publish/messages/sent',
      'publish/messages/dropped',
      'bytes/received',
      'bytes/sent',
      'subscriptions/count',
    ].map((name) => `$SYS/broker/${name}`);
    const seen = new Map();
    await until(() => {
      for (const m of s.packets.splice(0)) if (m.type === 'publish') seen.set(m.topic, m);
      return names.every((name) => seen.has(name));
    }, 'all the names');
    assert.match(seen.get('$SYS/broker/version').text, /^parley \d/);
    assert.match(seen.get('$SYS/broker/uptime').text, /^\d+ seconds$/);
    for (const name of names.slice(2)) assert.match(seen.get(name).text, /^\d+$/, name);
    const late = await connect();
    await late.subscribe('$SYS/broker/clients/connected', 0);
    const [first, second] = await late.publishes(2);
    assert.deepEqual([first.retain, second.retain], [true, false]);
    assert.ok(Number(second.text) >= 2);
    const number = Number((await late.publishes(1))[0].text);
    await Promise.all([connect(), connect()]);
    await late.find('publish', (m) => Number(m.text) >= number + 2);
    await late.unsubscribe('$SYS/broker/clients/connected');
  });
});
