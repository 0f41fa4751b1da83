// Flow control, packet sizes, topic aliases and keep-alive (MQTT §4.9, §3.1.2.11, §3.3.2.3.4, §3.1.2.10).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep } from './lib/wait.mjs';

const numbers = (packets) => packets.map((p) => Number(p.text));

mqttSuite('flow', (test) => {
  test(
    'receive maximum: so many are under way, other packets are not held back',
    '5.0 [MQTT-3.3.4-9] [MQTT-3.3.4-10] [MQTT-4.9.0-1] [MQTT-4.9.0-2] [MQTT-4.9.0-3]',
    async ({ connect, topic }) => {
      const [t, p] = [topic(), await connect()];
      for (const qos of [1, 2]) {
        const s = await connect({ props: { receiveMaximum: 3 } });
        await s.subscribe(t, qos);
        for (let i = 0; i < 8; ++i) await p.publish(t, `${i}`, { qos });
        const got = await s.publishes(3);
        await s.subscribe(unique('other/'), 0);
        await s.publish(unique('other/'), 'x', { qos: 1 });
        await s.ping();
        await sleep(100);
        assert.equal(s.packets.length, 0, 'not more than three');
        while (got.length < 8) {
          const { id } = got[got.length - 3];
          s.ack(qos === 1 ? 'puback' : 'pubrec', id);
          if (qos === 2) {
            assert.equal((await s.find('pubrel')).id, id);
            await s.ping();
            assert.equal(s.packets.length, 0, 'PUBREC does not free a place');
            s.ack('pubcomp', id);
          }
          got.push(...(await s.publishes(1)));
          assert.equal(s.packets.length, 0);
        }
        assert.deepEqual(numbers(got), [0, 1, 2, 3, 4, 5, 6, 7]);
        s.end();
      }
    },
  );

  test('a PUBREC with an error frees a place', '5.0 [MQTT-3.3.4-9] [MQTT-4.9.0-2]', async ({ connect, topic }) => {
    const [t, p, s] = [topic(), await connect(), await connect({ props: { receiveMaximum: 1 } })];
    await s.subscribe(t, 2);
    await p.publish(t, '0', { qos: 2 });
    await p.publish(t, '1', { qos: 2 });
    const [m] = await s.publishes(1);
    s.ack('pubrec', m.id, { reason: 0x97 });
    assert.equal((await s.publishes(1))[0].text, '1');
  });

  test('QoS 0 is not counted', '5.0 [MQTT-4.9.0-2]', async ({ connect, topic }) => {
    const [t, p, s] = [topic(), await connect(), await connect({ props: { receiveMaximum: 1 } })];
    await s.subscribe(t, 1);
    await p.publish(t, 'one', { qos: 1 });
    await s.publishes(1);
    for (let i = 0; i < 5; ++i) await p.publish(t, `${i}`, { qos: 0 });
    assert.equal((await s.publishes(5)).length, 5);
  });

  test('one who does not acknowledge gets a bounded number, and the rest when it does', '3.1.1 [MQTT-4.3.2-1] 5.0 [MQTT-4.3.2-3]', async ({ connect, topic, version, build }) => {
    const [t, p, s] = [topic(), await connect({}, { autoAck: true }), await connect()];
    await s.subscribe(t, 1);
    p.onPacket = ({ type }) => type === 'puback';
    for (let i = 0; i < 1000; i += 50) {
      p.send(...Array.from({ length: 50 }, (_, k) => build.publish(version, { topic: t, payload: `${i + k}`, qos: 1, id: i + k + 1 })));
      await p.ping();
    }
    const got = [];
    while (got.length < 1000) {
      const more = await s.publishes(1);
      for (const m of more) s.ack('puback', m.id);
      got.push(...more);
    }
    assert.deepEqual(numbers(got), Array.from({ length: 1000 }, (_, i) => i));
  });

  test('more publishes than the server allows', '5.0 [MQTT-3.3.4-7]', async ({ connect, topic, build }) => {
    const c = await connect();
    const most = c.connack.props.receiveMaximum ?? 65_535;
    if (most > 2000) return;
    const t = topic();
    // Without PUBREL none of them is finished.
    c.send(...Array.from({ length: most + 1 }, (_, i) => build.publish(5, { topic: t, payload: 'x', qos: 2, id: i + 1 })));
    await c.closes(0x93, 10_000);
  });

  test(
    'a packet that is too large for a client is not sent, and counts as delivered',
    '5.0 [MQTT-3.1.2-24] [MQTT-3.1.2-25]',
    async ({ connect, persistent, topic }) => {
      const [t, p] = [topic(), await connect()];
      const id = unique('small');
      const s = await persistent(id, { props: { maximumPacketSize: 100 } });
      await s.subscribe(t, 1);
      await p.publish(t, 'x'.repeat(200), { qos: 1 });
      await p.publish(t, 'y'.repeat(200), { qos: 0 });
      await p.publish(t, 'fits', { qos: 1 });
      const [m] = await s.publishes(1);
      assert.equal(m.text, 'fits');
      s.ack('puback', m.id);
      await s.ping();
      await s.drop();
      assert.deepEqual(await (await persistent(id)).settle(), [], 'it does not come later either');
    },
  );

  test('a packet that is too large for the server', '5.0 [MQTT-3.2.2-15]', async ({ connect, topic, build }) => {
    const c = await connect();
    const most = c.connack.props.maximumPacketSize;
    if (!most) return;
    c.send(build.publish(5, { topic: topic(), payload: Buffer.alloc(most), qos: 1, id: 1 }));
    await c.closes(0x95);
  });

  test('no reason strings where they do not fit or are not wanted', '5.0 [MQTT-3.1.2-29] [MQTT-3.4.2-2] [MQTT-3.5.2-2] [MQTT-3.7.2-2] [MQTT-3.9.2-1] [MQTT-3.11.2-1]', async ({ connect }) => {
    for (const props of [{ requestProblem: 0 }, { maximumPacketSize: 20 }]) {
      const c = await connect({ props });
      c.ack('pubrel', 5);
      const comp = await c.next('pubcomp');
      const forbidden = await c.publish('$SYS/x', 'x', { qos: 1, reason: null });
      const recForbidden = await c.publish('$SYS/x', 'x', { qos: 2, reason: null });
      const sub = await c.subscribe('a', 0);
      const unsub = await c.unsubscribe('b');
      for (const packet of [comp, forbidden, recForbidden, sub, unsub]) {
        if (props.requestProblem === 0) assert.deepEqual(packet.props, {});
        assert.ok(packet.raw.length <= 20);
      }
    }
  });

  test('aliases to the server, kept for one connection', '5.0 [MQTT-3.3.2-7] [MQTT-3.3.2-12]', async ({ connect, topic, build }) => {
    const [a, b, s, p] = [topic(), topic(), await connect(), await connect()];
    const most = p.connack.props.topicAliasMaximum ?? 0;
    if (most === 0) return;
    await s.subscribe([a, b], 1);
    const send = (name, alias, payload) => p.send(build.publish(5, { topic: name, payload, props: { topicAlias: alias } }));
    send(a, 1, '1');
    send(b, most, '2');
    send('', 1, '3');
    send('', most, '4');
    send(b, 1, '5');
    send('', 1, '6');
    const got = await s.publishes(6);
    // Topics have an order each, not one among them.
    assert.deepEqual(Object.fromEntries(got.map((m) => [m.text, m.topic])), { 1: a, 2: b, 3: a, 4: b, 5: b, 6: b });
    assert.ok(got.every((m) => m.props.topicAlias === undefined), 'an alias is not handed on');
    const other = await connect();
    other.send(build.publish(5, { topic: '', payload: 'x', props: { topicAlias: 1 } }));
    await other.closes([0x82, 0x94]);
  });

  test('aliases to a client: none unless it asks, never above its maximum', '5.0 [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-11]', async ({ connect, topic }) => {
    const names = [topic(), topic(), topic(), topic()];
    const p = await connect();
    for (const most of [undefined, 0, 2]) {
      const s = await connect({ props: most === undefined ? {} : { topicAliasMaximum: most } });
      await s.subscribe(names, 0);
      for (const name of [...names, ...names]) await p.publish(name, name, { qos: 1 });
      const known = new Map();
      for (const m of await s.publishes(8)) {
        const alias = m.props.topicAlias;
        assert.ok(alias === undefined || (alias >= 1 && alias <= (most ?? 0)));
        if (alias !== undefined && m.topic !== '') known.set(alias, m.topic);
        assert.equal(m.topic === '' ? known.get(alias) : m.topic, m.text);
      }
      s.end();
    }
  });

  test(
    'keep-alive: silent for one and a half times as long, the connection is closed; a PINGREQ keeps it',
    '3.1.1 [MQTT-3.1.2-24] 5.0 [MQTT-3.1.2-22] [MQTT-3.2.2-22]',
    async ({ connect }) => {
      const [silent, busy, none] = [await connect({ keepAlive: 1 }), await connect({ keepAlive: 1 }), await connect({ keepAlive: 0 })];
      const start = Date.now();
      const timer = setInterval(() => busy.send(Buffer.from([0xc0, 0])), 400);
      await silent.closes(undefined, 8_000);
      const took = Date.now() - start;
      assert.ok(took >= 1_400, `${took} ms`);
      assert.ok(took < 4_000, `${took} ms`);
      if (silent.packets.length > 0) assert.equal(silent.packets.at(-1).reason, 0x8d);
      await sleep(500);
      clearInterval(timer);
      assert.equal(busy.isEnded, false);
      await none.ping();
    },
  );
});
