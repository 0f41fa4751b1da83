// Properties of messages on their way through the server, expiry, shared subscriptions (MQTT §3.3.2.3, §4.8.2).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep } from './lib/wait.mjs';

mqttSuite('properties and shared', (test) => {
  const all = {
    payloadFormat: 1,
    contentType: 'application/x-ü',
    responseTopic: 'answers/here',
    correlationData: Buffer.from([0, 255, 1]),
    user: [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['', ''],
      ['parley-x', 'ü'],
    ],
  };
  test(
    'they arrive unaltered and in order, at every QoS',
    '5.0 [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]',
    async ({ connect, topic }) => {
      const [t, p, s] = [topic(), await connect(), await connect({}, { autoAck: true })];
      await s.subscribe(t, 2);
      for (const qos of [0, 1, 2]) {
        await p.publish(t, 'text', { qos, props: all });
        assert.deepEqual((await s.publishes(1))[0].props, all);
        await p.publish(t, 'text', { qos, props: { payloadFormat: 0 } });
        assert.deepEqual((await s.publishes(1))[0].props, { payloadFormat: 0 });
      }
    },
  );

  test('they are kept for one who is away', '5.0 [MQTT-3.3.2-17] [MQTT-3.3.2-18]', async ({ connect, persistent, topic }) => {
    const [t, p, id] = [topic(), await connect(), unique('props')];
    const s = await persistent(id);
    await s.subscribe(t, 1, { props: { subscriptionId: 9 } });
    await s.drop();
    await p.publish(t, 'x', { qos: 1, props: all });
    const back = await persistent(id);
    assert.deepEqual((await back.publishes(1))[0].props, { ...all, subscriptionId: [9] });
  });

  test('a 3.1.1 publisher sends none, a 3.1.1 subscriber gets none', '3.1.1 [MQTT-3.3.4-1] 5.0 [MQTT-2.2.2-1]', async ({ connect, topic }) => {
    const [t, p, s] = [topic(), await connect({}, { version: 4 }), await connect({}, { version: 5 })];
    const old = await connect({}, { version: 4 });
    await s.subscribe(t, 0);
    await old.subscribe(t, 0);
    await p.publish(t, 'x', { qos: 1 });
    assert.deepEqual((await s.publishes(1))[0].props, {});
    await s.publish(t, 'y', { qos: 1, props: all });
    assert.deepEqual((await old.publishes(2)).map((m) => m.text), ['x', 'y']);
  });

  test('a payload that is no UTF-8 although it says so', '5.0 [MQTT-3.4.2-1] [MQTT-3.5.2-1]', async ({ connect, topic }) => {
    const c = await connect();
    const bad = Buffer.from([0xff, 0xfe]);
    const ack = await c.publish(topic(), bad, { qos: 1, reason: null, props: { payloadFormat: 1 } });
    assert.equal(ack.reason, 0x99);
    const rec = await c.publish(topic(), bad, { qos: 2, reason: null, props: { payloadFormat: 1 } });
    assert.equal(rec.reason, 0x99);
    assert.equal((await c.publish(topic(), bad, { qos: 1 })).type, 'puback');
  });

  test('a refused QoS 2 publish frees its identifier', '5.0 [MQTT-4.3.3-9]', async ({ connect, topic, build }) => {
    const [c, t] = [await connect(), topic()];
    await c.subscribe(t, 0);
    c.send(build.publish(5, { topic: t, payload: Buffer.from([0xff]), qos: 2, id: 44, props: { payloadFormat: 1 } }));
    assert.equal((await c.find('pubrec')).reason, 0x99);
    c.send(build.publish(5, { topic: t, payload: 'good', qos: 2, id: 44 }));
    assert.ok((await c.find('pubrec')).reason < 0x80);
    c.ack('pubrel', 44);
    await c.find('pubcomp');
    assert.deepEqual((await c.settle()).map((m) => m.text), ['good']);
  });

  test('expiry: what was waiting too long is not sent, the rest says what is left', '5.0 [MQTT-3.3.2-5] [MQTT-3.3.2-6] [MQTT-4.3.3-13]', async ({ connect, persistent, topic }) => {
    const [t, p, id] = [topic(), await connect(), unique('exp')];
    const s = await persistent(id);
    await s.subscribe(t, 2);
    await s.drop();
    await p.publish(t, 'short', { qos: 1, props: { messageExpiry: 1 } });
    await p.publish(t, 'long', { qos: 1, props: { messageExpiry: 60 } });
    await p.publish(t, 'short 2', { qos: 2, props: { messageExpiry: 1 } });
    await p.publish(t, 'for ever', { qos: 2 });
    await sleep(2100);
    const back = await persistent(id, {}, { autoAck: true });
    const got = await back.settle();
    assert.deepEqual(got.map((m) => m.text), ['long', 'for ever']);
    assert.ok(got[0].props.messageExpiry >= 50 && got[0].props.messageExpiry <= 58, `${got[0].props.messageExpiry}`);
    assert.equal(got[1].props.messageExpiry, undefined);
  });

  test('expiry does not stop what was begun', '5.0 [MQTT-4.3.3-7]', async ({ connect, persistent, topic }) => {
    const [t, p, id] = [topic(), await connect(), unique('begun')];
    const s = await persistent(id);
    await s.subscribe(t, 2);
    await p.publish(t, 'begun', { qos: 2, props: { messageExpiry: 1 } });
    const [m] = await s.publishes(1);
    await s.drop();
    await sleep(1500);
    const back = await persistent(id);
    const [again] = await back.publishes(1);
    assert.deepEqual([again.id, again.dup], [m.id, true]);
    back.ack('pubrec', m.id);
    assert.equal((await back.next('pubrel')).id, m.id);
  });

  test('shared: each message to one member, others as ever', '5.0 [MQTT-4.8.2-1] [MQTT-4.8.2-3]', async ({ connect, topic }) => {
    const [t, p] = [topic(), await connect()];
    const members = [await connect({}, { autoAck: true }), await connect({}, { autoAck: true }), await connect({}, { autoAck: true })];
    for (const m of members) assert.deepEqual((await m.subscribe(`$share/g/${t}/+`, 1)).reasons, [1]);
    const other = await connect({}, { autoAck: true });
    await other.subscribe(`$share/h/${t}/#`, 0);
    const alone = await connect({}, { autoAck: true });
    await alone.subscribe(`${t}/x`, 2);
    for (let i = 0; i < 60; ++i) await p.publish(`${t}/x`, `${i}`, { qos: 2 });
    await alone.publishes(60);
    await other.publishes(60);
    const each = [];
    for (const m of members) each.push(await m.settle());
    const got = each.flat();
    assert.equal(got.length, 60);
    assert.equal(new Set(got.map((m) => m.text)).size, 60);
    assert.ok(got.every((m) => m.qos === 1));
    assert.ok(each.every((list) => list.length > 0), `spread: ${each.map((list) => list.length)}`);
  });

  test('shared: a member that leaves leaves nothing behind', '5.0 [MQTT-3.10.4-2]', async ({ connect, topic }) => {
    const [t, p, a, b] = [topic(), await connect(), await connect({}, { autoAck: true }), await connect({}, { autoAck: true })];
    await a.subscribe(`$share/g/${t}`, 1);
    await b.subscribe(`$share/g/${t}`, 1);
    assert.deepEqual((await a.unsubscribe(`$share/g/${t}`)).reasons, [0]);
    for (let i = 0; i < 10; ++i) await p.publish(t, `${i}`, { qos: 1 });
    assert.deepEqual((await b.publishes(10)).map((m) => Number(m.text)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(await a.settle(), []);
  });

  test('shared: QoS 2 that was begun is finished with the same member', '5.0 [MQTT-4.8.2-4]', async ({ connect, persistent, topic }) => {
    const [t, p, id] = [topic(), await connect(), unique('member')];
    const a = await persistent(id);
    await a.subscribe(`$share/g/${t}`, 2);
    await p.publish(t, 'begun', { qos: 2 });
    const [m] = await a.publishes(1);
    a.ack('pubrec', m.id);
    await a.next('pubrel');
    const b = await connect({}, { autoAck: true });
    await b.subscribe(`$share/g/${t}`, 2);
    await a.drop();
    assert.deepEqual(await b.settle(), []);
    const back = await persistent(id);
    assert.equal((await back.find('pubrel')).id, m.id);
  });

  test('shared: a refusal settles the message', '5.0 [MQTT-4.8.2-6]', async ({ connect, topic }) => {
    const [t, p, a, b] = [topic(), await connect(), await connect(), await connect()];
    await a.subscribe(`$share/g/${t}`, 1);
    await p.publish(t, 'x', { qos: 1 });
    const [m] = await a.publishes(1);
    await b.subscribe(`$share/g/${t}`, 1);
    a.ack('puback', m.id, { reason: 0x80 });
    await a.ping();
    assert.deepEqual(await b.settle(), []);
    a.end();
    assert.deepEqual(await b.settle(), []);
  });

  test('request and response', '5.0 [MQTT-3.3.2-15] [MQTT-3.3.2-16]', async ({ connect, topic }) => {
    const [t, answers, server, client] = [topic(), topic(), await connect(), await connect()];
    await server.subscribe(t, 1);
    await client.subscribe(answers, 1);
    await client.publish(t, 'question', { qos: 1, props: { responseTopic: answers, correlationData: Buffer.from([1, 2]) } });
    const [question] = await server.publishes(1);
    await server.publish(question.props.responseTopic, 'answer', { qos: 1, props: { correlationData: question.props.correlationData } });
    const [answer] = await client.publishes(1);
    assert.deepEqual([answer.text, answer.props.correlationData], ['answer', Buffer.from([1, 2])]);
  });
});
