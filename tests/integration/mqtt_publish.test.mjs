// PUBLISH and its acknowledgements, QoS 0, 1 and 2, towards the server and towards clients (MQTT §3.3 to §3.7, §4.3, §4.6).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';

mqttSuite('publish', (test) => {
  test(
    'every QoS published to every QoS subscribed: the lower one arrives, payload as it was',
    '3.1.1 [MQTT-3.3.4-1] [MQTT-3.8.4-6] [MQTT-4.3.1-1] [MQTT-3.3.1-2] [MQTT-3.3.2-3] [MQTT-2.3.1-5]' +
      ' 5.0 [MQTT-3.3.4-1] [MQTT-3.8.4-8] [MQTT-4.3.1-1] [MQTT-3.3.1-2] [MQTT-3.3.2-3] [MQTT-2.2.1-2]',
    async ({ connect, topic }) => {
      for (const granted of [0, 1, 2]) {
        const t = topic();
        const [s, p] = [await connect({}, { autoAck: true }), await connect()];
        assert.deepEqual((await s.subscribe(t, granted)).reasons, [granted]);
        const payload = Buffer.from([0, 255, 1, 128, 10, 0]);
        for (const qos of [0, 1, 2]) {
          await p.publish(t, payload, { qos });
          const [m] = await s.publishes(1);
          assert.equal(m.qos, Math.min(qos, granted));
          assert.equal(m.topic, t);
          assert.deepEqual(m.payload, payload);
          assert.deepEqual([m.dup, m.retain], [false, false]);
        }
      }
    },
  );

  test(
    'PUBACK and PUBREC carry the packet identifier, in the order of the publishes',
    '3.1.1 [MQTT-2.3.1-6] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT-4.6.0-2] [MQTT-4.6.0-3]' +
      ' 5.0 [MQTT-2.2.1-5] [MQTT-4.3.2-4] [MQTT-4.3.3-8] [MQTT-4.3.3-11] [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.7.2-1]',
    async ({ connect, topic, version, build }) => {
      const c = await connect();
      const topics = [topic(), topic(), topic()];
      const ids = Array.from({ length: 20 }, (_, i) => 65_535 - 7 * i);
      c.send(...ids.map((id, i) => build.publish(version, { topic: topics[i % 3], payload: `${i}`, qos: 1, id })));
      for (const id of ids) {
        const ack = await c.next('puback');
        assert.equal(ack.id, id);
        assert.ok([0, 0x10, undefined].includes(ack.reason));
      }
      c.send(...ids.map((id, i) => build.publish(version, { topic: topics[i % 3], payload: `${i}`, qos: 2, id })));
      for (const id of ids) assert.equal((await c.next('pubrec')).id, id);
      c.send(...ids.map((id) => build.ack(version, 'pubrel', id)));
      for (const id of ids) {
        const comp = await c.next('pubcomp');
        assert.deepEqual([comp.id, comp.reason ?? 0], [id, 0]);
      }
    },
  );

  test(
    'QoS 1: a repeat after the PUBACK is another message, whatever its DUP flag',
    '3.1.1 [MQTT-4.3.2-2] [MQTT-3.3.1-3] 5.0 [MQTT-4.3.2-5] [MQTT-3.3.1-3]',
    async ({ connect, topic, version, build }) => {
      const t = topic();
      const [s, p] = [await connect({}, { autoAck: true }), await connect()];
      await s.subscribe(t, 1);
      for (const dup of [false, true]) {
        p.send(build.publish(version, { topic: t, payload: 'x', qos: 1, id: 5, dup }));
        await p.next('puback');
      }
      const got = await s.publishes(2);
      assert.deepEqual(got.map(({ dup }) => dup), [false, false], 'DUP is not handed on');
    },
  );

  test(
    'QoS 2: a repeat before PUBREL gets PUBREC and is delivered once; after PUBCOMP it is new',
    '3.1.1 [MQTT-4.3.3-2] 5.0 [MQTT-4.3.3-10] [MQTT-4.3.3-12]',
    async ({ connect, topic, version, build }) => {
      const t = topic();
      const [s, p] = [await connect({}, { autoAck: true }), await connect()];
      await s.subscribe(t, 2);
      for (const dup of [false, true, true]) {
        p.send(build.publish(version, { topic: t, payload: 'once', qos: 2, id: 9, dup }));
        assert.equal((await p.next('pubrec')).id, 9);
      }
      p.ack('pubrel', 9);
      await p.next('pubcomp');
      p.send(build.publish(version, { topic: t, payload: 'new', qos: 2, id: 9 }));
      await p.next('pubrec');
      p.ack('pubrel', 9);
      await p.next('pubcomp');
      await p.ping();
      assert.deepEqual((await s.settle()).map((m) => m.text), ['once', 'new']);
    },
  );

  test('a PUBREL for an identifier that is not in use', '3.1.1 [MQTT-4.3.3-2] 5.0 [MQTT-4.3.3-11] [MQTT-3.7.2-1]', async ({ connect, v5 }) => {
    const c = await connect();
    c.ack('pubrel', 77);
    const comp = await c.next('pubcomp');
    assert.equal(comp.id, 77);
    if (v5) assert.equal(comp.reason, 0x92);
  });

  test('a PUBREC for an identifier that is not in use', '5.0 [MQTT-3.6.2-1]', async ({ connect }) => {
    const c = await connect();
    c.ack('pubrec', 77);
    const rel = await c.next('pubrel');
    assert.deepEqual([rel.id, rel.reason], [77, 0x92]);
  });

  test('acknowledgements that nobody waits for are ignored', '3.1.1 [MQTT-4.3.2-1] 5.0 [MQTT-4.3.2-3]', async ({ connect }) => {
    const c = await connect();
    c.ack('puback', 4711);
    c.ack('pubcomp', 4711);
    await c.ping();
    await c.ping();
  });

  test(
    'QoS 2 to a subscriber: PUBREL after PUBREC, with the same identifier; nothing is repeated while connected',
    '3.1.1 [MQTT-4.3.3-1] [MQTT-2.3.1-4] [MQTT-2.3.1-6] 5.0 [MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-4.3.3-4] [MQTT-2.2.1-4] [MQTT-4.4.0-1]',
    async ({ connect, topic }) => {
      const t = topic();
      const [s, p] = [await connect(), await connect()];
      await s.subscribe(t, 2);
      for (let i = 0; i < 3; ++i) await p.publish(t, `${i}`, { qos: 2 });
      const got = await s.publishes(3);
      assert.equal(new Set(got.map(({ id }) => id)).size, 3);
      assert.ok(got.every(({ id, dup, qos }) => id > 0 && !dup && qos === 2));
      await s.ping();
      assert.equal(s.packets.length, 0);
      for (const { id } of got) {
        s.ack('pubrec', id);
        assert.equal((await s.next('pubrel')).id, id);
        s.ack('pubcomp', id);
      }
      await s.ping();
      assert.equal(s.packets.length, 0);
    },
  );

  test(
    'identifiers to a subscriber are not zero, and not used twice at once',
    '3.1.1 [MQTT-2.3.1-4] [MQTT-4.3.2-1] 5.0 [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.2-2]',
    async ({ connect, topic }) => {
      const t = topic();
      const [s, p] = [await connect(), await connect()];
      await s.subscribe(t, 1);
      for (let i = 0; i < 50; ++i) await p.publish(t, `${i}`, { qos: 1 });
      const got = await s.publishes(50);
      assert.equal(new Set(got.map(({ id }) => id)).size, 50);
      assert.deepEqual(got.map((m) => m.text), Array.from({ length: 50 }, (_, i) => `${i}`));
    },
  );

  test(
    'order: one publisher, one topic, each QoS, many at once',
    '3.1.1 [MQTT-4.6.0-5] [MQTT-4.6.0-6] 5.0 [MQTT-4.6.0-5] [MQTT-4.6.0-6]',
    async ({ connect, topic, version, build }) => {
      const t = topic();
      const [s, p] = [await connect({}, { autoAck: true }), await connect({}, { autoAck: true })];
      await s.subscribe(t, 2);
      await p.publish(t, 'the room is there', { qos: 1 });
      await s.publishes(1);
      for (const qos of [0, 1, 2]) {
        const count = 200;
        p.onPacket = (packet) => {
          if (packet.type === 'pubrec') p.ack('pubrel', packet.id);
          return ['puback', 'pubrec', 'pubcomp'].includes(packet.type);
        };
        for (let i = 0; i < count; i += 20) {
          p.send(
            ...Array.from({ length: 20 }, (_, k) =>
              build.publish(version, { topic: t, payload: `${i + k}`, qos, id: qos > 0 ? i + k + 1 : undefined }),
            ),
          );
          await p.ping();
        }
        const got = await s.publishes(count);
        assert.deepEqual(got.map((m) => Number(m.text)), Array.from({ length: count }, (_, i) => i), `QoS ${qos}`);
        p.onPacket = undefined;
      }
    },
  );

  test('an empty payload is a message', '3.1.1 [MQTT-3.3.4-1] 5.0 [MQTT-3.3.4-1]', async ({ connect, topic }) => {
    const t = topic();
    const c = await connect({}, { autoAck: true });
    await c.subscribe(t, 2);
    for (const qos of [0, 1, 2]) await c.publish(t, '', { qos });
    assert.deepEqual((await c.publishes(3)).map(({ payload }) => payload.length), [0, 0, 0]);
  });

  test('a payload of 200,000 bytes', '3.1.1 [MQTT-3.3.4-1] 5.0 [MQTT-3.3.4-1]', async ({ connect, topic }) => {
    const t = topic();
    const c = await connect({}, { autoAck: true });
    await c.subscribe(t, 1);
    const payload = Buffer.alloc(200_000, 'abcdefg');
    for (const qos of [0, 1]) await c.publish(t, payload, { qos });
    for (const m of await c.publishes(2)) assert.ok(m.payload.equals(payload));
  });

  test('a publish without a subscriber is acknowledged', '3.1.1 [MQTT-4.3.2-2] 5.0 [MQTT-3.4.2-1] [MQTT-4.3.2-4]', async ({ connect, topic }) => {
    const c = await connect();
    for (const qos of [0, 1, 2]) await c.publish(topic(), 'x', { qos });
    await c.ping();
  });

  test(
    'a PUBACK or PUBREC with an error settles the message',
    '5.0 [MQTT-4.4.0-2] [MQTT-4.3.3-4]',
    async ({ persistent, connect, topic }) => {
      const t = topic();
      const clientId = unique('nack');
      const s = await persistent(clientId);
      await s.subscribe(t, 2);
      const p = await connect();
      await p.publish(t, '1', { qos: 1 });
      await p.publish(t, '2', { qos: 2 });
      const [one, two] = await s.publishes(2);
      s.ack('puback', one.id, { reason: 0x83 });
      s.ack('pubrec', two.id, { reason: 0x83 });
      await s.ping();
      assert.equal(s.packets.length, 0, 'no PUBREL');
      await s.drop();
      const again = await persistent(clientId);
      assert.equal(again.connack.present, true);
      assert.deepEqual(await again.settle(), []);
    },
  );
});
