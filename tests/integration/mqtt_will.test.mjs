// Wills (MQTT §3.1.2.5, §3.1.3.2, §3.14.4).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep } from './lib/wait.mjs';

mqttSuite('will', (test, state) => {
  test(
    'a broken connection publishes it at its QoS, once',
    '3.1.1 [MQTT-3.1.2-8] [MQTT-3.1.2-9] [MQTT-3.1.2-10] [MQTT-3.1.2-16]' +
      ' 5.0 [MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT-3.1.2-12] [MQTT-3.1.2-14]',
    async ({ connect, topic }) => {
      const [s, t] = [await connect({}, { autoAck: true }), topic()];
      await s.subscribe(t, 2);
      for (const qos of [0, 1, 2]) {
        const c = await connect({ will: { topic: t, payload: Buffer.from([qos, 0, 255]), qos } });
        await c.drop();
        const [m] = await s.publishes(1);
        assert.deepEqual([m.qos, m.retain, m.payload], [qos, false, Buffer.from([qos, 0, 255])]);
      }
      const late = await connect();
      await late.subscribe(t);
      assert.deepEqual(await late.settle(), [], 'it is not retained');
      assert.deepEqual(await s.settle(), []);
    },
  );

  test(
    'DISCONNECT discards it',
    '3.1.1 [MQTT-3.1.2-10] [MQTT-3.14.4-3] 5.0 [MQTT-3.14.4-3] [MQTT-3.1.2-10]',
    async ({ connect, topic }) => {
      const [s, t] = [await connect(), topic()];
      await s.subscribe(t);
      const c = await connect({ will: { topic: t, payload: 'no' } });
      await c.disconnect();
      assert.deepEqual(await s.settle(), []);
    },
  );

  test('without a will nothing is published', '3.1.1 [MQTT-3.1.2-12] 5.0 [MQTT-3.1.2-11]', async ({ connect, topic }) => {
    const [s, t] = [await connect(), topic()];
    await s.subscribe(`${t}/#`);
    await (await connect()).drop();
    assert.deepEqual(await s.settle(), []);
  });

  test('a retained one, and an empty one', '3.1.1 [MQTT-3.1.2-17] 5.0 [MQTT-3.1.2-15]', async ({ connect, topic }) => {
    const [s, t] = [await connect(), topic()];
    await s.subscribe(t);
    await (await connect({ will: { topic: t, payload: 'gone', retain: true, qos: 1 } })).drop();
    assert.equal((await s.publishes(1))[0].retain, false);
    const late = await connect();
    await late.subscribe(t);
    const [m] = await late.publishes(1);
    assert.deepEqual([m.text, m.retain], ['gone', true]);
    await (await connect({ will: { topic: t, payload: '', retain: true } })).drop();
    await s.publishes(1);
    const later = await connect();
    await later.subscribe(t);
    assert.deepEqual(await later.settle(), []);
  });

  test(
    'a protocol error, a missed keep-alive and a take-over publish it',
    '3.1.1 [MQTT-3.1.2-8] 5.0 [MQTT-3.1.2-8]',
    async ({ connect, topic }) => {
      const [s, t] = [await connect(), topic()];
      await s.subscribe(t);
      const will = (payload) => ({ topic: t, payload });
      const bad = await connect({ will: will('error') });
      bad.send(Buffer.from([0xc1, 0]));
      await bad.closes();
      assert.equal((await s.publishes(1))[0].text, 'error');
      const clientId = unique('over');
      await connect({ clientId, will: will('taken') });
      await connect({ clientId });
      assert.equal((await s.publishes(1))[0].text, 'taken');
      const slow = await connect({ keepAlive: 1, will: will('late') });
      await slow.closes(undefined, 8_000);
      assert.equal((await s.publishes(1))[0].text, 'late');
    },
  );

  test('DISCONNECT 0x04 publishes it', '5.0 [MQTT-3.1.2-8]', async ({ connect, topic }) => {
    const [s, t] = [await connect(), topic()];
    await s.subscribe(t);
    const c = await connect({ will: { topic: t, payload: 'with will' } });
    await c.disconnect({ reason: 4 });
    assert.equal((await s.publishes(1))[0].text, 'with will');
  });

  test('its properties come along', '5.0 [MQTT-3.1.3-10] [MQTT-3.3.2-18] [MQTT-3.1.2-9]', async ({ connect, topic }) => {
    const [s, t] = [await connect(), topic()];
    await s.subscribe(t, 1);
    const props = {
      payloadFormat: 1,
      contentType: 'a/b',
      responseTopic: 'r',
      correlationData: Buffer.from('c'),
      user: [
        ['z', '1'],
        ['a', '2'],
      ],
    };
    await (
      await connect({ will: { topic: t, payload: 'p', qos: 1, props: { ...props, messageExpiry: 60, willDelay: 0 } } })
    ).drop();
    const [m] = await s.publishes(1);
    const { messageExpiry, ...rest } = m.props;
    assert.ok(messageExpiry > 50 && messageExpiry <= 60);
    assert.deepEqual(rest, props);
  });

  test(
    'a delay: nothing when the client is back in time, the will when not, or when the session ends',
    '5.0 [MQTT-3.1.3-9] [MQTT-3.1.2-8]',
    async ({ connect, persistent, topic }) => {
      const [s, t] = [await connect(), topic()];
      await s.subscribe(t);
      const clientId = unique('delayed');
      const will = (payload, willDelay) => ({ topic: t, payload, props: { willDelay } });
      await (await persistent(clientId, { will: will('too soon', 2) })).drop();
      await sleep(300);
      const back = await persistent(clientId, { will: will('after a second', 1) });
      await sleep(2100);
      assert.deepEqual(await s.settle(), [], 'back in time');
      await back.drop();
      assert.deepEqual(await s.settle(), [], 'not at once');
      assert.equal((await s.publishes(1, 5_000))[0].text, 'after a second');
      // The session ends before the delay: by its expiry, and by a clean start.
      await (await connect({ props: { sessionExpiry: 1 }, will: will('expired', 100) })).drop();
      assert.equal((await s.publishes(1, 6_000))[0].text, 'expired');
      await (await persistent(clientId, { will: will('clean', 100) })).drop();
      await connect({ clientId });
      assert.equal((await s.publishes(1))[0].text, 'clean');
    },
  );

  test(
    'it is stored with the session: a server killed and started again publishes it',
    '5.0 [MQTT-3.1.2-7] [MQTT-3.1.2-8]',
    async ({ persistent, connect, topic, broker }) => {
      if (!broker.kill) return;
      const t = topic();
      const s = await persistent(unique('listener'));
      await s.subscribe(t, 1);
      await persistent(unique('dying'), { will: { topic: t, payload: 'after the crash', qos: 1 } });
      await s.ping();
      await broker.kill();
      state.broker = await broker.again({ args: ['--anonymous'] });
      const again = await persistent(s.clientId);
      assert.equal(again.connack.present, true);
      assert.equal((await again.publishes(1, 15_000))[0].text, 'after the crash');
      void connect;
    },
  );
});
