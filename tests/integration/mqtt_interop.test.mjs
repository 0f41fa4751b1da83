// What suites that compare brokers ask, where the other files do not: overlaps in rooms that are there already, a client that comes back with a
// smaller window, good-byes that are none, identifiers and expiries that change (MQTT §3.1.2, §3.3.4, §3.8.3, §3.14, §4.4, §4.9).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep } from './lib/wait.mjs';

const texts = (packets) => packets.map((p) => p.text);
const ascending = (a, b) => a - b;

mqttSuite('interoperability', (test) => {
  test(
    'overlapping filters in a room that is there already: one copy, the highest QoS, all identifiers, in any order of SUBSCRIBE',
    '3.1.1 [MQTT-3.3.5-1] 5.0 [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4]',
    async ({ connect, topic, v5 }) => {
      const [t, p] = [topic(), await connect()];
      await p.publish(`${t}/a`, 'first', { qos: 1 });
      const wide = [`${t}/+`, 2];
      const narrow = [`${t}/a`, 0];
      for (const order of [
        [wide, narrow],
        [narrow, wide],
      ]) {
        const s = await connect();
        for (const [i, [filter, qos]] of order.entries())
          await s.subscribe(filter, qos, v5 ? { props: { subscriptionId: i + 1 } } : {});
        await p.publish(`${t}/a`, 'x', { qos: 2 });
        const got = await s.settle();
        assert.deepEqual(
          got.map((m) => [m.text, m.qos]),
          [['x', 2]],
        );
        if (v5) assert.deepEqual(got[0].props.subscriptionId.sort(ascending), [1, 2]);
      }
      const s = await connect();
      await s.subscribe([
        { filter: narrow[0], qos: narrow[1] },
        { filter: wide[0], qos: wide[1] },
      ]);
      await p.publish(`${t}/a`, 'y', { qos: 2 });
      assert.deepEqual(
        (await s.settle()).map((m) => [m.text, m.qos]),
        [['y', 2]],
      );
      // What is left of two is the other one.
      await s.unsubscribe(wide[0]);
      await p.publish(`${t}/a`, 'z', { qos: 2 });
      assert.deepEqual(
        (await s.settle()).map((m) => [m.text, m.qos]),
        [['z', 0]],
      );
    },
  );

  test(
    'a client that comes back with a smaller Receive Maximum is sent no more than it takes, in order, with the same identifiers',
    '5.0 [MQTT-3.3.4-9] [MQTT-4.4.0-1] [MQTT-4.6.0-6]',
    async ({ connect, persistent, topic }) => {
      const [id, t, p] = [unique('smaller'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(t, 2);
      for (let i = 0; i < 9; ++i) await p.publish(t, `${i}`, { qos: 1 + (i % 2) });
      const first = await s.publishes(9);
      s.ack('pubrec', first[1].id);
      await s.find('pubrel');
      await s.drop();
      await p.publish(t, 'new', { qos: 1 });
      const back = await persistent(id, { props: { receiveMaximum: 2 } });
      const order = [];
      let rel = 0;
      for (let open = 0; order.length < 9;) {
        const packet = await back.next(back.packets[0]?.type ?? 'publish').catch(() => null);
        assert.ok(packet, `something comes after ${order}`);
        if (packet.type === 'pubrel') {
          assert.equal(packet.id, first[1].id);
          back.ack('pubcomp', packet.id);
          ++rel;
          continue;
        }
        order.push(packet.text);
        const before = first.find((m) => m.text === packet.text);
        assert.deepEqual([packet.id, packet.dup], before ? [before.id, true] : [packet.id, false]);
        if (++open < 2 && order.length < 9) continue;
        await back.ping();
        await sleep(50);
        assert.ok(back.packets.filter(({ type }) => type === 'publish').length === 0, 'not more than two');
        if (packet.qos === 1) back.ack('puback', packet.id);
        else {
          back.ack('pubrec', packet.id);
          await back.find('pubrel', (r) => r.id === packet.id);
          back.ack('pubcomp', packet.id);
        }
        --open;
      }
      assert.equal(rel, 1);
      assert.deepEqual(order, ['0', '2', '3', '4', '5', '6', '7', '8', 'new']);
    },
  );

  test(
    'only DISCONNECT 0x00 takes the will back: every other reason publishes it',
    '5.0 [MQTT-3.14.4-3] [MQTT-3.1.2-10]',
    async ({ connect, topic }) => {
      const [s, t] = [await connect(), topic()];
      await s.subscribe(t, 1);
      const reasons = [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x99];
      for (const reason of [0x00, ...reasons]) {
        const c = await connect({ will: { topic: t, payload: `${reason}` } });
        await c.disconnect({ reason });
      }
      assert.deepEqual(texts(await s.publishes(reasons.length)).sort(), reasons.map(String).sort());
      assert.deepEqual(await s.settle(), []);
    },
  );

  test(
    'DISCONNECT changes the session expiry: to zero ends it, from zero is an error and publishes the will',
    '5.0 [MQTT-3.14.2-2] [MQTT-3.1.2-23]',
    async ({ connect, persistent, topic }) => {
      const id = unique('expiry');
      const first = await persistent(id);
      await first.disconnect({ props: { sessionExpiry: 0 } });
      const second = await persistent(id);
      assert.equal(second.connack.present, false, 'it ended with its connection');
      await second.disconnect({ props: { sessionExpiry: 1 } });
      assert.equal((await persistent(id)).connack.present, true);
      const [s, t] = [await connect(), topic()];
      await s.subscribe(t);
      const zero = await connect({ will: { topic: t, payload: 'will' } });
      zero.send(Buffer.from([0xe0, 7, 0, 5, 0x11, 0, 0, 0, 9]));
      await zero.closes(0x82);
      assert.equal((await s.publishes(1))[0].text, 'will');
    },
  );

  test(
    'an alias that did not fit into the packet is not used afterwards; one that does not help is left out',
    '5.0 [MQTT-3.1.2-24] [MQTT-3.1.2-26] [MQTT-3.3.2-8]',
    async ({ connect, topic }) => {
      const [t, p] = [topic(), await connect()];
      // 2 + 2 + topic + 1 + payload: exactly full without an alias.
      const size = 64;
      const payload = (spare) => 'x'.repeat(size - 5 - t.length - spare);
      const s = await connect({ props: { topicAliasMaximum: 1, maximumPacketSize: size } });
      await s.subscribe(t, 0);
      for (const spare of [0, 3, 2, 10]) await p.publish(t, payload(spare), { qos: 1 });
      const known = new Map();
      const got = await s.publishes(4);
      for (const m of got) {
        assert.ok(m.raw.length <= size);
        if (m.topic === '') assert.equal(known.get(m.props.topicAlias), t, 'the alias was told before');
        else {
          assert.equal(m.topic, t);
          known.set(m.props.topicAlias, m.topic);
        }
      }
      assert.deepEqual(
        got.map((m) => m.payload.length),
        [0, 3, 2, 10].map((spare) => payload(spare).length),
      );
    },
  );

  test('no local holds for a retained message too', '5.0 [MQTT-3.8.3-3]', async ({ connect, topic }) => {
    const [t, a, b] = [topic(), await connect(), await connect()];
    await a.publish(t, 'kept', { qos: 1, retain: true });
    await a.subscribe(t, 1, { noLocal: true });
    await b.subscribe(t, 1, { noLocal: true });
    assert.deepEqual(texts(await b.publishes(1)), ['kept']);
    assert.deepEqual(await a.settle(), []);
    await a.publish(t, '', { qos: 1, retain: true });
  });

  test(
    "topics that begin with '$': `#` and `+` do not match them, clients and their wills do not publish to them",
    '3.1.1 [MQTT-4.7.2-1] 5.0 [MQTT-4.7.2-1]',
    async ({ connect }) => {
      const [all, plus, sys] = [await connect(), await connect(), await connect()];
      await all.subscribe('#', 1);
      await plus.subscribe('+/broker/fake/#', 1);
      await sys.subscribe('$SYS/broker/fake/#', 1);
      const c = await connect({ will: { topic: '$SYS/broker/fake/will', payload: 'will', qos: 1, retain: true } });
      await c.publish('$SYS/broker/fake/x', 'x', { qos: 0 });
      await c.publish('$SYS/broker/fake/x', 'x', { qos: 1, retain: true, reason: null });
      await c.drop();
      await sleep(200);
      for (const s of [all, plus, sys]) assert.ok((await s.settle()).every(({ topic }) => !topic.startsWith('$SYS/broker/fake')));
    },
  );

  test(
    'a refused filter says so, and the others of its SUBSCRIBE hold',
    '3.1.1 [MQTT-3.8.4-5] [MQTT-3.9.3-1] [MQTT-3.9.3-2] 5.0 [MQTT-3.8.4-6] [MQTT-3.9.3-1] [MQTT-3.9.3-2]',
    async ({ connect, topic, v5 }) => {
      const [t, c] = [topic(), await connect()];
      const deep = Array.from({ length: 40 }, () => 'd').join('/');
      const { reasons } = await c.subscribe([`${t}/1`, deep, `${t}/2`], 1);
      assert.deepEqual(reasons, [1, v5 ? 0x8f : 0x80, 1]);
      await c.publish(`${t}/2`, 'x', { qos: 1 });
      assert.deepEqual(texts(await c.publishes(1)), ['x']);
    },
  );

  test(
    'without a client identifier the server gives one, under which the session is found again',
    '5.0 [MQTT-3.1.3-6] [MQTT-3.2.2-16]',
    async ({ connect, persistent, topic }) => {
      const [t, p] = [topic(), await connect()];
      const first = await persistent('');
      const { assignedClientId } = first.connack.props;
      assert.ok(assignedClientId.length > 0);
      await first.subscribe(t, 1);
      await first.drop();
      await p.publish(t, 'x', { qos: 1 });
      const back = await persistent(assignedClientId);
      assert.equal(back.connack.present, true);
      assert.equal(back.connack.props.assignedClientId, undefined, 'not assigned: the client named it');
      assert.deepEqual(texts(await back.publishes(1)), ['x']);
    },
  );

  test(
    'a packet identifier is free again after PUBCOMP and after PUBACK',
    '3.1.1 [MQTT-2.3.1-4] [MQTT-4.3.3-2] 5.0 [MQTT-2.2.1-3] [MQTT-4.3.3-12] [MQTT-4.3.2-5]',
    async ({ connect, topic, build, version }) => {
      const [t, s, p] = [topic(), await connect({}, { autoAck: true }), await connect()];
      await s.subscribe(t, 2);
      for (let i = 0; i < 4; ++i) {
        p.send(build.publish(version, { topic: t, payload: `${i}`, qos: 2, id: 7 }));
        await p.next('pubrec');
        p.ack('pubrel', 7);
        await p.next('pubcomp');
      }
      for (let i = 4; i < 8; ++i) {
        p.send(build.publish(version, { topic: t, payload: `${i}`, qos: 1, id: 7 }));
        await p.next('puback');
      }
      assert.deepEqual(texts(await s.settle()), ['0', '1', '2', '3', '4', '5', '6', '7']);
    },
  );

  test(
    'a session that is resumed keeps its subscriptions for retain handling 1',
    '5.0 [MQTT-3.3.1-10] [MQTT-3.8.4-3]',
    async ({ connect, persistent, topic }) => {
      const [id, t, p] = [unique('resumed'), topic(), await connect()];
      await p.publish(t, 'kept', { qos: 1, retain: true });
      const s = await persistent(id);
      await s.subscribe(t, 0, { retainHandling: 1 });
      assert.deepEqual(texts(await s.publishes(1)), ['kept']);
      await s.drop();
      const back = await persistent(id);
      await back.subscribe(t, 1, { retainHandling: 1 });
      assert.deepEqual(await back.settle(), []);
      await p.publish(t, 'live', { qos: 1 });
      assert.deepEqual(
        (await back.publishes(1)).map((m) => [m.text, m.qos]),
        [['live', 1]],
      );
      await p.publish(t, '', { qos: 1, retain: true });
    },
  );

  test(
    'messages of every QoS for one who is away: those with QoS 1 and 2 come, once',
    '3.1.1 [MQTT-3.1.2-5] 5.0 [MQTT-4.1.0-1]',
    async ({ connect, persistent, topic }) => {
      const [id, t, p] = [unique('offline'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(`${t}/#`, 2);
      await s.disconnect();
      for (const qos of [0, 1, 2]) await p.publish(`${t}/${qos}`, `${qos}`, { qos });
      const back = await persistent(id, {}, { autoAck: true });
      const got = texts(await back.settle()).sort();
      assert.ok(got.length === 2 || got.length === 3);
      assert.deepEqual(got.slice(-2), ['1', '2']);
    },
  );

  test(
    'user properties keep their order and their doubles, in PUBLISH and in a will',
    '5.0 [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.1.3-10]',
    async ({ connect, topic }) => {
      const [t, s] = [topic(), await connect()];
      await s.subscribe(t, 2);
      const user = [
        ['b', '2'],
        ['a', '1'],
        ['b', '2'],
        ['', ''],
        ['a', 'ü'],
      ];
      const c = await connect({ will: { topic: t, payload: 'will', props: { user } } });
      await c.publish(t, 'publish', { qos: 2, props: { user } });
      await c.drop();
      for (const m of await s.publishes(2)) assert.deepEqual(m.props.user, user);
    },
  );

  test(
    'a shared subscription gives its identifier, and every member about as many',
    '5.0 [MQTT-3.3.4-3] [MQTT-4.8.2-3]',
    async ({ connect, topic }) => {
      const [t, p] = [topic(), await connect()];
      const members = [];
      for (let i = 0; i < 4; ++i) {
        const m = await connect({}, { autoAck: true });
        await m.subscribe(`$share/g/${t}`, 1, { props: { subscriptionId: i + 1 } });
        members.push(m);
      }
      for (let i = 0; i < 80; ++i) await p.publish(t, `${i}`, { qos: 1 });
      const each = [];
      for (const m of members) each.push(await m.settle());
      assert.deepEqual(
        texts(each.flat()).sort((a, b) => a - b),
        Array.from({ length: 80 }, (_, i) => `${i}`),
      );
      for (const [i, got] of each.entries()) {
        assert.ok(got.length >= 10, `member ${i} got ${got.length}`);
        assert.ok(got.every((m) => m.props.subscriptionId.length === 1 && m.props.subscriptionId[0] === i + 1));
      }
    },
  );

  test(
    'will QoS and retain are kept; with a delay longer than the session it is published when that ends',
    '5.0 [MQTT-3.1.2-8] [MQTT-3.1.2-14] [MQTT-3.1.2-15]',
    async ({ connect, topic }) => {
      const [t, s] = [topic(), await connect()];
      await s.subscribe(t, 2, { retainAsPublished: true });
      const will = { topic: t, payload: 'late', qos: 2, retain: true, props: { willDelay: 3600 } };
      const c = await connect({ clientId: unique('will'), clean: false, will, props: { sessionExpiry: 1 } });
      const start = Date.now();
      await c.drop();
      const [m] = await s.publishes(1);
      assert.deepEqual([m.text, m.qos, m.retain], ['late', 2, true]);
      assert.ok(Date.now() - start >= 900, 'not before the session ended');
      await (await connect()).publish(t, '', { qos: 1, retain: true });
    },
  );
});
