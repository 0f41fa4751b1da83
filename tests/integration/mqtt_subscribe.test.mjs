// SUBSCRIBE, UNSUBSCRIBE, filters and wildcards, subscription options and identifiers (MQTT §3.8 to §3.11, §4.7).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';

const texts = (packets) => packets.map((p) => p.text);

mqttSuite('subscribe', (test) => {
  test(
    'SUBACK: the identifier, a code for each filter in order',
    '3.1.1 [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT-2.3.1-7]' +
      ' 5.0 [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT-2.2.1-6]',
    async ({ connect, topic, version, build }) => {
      const c = await connect();
      const t = topic();
      c.send(build.subscribe(version, 65_535, [0, 1, 2, 1].map((qos, i) => ({ filter: `${t}/${i}`, qos }))));
      const suback = await c.next('suback');
      assert.deepEqual([suback.id, suback.reasons], [65_535, [0, 1, 2, 1]]);
      for (let i = 0; i < 4; ++i) await c.publish(`${t}/${i}`, `${i}`, { qos: 2 });
      assert.deepEqual((await c.publishes(4)).map((m) => [m.text, m.qos]), [['0', 0], ['1', 1], ['2', 2], ['3', 1]]);
    },
  );

  test(
    'UNSUBACK, also where nothing was subscribed; filters are compared byte by byte',
    '3.1.1 [MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-2.3.1-7]' +
      ' 5.0 [MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] [MQTT-2.2.1-6]',
    async ({ connect, topic, v5 }) => {
      const c = await connect();
      const t = topic();
      await c.subscribe([`${t}/+`, `${t}/b`, `${t}/c/#`]);
      const unsuback = await c.unsubscribe(`${t}/+`, `${t}/B`, `${t}/#`, `${t}/b`);
      if (v5) assert.deepEqual(unsuback.reasons, [0, 0x11, 0x11, 0]);
      for (const level of ['a', 'b', 'c/d']) await c.publish(`${t}/${level}`, level, { qos: 1 });
      assert.deepEqual(texts(await c.settle()), ['c/d']);
      await c.unsubscribe(`${t}/none`);
    },
  );

  test(
    'UNSUBSCRIBE finishes what was begun',
    '3.1.1 [MQTT-3.10.4-3] 5.0 [MQTT-3.10.4-3]',
    async ({ connect, topic }) => {
      const [s, p, t] = [await connect(), await connect(), topic()];
      await s.subscribe(t, 2);
      await p.publish(t, 'begun', { qos: 2 });
      const [m] = await s.publishes(1);
      await s.unsubscribe(t);
      s.ack('pubrec', m.id);
      assert.equal((await s.next('pubrel')).id, m.id);
      s.ack('pubcomp', m.id);
      await p.publish(t, 'later', { qos: 2 });
      assert.deepEqual(await s.settle(), []);
    },
  );

  test(
    'the same filter again replaces the subscription',
    '3.1.1 [MQTT-3.8.4-3] 5.0 [MQTT-3.8.4-3]',
    async ({ connect, topic, v5 }) => {
      const [c, t] = [await connect({}, { autoAck: true }), topic()];
      await c.subscribe(t, 2, { props: { subscriptionId: 7 } });
      await c.subscribe(t, 0);
      await c.publish(t, 'x', { qos: 2 });
      const got = await c.settle();
      assert.deepEqual(got.map((m) => [m.text, m.qos]), [['x', 0]]);
      if (v5) assert.equal(got[0].props.subscriptionId, undefined);
    },
  );

  // name, filters that match, filters that do not
  const table = [
    ['a/b/c', ['a/b/c', '#', '+/+/+', 'a/#', 'a/b/#', 'a/b/c/#', 'a/+/c', '+/b/c', 'a/b/+', '+/#'], ['a/b', 'a/+', '+', 'a/b/c/+', 'A/b/c', 'a/b/c/', '/a/b/c', '+/+']],
    ['a', ['a', '+', '#', 'a/#', '+/#'], ['a/+', '/a', '/+', 'a/', '+/+']],
    ['/a', ['/a', '/+', '+/a', '+/+', '#', '/#'], ['a', '+', '/']],
    ['a/', ['a/', 'a/+', '+/', 'a/#', '+/+'], ['a', '+']],
    ['/', ['/', '+/+', '/+', '+/', '#', '/#'], ['+', '//']],
    ['a//b', ['a//b', 'a/+/b', 'a//+', '+/+/+'], ['a/b', 'a/+', 'a/+/+/b']],
    ['ü/☃', ['ü/☃', '+/☃', 'ü/#'], ['u\u0308/☃', 'ü/+/+']],
    ['sp ace/x', ['sp ace/x', '+/x'], ['space/x', 'sp%20ace/x']],
  ];
  test(
    'wildcards and names, byte for byte',
    '3.1.1 [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-4] [MQTT-3.8.3-2] 5.0 [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-4]',
    async ({ connect }) => {
      const p = await connect();
      for (const [name, matching, others] of table) {
        const sessions = await Promise.all([...matching, ...others].map(async (filter) => {
          const s = await connect();
          await s.subscribe(filter, 0);
          return [filter, s];
        }));
        const mark = unique('mark');
        await p.publish(name, mark, { qos: 1 });
        await p.publish(name, `${mark}.`, { qos: 1 });
        for (const [filter, s] of sessions.slice(0, matching.length)) {
          await s.find('publish', (m) => m.text === `${mark}.`).catch(() => assert.fail(`'${filter}' matches '${name}'`));
          assert.equal(s.packets.filter((m) => m.text === mark).length, 1, `'${filter}' matches '${name}' once`);
        }
        for (const [filter, s] of sessions.slice(matching.length)) {
          await s.ping();
          assert.ok(!s.packets.some((m) => m.text?.startsWith(mark)), `'${filter}' does not match '${name}'`);
        }
        sessions.forEach(([, s]) => s.end());
      }
    },
  );

  test(
    'a wildcard at the first level does not match $ topics',
    '3.1.1 [MQTT-4.7.2-1] 5.0 [MQTT-4.7.2-1]',
    async ({ connect }) => {
      const [all, sys] = [await connect(), await connect()];
      await all.subscribe(['#', '+/#', '+/broker/#']);
      await sys.subscribe('$SYS/#');
      await sys.find('publish', (m) => m.topic.startsWith('$SYS/'), 15_000);
      assert.ok((await all.settle()).every((m) => !m.topic.startsWith('$')));
    },
  );

  test(
    'overlapping subscriptions: one copy at the highest QoS, with all identifiers',
    '3.1.1 [MQTT-3.3.5-1] 5.0 [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4]',
    async ({ connect, topic, v5 }) => {
      const [c, t] = [await connect({}, { autoAck: true }), topic()];
      await c.subscribe(`${t}/#`, 1, { props: { subscriptionId: 1 } });
      await c.subscribe(`${t}/+`, 2, { props: { subscriptionId: 268_435_455 } });
      await c.subscribe(`${t}/x`, 0);
      await c.publish(`${t}/x`, 'x', { qos: 2 });
      const got = await c.settle();
      assert.equal(got.length, 1, 'Parley sends one copy');
      assert.equal(got[0].qos, 2);
      if (v5) assert.deepEqual(got[0].props.subscriptionId.sort((a, b) => a - b), [1, 268_435_455]);
    },
  );

  test('no local', '5.0 [MQTT-3.8.3-3]', async ({ connect, topic }) => {
    const [a, b, t] = [await connect(), await connect(), topic()];
    await a.subscribe(t, 1, { noLocal: true });
    await b.subscribe(t, 0);
    await a.publish(t, 'mine', { qos: 1 });
    await b.publish(t, 'yours', { qos: 1 });
    assert.deepEqual(texts(await b.publishes(2)), ['mine', 'yours']);
    assert.deepEqual(texts(await a.settle()), ['yours']);
  });

  test('retain as published', '5.0 [MQTT-3.3.1-12] [MQTT-3.3.1-13]', async ({ connect, topic }) => {
    const [keep, drop, p, t] = [await connect(), await connect(), await connect(), topic()];
    await keep.subscribe(t, 0, { retainAsPublished: true });
    await drop.subscribe(t, 0, { retainAsPublished: false });
    await p.publish(t, 'r', { qos: 1, retain: true });
    await p.publish(t, 'n', { qos: 1, retain: false });
    assert.deepEqual((await keep.publishes(2)).map((m) => m.retain), [true, false]);
    assert.deepEqual((await drop.publishes(2)).map((m) => m.retain), [false, false]);
    await p.publish(t, '', { qos: 1, retain: true });
  });

  test('subscription identifiers of 1, 128 and 16,384 come back', '5.0 [MQTT-3.3.4-3]', async ({ connect, topic }) => {
    const c = await connect();
    for (const subscriptionId of [1, 127, 128, 16_384, 2_097_152]) {
      const t = topic();
      await c.subscribe(t, 0, { props: { subscriptionId } });
      await c.publish(t, 'x', { qos: 1 });
      assert.deepEqual((await c.publishes(1))[0].props.subscriptionId, [subscriptionId]);
    }
  });

  test('1,000 filters in one SUBSCRIBE', '3.1.1 [MQTT-3.8.4-4] 5.0 [MQTT-3.8.4-5]', async ({ connect, topic }) => {
    const [c, t] = [await connect(), topic()];
    const filters = Array.from({ length: 1000 }, (_, i) => `${t}/${i}/+`);
    const { reasons } = await c.subscribe(filters, 1);
    assert.ok(reasons.every((reason) => reason === 1));
    await c.publish(`${t}/777/x`, 'found', { qos: 0 });
    assert.equal((await c.publishes(1))[0].text, 'found');
    await c.unsubscribe(...filters);
    await c.publish(`${t}/778/x`, 'gone', { qos: 1 });
    assert.deepEqual(await c.settle(), []);
  });

  test('a name of the longest kind, and one that is too long for the server', '3.1.1 [MQTT-4.7.3-3] 5.0 [MQTT-4.7.3-3]', async ({ connect, open, v5, build, version }) => {
    const c = await connect();
    const name = unique('').padEnd(500, 'n');
    await c.subscribe(name, 0);
    await c.publish(name, 'x', { qos: 1 });
    assert.equal((await c.publishes(1))[0].topic, name);
    const long = await c.subscribe('f'.repeat(60_000), 0).catch(() => null);
    if (long) assert.ok(long.reasons[0] === 0 || long.reasons[0] >= 0x80);
    const other = await open();
    await other.connect();
    other.send(build.publish(version, { topic: 'n'.repeat(60_000), payload: 'x', qos: 1, id: 1 }));
    // 5.0 may say why; 3.1.1 has no word for it: acknowledged and dropped, or closed.
    const acked = other.find('puback').then(
      (ack) => assert.ok(!v5 || ack.reason >= 0x80),
      () => {},
    );
    await Promise.race([acked, other.closes()]);
  });
});
