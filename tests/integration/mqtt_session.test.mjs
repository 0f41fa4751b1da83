// Session state: clean start, expiry, session present, redelivery, restarts (MQTT §3.1.2.4, §3.1.2.11, §4.1, §4.4).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep } from './lib/wait.mjs';

const texts = (packets) => packets.map((p) => p.text);

mqttSuite('session', (test, state) => {
  const restart = async (broker) => {
    await broker.kill();
    state.broker = await broker.again({ args: ['--anonymous'] });
  };

  test(
    'session present says what was kept; a clean start throws it away',
    '3.1.1 [MQTT-3.1.2-4] [MQTT-3.1.2-6] [MQTT-3.1.4-3] [MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-4.1.0-1]' +
      ' 5.0 [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.1.4-4] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.2-23]',
    async ({ persistent, connect, topic }) => {
      const [id, t] = [unique('s'), topic()];
      const p = await connect();
      const first = await persistent(id);
      assert.equal(first.connack.present, false);
      await first.subscribe(t, 1);
      await first.disconnect();
      const second = await persistent(id);
      assert.equal(second.connack.present, true);
      await p.publish(t, 'kept', { qos: 1 });
      assert.equal((await second.publishes(1))[0].text, 'kept');
      await second.drop();
      const clean = await connect({ clientId: id });
      assert.equal(clean.connack.present, false);
      await p.publish(t, 'lost', { qos: 1 });
      assert.deepEqual(await clean.settle(), []);
      await clean.disconnect();
      assert.equal((await persistent(id)).connack.present, false);
    },
  );

  test(
    'what is published while it is away arrives in order: QoS 1 and 2',
    '3.1.1 [MQTT-3.1.2-5] [MQTT-4.5.0-1] [MQTT-4.1.0-1] 5.0 [MQTT-4.5.0-1] [MQTT-3.1.2-23] [MQTT-3.1.2-5]',
    async ({ persistent, connect, topic }) => {
      const [id, t, p] = [unique('away'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(`${t}/+`, 2);
      await s.drop();
      for (let i = 0; i < 30; ++i) await p.publish(`${t}/a`, `${i}`, { qos: 1 + (i % 2) });
      await p.publish(`${t}/made later`, 'also here', { qos: 1 });
      const back = await persistent(id, {}, { autoAck: true });
      const got = await back.publishes(31);
      const inA = got.filter((m) => m.topic.endsWith('/a'));
      for (const qos of [1, 2])
        assert.deepEqual(
          texts(inA.filter((m) => m.qos === qos)),
          Array.from({ length: 30 }, (_, i) => `${i}`).filter((_, i) => 1 + (i % 2) === qos),
        );
      assert.equal(got.filter((m) => m.text === 'also here').length, 1);
      assert.ok(got.every((m) => !m.dup));
      assert.deepEqual(await back.settle(), []);
    },
  );

  test(
    'unacknowledged ones are sent again, in order, with DUP and their identifiers; only after a reconnect',
    '3.1.1 [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.6.0-6] [MQTT-4.3.2-1]' +
      ' 5.0 [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.1.0-1]',
    async ({ persistent, connect, topic }) => {
      const [id, t, p] = [unique('again'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(t, 2);
      for (let i = 0; i < 6; ++i) await p.publish(t, `${i}`, { qos: 1 + (i % 2) });
      const first = await s.publishes(6);
      s.ack('puback', first[0].id);
      await s.ping();
      await sleep(200);
      assert.equal(s.packets.length, 0, 'nothing is repeated while connected');
      await s.drop();
      const back = await persistent(id);
      const again = await back.publishes(5);
      assert.deepEqual(
        again.map((m) => [m.id, m.text, m.qos, m.dup]),
        first.slice(1).map((m) => [m.id, m.text, m.qos, true]),
      );
      for (const m of again) back.ack(m.qos === 1 ? 'puback' : 'pubrec', m.id);
      for (const m of again.filter(({ qos }) => qos === 2)) {
        const rel = await back.find('pubrel');
        assert.equal(rel.id, m.id, 'PUBREL in the order of the PUBRECs');
        back.ack('pubcomp', rel.id);
      }
      await back.ping();
      await back.drop();
      assert.deepEqual(await (await persistent(id)).settle(), []);
    },
  );

  test(
    'after PUBREC only PUBREL is sent again',
    '3.1.1 [MQTT-4.3.3-1] [MQTT-4.4.0-1] 5.0 [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT-4.4.0-1]',
    async ({ persistent, connect, topic }) => {
      const [id, t, p] = [unique('rel'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(t, 2);
      await p.publish(t, 'x', { qos: 2 });
      const [m] = await s.publishes(1);
      s.ack('pubrec', m.id);
      await s.next('pubrel');
      await s.drop();
      const back = await persistent(id);
      assert.equal((await back.next('pubrel')).id, m.id);
      back.ack('pubcomp', m.id);
      await back.ping();
      assert.equal(back.packets.length, 0);
    },
  );

  test(
    'a QoS 2 publish is taken once over a reconnect: PUBLISH again, PUBREL again',
    '3.1.1 [MQTT-4.3.3-2] [MQTT-4.4.0-1] 5.0 [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-3.1.2-23]',
    async ({ persistent, connect, topic, build, version, v5 }) => {
      const [id, t, s] = [unique('pub'), topic(), await connect({}, { autoAck: true })];
      await s.subscribe(t, 2);
      const p = await persistent(id);
      p.send(build.publish(version, { topic: t, payload: 'once', qos: 2, id: 3 }));
      await p.next('pubrec');
      await p.drop();
      const again = await persistent(id);
      again.send(build.publish(version, { topic: t, payload: 'once', qos: 2, id: 3, dup: true }));
      const rec = await again.next('pubrec');
      assert.ok(!(rec.reason >= 0x80));
      again.ack('pubrel', 3);
      const comp = await again.next('pubcomp');
      assert.equal(comp.reason ?? 0, 0);
      await again.drop();
      const third = await persistent(id);
      third.ack('pubrel', 3);
      const late = await third.next('pubcomp');
      if (v5) assert.ok([0, 0x92].includes(late.reason));
      assert.deepEqual(texts(await s.settle()), ['once']);
    },
  );

  test(
    'everything survives a crash of the server: subscriptions, messages, QoS 2 in both directions',
    '3.1.1 [MQTT-4.1.0-1] [MQTT-4.3.3-2] [MQTT-4.4.0-1] 5.0 [MQTT-3.1.2-23] [MQTT-4.3.3-10] [MQTT-4.4.0-1] [MQTT-4.1.0-1]',
    async ({ persistent, connect, topic, broker, build, version }) => {
      if (!broker.kill) return;
      const [id, t] = [unique('crash'), topic()];
      const s = await persistent(id);
      await s.subscribe(t, 2);
      const p = await persistent(unique('p'));
      await p.publish(t, 'one', { qos: 1 });
      await p.publish(t, 'two', { qos: 2 });
      await p.publish(t, 'three', { qos: 2 });
      p.send(build.publish(version, { topic: t, payload: 'four', qos: 2, id: 900 }));
      await p.find('pubrec');
      const got = await s.publishes(4);
      assert.deepEqual(texts(got), ['one', 'two', 'three', 'four']);
      s.ack('puback', got[0].id);
      s.ack('pubrec', got[1].id);
      await s.next('pubrel');
      await s.ping();
      await restart(broker);
      const again = await persistent(p.clientId);
      assert.equal(again.connack.present, true);
      again.send(build.publish(version, { topic: t, payload: 'four', qos: 2, id: 900, dup: true }));
      await again.find('pubrec');
      again.ack('pubrel', 900);
      await again.find('pubcomp');
      await again.publish(t, 'five', { qos: 1 });
      const back = await persistent(id, {}, { autoAck: true });
      assert.equal(back.connack.present, true);
      await back.find('publish', (m) => m.text === 'five');
      const rest = back.packets.filter(({ type }) => type === 'publish');
      assert.deepEqual(
        rest.filter((m) => m.text !== 'one').map((m) => [m.text, m.id, m.dup]),
        got.slice(2).map((m) => [m.text, m.id, true]),
      );
      assert.ok(back.packets.some(({ type, id: rel }) => type === 'pubrel' && rel === got[1].id));
      void connect;
    },
  );

  test(
    'an acknowledged session is quiet after a restart',
    '3.1.1 [MQTT-4.1.0-1] 5.0 [MQTT-4.1.0-1]',
    async ({ persistent, connect, topic, broker }) => {
      if (!broker.kill) return;
      const [id, t] = [unique('quiet'), topic()];
      const s = await persistent(id, {}, { autoAck: true });
      await s.subscribe(t, 2);
      const p = await connect();
      for (let i = 0; i < 5; ++i) await p.publish(t, `${i}`, { qos: 1 + (i % 2) });
      await s.publishes(5);
      await s.settle();
      await s.disconnect();
      await broker.stop();
      state.broker = await broker.again({ args: ['--anonymous'] });
      const back = await persistent(id);
      assert.equal(back.connack.present, true);
      assert.deepEqual(await back.settle(), []);
    },
  );

  test(
    'expiry: 0 ends with the connection, n after n seconds, DISCONNECT may change it',
    '5.0 [MQTT-4.1.0-2] [MQTT-3.1.2-23]',
    async ({ connect, persistent }) => {
      const back = async (id) => (await persistent(id)).connack.present;
      const none = await connect({ clean: false });
      await none.drop();
      assert.equal(await back(none.clientId), false, 'absent is 0');
      const short = await connect({ props: { sessionExpiry: 1 } });
      const changed = await connect({ props: { sessionExpiry: 1 } });
      const ended = await persistent(unique('ended'));
      const forever = await connect({ props: { sessionExpiry: 0xffffffff } });
      await Promise.all([
        short.drop(),
        changed.disconnect({ props: { sessionExpiry: 100 } }),
        ended.disconnect({ props: { sessionExpiry: 0 } }),
        forever.drop(),
      ]);
      assert.equal(await back(ended.clientId), false);
      await sleep(2500);
      assert.equal(await back(short.clientId), false);
      assert.equal(await back(changed.clientId), true);
      assert.equal(await back(forever.clientId), true);
    },
  );

  test(
    'a take-over goes on with the session',
    '3.1.1 [MQTT-3.1.4-2] [MQTT-3.1.2-4] 5.0 [MQTT-3.1.4-3] [MQTT-3.1.2-5]',
    async ({ persistent, connect, topic }) => {
      const [id, t, p] = [unique('over'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(t, 1);
      await p.publish(t, 'unacked', { qos: 1 });
      const [m] = await s.publishes(1);
      const next = await persistent(id);
      assert.equal(next.connack.present, true);
      await s.closes(0x8e);
      const [again] = await next.publishes(1);
      assert.deepEqual([again.id, again.text, again.dup], [m.id, 'unacked', true]);
    },
  );

  test(
    'QoS 0 is not owed to one who is away',
    '3.1.1 [MQTT-4.3.1-1] 5.0 [MQTT-4.3.1-1]',
    async ({ persistent, connect, topic }) => {
      const [id, t, p] = [unique('zero'), topic(), await connect()];
      const s = await persistent(id);
      await s.subscribe(t, 0);
      await s.drop();
      await p.publish(t, 'missed', { qos: 0 });
      await p.ping();
      const back = await persistent(id);
      await back.subscribe(`${t}/other`, 0);
      assert.equal(back.connack.present, true);
      assert.ok((await back.settle()).length <= 1);
    },
  );
});
