// Retained messages (MQTT §3.3.1.3).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { sleep, until } from './lib/wait.mjs';

mqttSuite('retained', (test, state) => {
  test(
    'a new subscription gets the last one, with RETAIN; an existing one gets it without',
    '3.1.1 [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-8] [MQTT-3.3.1-9] 5.0 [MQTT-3.3.1-5] [MQTT-3.3.1-9] [MQTT-3.3.1-12]',
    async ({ connect, topic }) => {
      const [t, p] = [topic(), await connect()];
      const early = await connect();
      await early.subscribe(t, 0);
      for (const qos of [0, 1, 2]) {
        await p.publish(t, `old ${qos}`, { qos, retain: true });
        await p.publish(t, `last ${qos}`, { qos, retain: true });
        await p.ping();
        assert.deepEqual(
          (await early.publishes(2)).map((m) => [m.text, m.retain]),
          [
            [`old ${qos}`, false],
            [`last ${qos}`, false],
          ],
        );
        for (const granted of [0, 1, 2]) {
          const late = await connect({}, { autoAck: true });
          await late.subscribe(t, granted);
          const [m] = await late.publishes(1);
          assert.deepEqual([m.text, m.retain, m.qos], [`last ${qos}`, true, Math.min(qos, granted)]);
          late.end();
        }
      }
      await p.publish(t, '', { qos: 1, retain: true });
    },
  );

  test(
    'an empty one removes it, is delivered and not kept',
    '3.1.1 [MQTT-3.3.1-10] [MQTT-3.3.1-11] 5.0 [MQTT-3.3.1-6] [MQTT-3.3.1-7]',
    async ({ connect, topic }) => {
      const [t, p, early] = [topic(), await connect(), await connect()];
      await p.publish(t, 'x', { qos: 1, retain: true });
      await early.subscribe(t, 0);
      await early.publishes(1);
      await p.publish(t, '', { qos: 1, retain: true });
      const [m] = await early.publishes(1);
      assert.deepEqual([m.payload.length, m.retain], [0, false]);
      const late = await connect();
      await late.subscribe(t, 0);
      assert.deepEqual(await late.settle(), []);
    },
  );

  test(
    'what a connection retains or clears with QoS 0 is so for its own next SUBSCRIBE',
    '3.1.1 [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-10] 5.0 [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-9]',
    async ({ connect, topic, build, version }) => {
      const [t, c] = [topic(), await connect()];
      for (const text of ['one', 'two', '']) {
        c.send(
          build.publish(version, { topic: t, payload: text, retain: true }),
          build.subscribe(version, 7, [{ filter: t, qos: 0 }]),
        );
        await c.find('suback');
        const expected = text === '' ? [] : [[text, true]];
        assert.deepEqual(
          (await c.settle()).filter(({ type }) => type === 'publish').map((m) => [m.text, m.retain]),
          expected,
        );
        await c.unsubscribe(t);
      }
    },
  );

  test('RETAIN 0 neither stores nor replaces', '3.1.1 [MQTT-3.3.1-12] 5.0 [MQTT-3.3.1-8]', async ({ connect, topic }) => {
    const [t, p] = [topic(), await connect()];
    await p.publish(t, 'kept', { qos: 1, retain: true });
    await p.publish(t, 'passing', { qos: 1 });
    await p.publish(t, '', { qos: 1 });
    const late = await connect();
    await late.subscribe(t, 0);
    assert.deepEqual(
      (await late.settle()).map((m) => [m.text, m.retain]),
      [['kept', true]],
    );
    await p.publish(t, '', { qos: 1, retain: true });
  });

  test('a QoS 0 one replaces the old one', '3.1.1 [MQTT-3.3.1-7] 5.0 [MQTT-3.3.1-5]', async ({ connect, topic }) => {
    const [t, p] = [topic(), await connect()];
    await p.publish(t, 'old', { qos: 1, retain: true });
    await p.publish(t, 'new', { qos: 0, retain: true });
    await p.publish(t, 'between', { qos: 1 });
    const late = await connect();
    await late.subscribe(t, 0);
    const got = await late.settle();
    assert.ok(got.every((m) => m.text !== 'old'));
    await p.publish(t, '', { qos: 1, retain: true });
  });

  test('they are not of the session that sent them', '3.1.1 [MQTT-3.1.2-7] 5.0 [MQTT-3.3.1-5]', async ({ connect, topic }) => {
    const t = topic();
    const p = await connect();
    await p.publish(t, 'stays', { qos: 1, retain: true });
    await p.disconnect();
    const late = await connect();
    await late.subscribe(t, 0);
    assert.equal((await late.publishes(1))[0].text, 'stays');
    await late.publish(t, '', { qos: 1, retain: true });
  });

  test(
    'wildcards bring all that match, each once, again on every SUBSCRIBE',
    '3.1.1 [MQTT-3.8.4-3] [MQTT-3.3.1-6] 5.0 [MQTT-3.8.4-4] [MQTT-3.3.1-9]',
    async ({ connect, topic }) => {
      const [t, p] = [topic(), await connect()];
      for (const name of ['a', 'b', 'b/c', 'd/e/f']) await p.publish(`${t}/${name}`, name, { qos: 1, retain: true });
      const s = await connect();
      const names = async () => (await s.settle()).map((m) => m.text).sort();
      await s.subscribe(`${t}/+`);
      assert.deepEqual(await names(), ['a', 'b']);
      await s.subscribe(`${t}/#`);
      assert.deepEqual(await names(), ['a', 'b', 'b/c', 'd/e/f']);
      await s.subscribe(`${t}/#`);
      assert.deepEqual(await names(), ['a', 'b', 'b/c', 'd/e/f']);
      for (const name of ['a', 'b', 'b/c', 'd/e/f']) await p.publish(`${t}/${name}`, '', { qos: 1, retain: true });
    },
  );

  test('retain handling 0, 1 and 2', '5.0 [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]', async ({ connect, topic }) => {
    const [t, p, s] = [topic(), await connect(), await connect()];
    await p.publish(t, 'r', { qos: 1, retain: true });
    const count = async (retainHandling) => {
      await s.subscribe(t, 0, { retainHandling });
      return (await s.settle()).length;
    };
    assert.equal(await count(2), 0);
    assert.equal(await count(1), 0, 'the subscription exists');
    assert.equal(await count(0), 1);
    await s.unsubscribe(t);
    assert.equal(await count(1), 1, 'a new subscription');
    await p.publish(t, '', { qos: 1, retain: true });
  });

  test(
    'properties come along; the expiry counts down',
    '5.0 [MQTT-3.3.2-4] [MQTT-3.3.2-6] [MQTT-3.3.2-20]',
    async ({ connect, topic }) => {
      const [t, p, s] = [topic(), await connect(), await connect()];
      const props = {
        payloadFormat: 1,
        messageExpiry: 100,
        contentType: 'text/x',
        responseTopic: 'r/t',
        correlationData: Buffer.from([1, 0]),
        user: [
          ['b', '1'],
          ['a', '2'],
          ['b', '1'],
        ],
      };
      await p.publish(t, 'r', { qos: 1, retain: true, props });
      await sleep(1100);
      await s.subscribe(t, 1);
      const [m] = await s.publishes(1);
      const { messageExpiry, ...rest } = m.props;
      assert.ok(messageExpiry >= 90 && messageExpiry <= 99, `${messageExpiry}`);
      delete props.messageExpiry;
      assert.deepEqual(rest, props);
      await p.publish(t, '', { qos: 1, retain: true });
    },
  );

  test('an expired one is not sent', '5.0 [MQTT-3.3.2-5]', async ({ connect, topic }) => {
    const [t, p, s] = [topic(), await connect(), await connect()];
    await p.publish(t, 'r', { qos: 1, retain: true, props: { messageExpiry: 1 } });
    await sleep(2100);
    await s.subscribe(t, 0);
    assert.deepEqual(await s.settle(), []);
  });

  test('a shared subscription gets none', '5.0 [MQTT-3.3.1-9]', async ({ connect, topic }) => {
    const [t, p, s] = [topic(), await connect(), await connect()];
    await p.publish(t, 'r', { qos: 1, retain: true });
    await s.subscribe(`$share/g/${t}`, 0);
    assert.deepEqual(await s.settle(), []);
    await p.publish(t, '', { qos: 1, retain: true });
  });

  test(
    'they survive a restart and a crash of the server',
    '3.1.1 [MQTT-3.3.1-5] 5.0 [MQTT-3.3.1-5]',
    async ({ connect, topic, broker }) => {
      if (!broker.kill) return; // another broker
      const t = topic();
      const p = await connect();
      await p.publish(`${t}/1`, 'one', { qos: 1, retain: true });
      await p.publish(`${t}/2`, 'two', { qos: 2, retain: true });
      await p.publish(`${t}/2`, '', { qos: 2, retain: true });
      await broker.kill();
      state.broker = await broker.again({ args: ['--anonymous'] });
      const s = await connect();
      await s.subscribe(`${t}/#`, 0);
      // Read from the database just opened: other rooms' messages may overtake it.
      await until(() => s.packets.some(({ text }) => text === 'one'), 'the retained message is there');
      assert.deepEqual(
        (await s.settle()).map((m) => [m.text, m.retain]),
        [['one', true]],
      );
    },
  );
});
