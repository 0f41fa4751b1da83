// CONNECT, CONNACK, DISCONNECT, PINGREQ and take-over (MQTT §3.1, §3.2, §3.12, §3.14).
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { sleep } from './lib/wait.mjs';

mqttSuite('connect', (test) => {
  test('the first packet is CONNECT', '3.1.1 [MQTT-3.1.0-1] 5.0 [MQTT-3.1.0-1] [MQTT-3.14.0-1]', async ({ open, build }) => {
    for (const first of [build.pingreq(), build.publish(5, { topic: 'a', payload: 'x' }), build.disconnect(4)]) {
      const c = await open();
      c.send(first);
      const last = await c.closes();
      assert.notEqual(last?.type, 'disconnect', 'no DISCONNECT before CONNACK');
    }
  });

  test('a second CONNECT closes', '3.1.1 [MQTT-3.1.0-2] 5.0 [MQTT-3.1.0-2] [MQTT-3.2.0-2]', async ({ connect, version, build }) => {
    const c = await connect();
    c.send(build.connect(version, { clientId: c.clientId }));
    await c.closes(0x82);
    assert.ok(!c.packets.some(({ type }) => type === 'connack'));
  });

  test(
    'CONNACK is first, once, success, no session',
    '3.1.1 [MQTT-3.2.0-1] [MQTT-3.1.4-4] [MQTT-3.2.2-1] 5.0 [MQTT-3.2.0-1] [MQTT-3.1.4-5] [MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-8]',
    async ({ connect }) => {
      const c = await connect();
      assert.deepEqual([c.connack.present, c.connack.reason], [false, 0]);
      await c.ping();
      assert.equal(c.packets.length, 0);
    },
  );

  test('PINGREQ gets PINGRESP', '3.1.1 [MQTT-3.12.4-1] 5.0 [MQTT-3.12.4-1]', async ({ connect }) => {
    const c = await connect();
    for (let i = 0; i < 3; ++i) await c.ping();
  });

  test('byte by byte', '3.1.1 [MQTT-7.1.1-1] 5.0 [MQTT-4.2.0-1]', async ({ open, topic, version, build }) => {
    const c = await open();
    const t = topic();
    const all = Buffer.concat([
      build.connect(version, { clientId: unique('split'), username: undefined, will: { topic: 'w', payload: 'x' } }),
      build.subscribe(version, 1, [{ filter: t, qos: 1 }]),
      build.publish(version, { topic: t, payload: 'in pieces', qos: 1, id: 2 }),
      build.pingreq(),
    ]);
    for (const byte of all) {
      c.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await c.next('connack');
    await c.find('suback');
    await c.find('puback');
    const p = await c.find('publish');
    assert.equal(p.text, 'in pieces');
    await c.find('pingresp');
    await c.disconnect();
  });

  test('several packets in one write, before CONNACK too', '3.1.1 [MQTT-3.1.4-4] 5.0 [MQTT-3.1.4-5]', async ({ open, topic, version, build }) => {
    const c = await open();
    const t = topic();
    c.send(
      build.connect(version, { clientId: unique('burst') }),
      build.subscribe(version, 1, [{ filter: t, qos: 0 }]),
      build.publish(version, { topic: t, payload: 'a', qos: 1, id: 2 }),
      build.publish(version, { topic: t, payload: 'b', qos: 1, id: 3 }),
      build.pingreq(),
    );
    await c.next('connack');
    assert.deepEqual((await c.publishes(2)).map((p) => p.text), ['a', 'b']);
    for (const id of [2, 3]) assert.equal((await c.find('puback')).id, id);
  });

  test('another protocol name closes', '3.1.1 [MQTT-3.1.2-1] 5.0 [MQTT-3.1.2-1] [MQTT-3.1.4-1]', async ({ open, version, build }) => {
    for (const name of ['MQIsdp', 'mqtt', 'MQTTX', '']) {
      const c = await open();
      c.send(build.connect(version, { clientId: 'x', name }));
      await c.closes();
      assert.ok(!c.packets.some(({ reason }) => reason === 0), 'not accepted');
    }
  });

  test(
    'a version that does not exist is refused',
    '3.1.1 [MQTT-3.1.2-2] [MQTT-3.2.2-4] [MQTT-3.2.2-5] 5.0 [MQTT-3.1.2-2]',
    async ({ open, version, build, v5 }) => {
      for (const level of v5 ? [0, 2, 6, 255] : [0, 2]) {
        const c = await open();
        c.send(build.connect(version, { clientId: 'x', level }));
        await c.closes();
        // Which form the refusal has is the server's choice: the client speaks neither.
        if (!v5 && c.packets.length > 0) assert.ok([0x01, 0x84].includes(c.packets[0].reason), `${c.packets[0].reason}`);
      }
    },
  );

  test('the reserved flag', '3.1.1 [MQTT-3.1.2-3] [MQTT-3.1.4-1] 5.0 [MQTT-3.1.2-3] [MQTT-3.1.4-1]', async ({ open, version, build }) => {
    const c = await open();
    c.send(build.connect(version, { clientId: 'x', flags: 0x03 }));
    await c.closes();
    assert.ok(!c.packets.some(({ reason }) => reason === 0));
  });

  test(
    'will flags without a will, will QoS 3, password without user name',
    '3.1.1 [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-14] [MQTT-3.1.2-15] [MQTT-3.1.2-22] 5.0 [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]',
    async ({ open, version, build, v5 }) => {
      const will = { topic: 'w', payload: 'x' };
      const forms = [{ flags: 0x0a }, { flags: 0x12 }, { flags: 0x22 }, { flags: 0x1e, will }];
      if (!v5) forms.push({ flags: 0x42, password: 'p' });
      for (const members of forms) {
        const c = await open();
        c.send(build.connect(version, { clientId: 'x', ...members }));
        await c.closes();
        if (v5 && c.packets.length > 0) assert.ok([0x81, 0x82].includes(c.packets[0].reason));
        if (!v5) assert.equal(c.packets.length, 0, 'closed without CONNACK');
      }
    },
  );

  test(
    'fields are where the flags say, and no other',
    '3.1.1 [MQTT-3.1.2-9] [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.2-20] [MQTT-3.1.2-21] [MQTT-3.1.3-1] [MQTT-3.1.3-3]' +
      ' 5.0 [MQTT-3.1.2-9] [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.3-1] [MQTT-3.1.3-3]',
    async ({ open, version, build }) => {
      const forms = [
        { flags: 0x82 }, // a user name is missing
        { flags: 0xc2, username: 'u' }, // a password is missing
        { flags: 0x02, username: 'u' }, // a user name too many
        { flags: 0x82, username: 'u', password: 'p' }, // a password too many
        { flags: 0x06 }, // a will is missing
        { flags: 0x02, will: { topic: 'w', payload: 'x' } }, // a will too many
      ];
      for (const members of forms) {
        const c = await open();
        c.send(build.connect(version, { clientId: 'x', ...members }));
        await c.closes();
        assert.ok(!c.packets.some(({ reason }) => reason === 0), JSON.stringify(members));
      }
    },
  );

  test('client identifiers of 1 to 23 letters and digits, and others', '3.1.1 [MQTT-3.1.3-5] 5.0 [MQTT-3.1.3-5]', async ({ connect }) => {
    for (const clientId of ['Z', '0123456789abcdefghijklm', 'nopqrstuvwxyzABCDEFGHIJ', 'KLMNOPQRSTUVWXYZ', `a b/ü+#${'x'.repeat(60)}`]) {
      const c = await connect({ clientId });
      await c.disconnect();
    }
  });

  test(
    'an empty client identifier is given a new one',
    '3.1.1 [MQTT-3.1.3-6] 5.0 [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]',
    async ({ connect, v5 }) => {
      const [a, b] = [await connect({ clientId: '' }), await connect({ clientId: '' })];
      await a.ping();
      await b.ping();
      if (!v5) return;
      assert.ok(a.connack.props.assignedClientId && b.connack.props.assignedClientId);
      assert.notEqual(a.connack.props.assignedClientId, b.connack.props.assignedClientId);
      const again = await connect({ clientId: a.connack.props.assignedClientId });
      assert.equal(again.connack.props.assignedClientId, undefined);
      await a.closes(0x8e);
    },
  );

  test('an empty client identifier with clean start 0', '5.0 [MQTT-3.1.3-7]', async ({ connect, persistent }) => {
    const a = await persistent('');
    const clientId = a.connack.props.assignedClientId;
    assert.ok(clientId);
    await a.drop();
    assert.equal((await connect({ clientId, clean: false })).connack.present, true);
  });

  test(
    'an empty client identifier without clean session is refused',
    '3.1.1 [MQTT-3.1.3-7] [MQTT-3.1.3-8] [MQTT-3.2.2-4] [MQTT-3.2.2-5]',
    async ({ open }) => {
      const c = await open();
      await c.connect({ clientId: '', clean: false }, 2);
      await c.closes();
      assert.equal(c.connack.present, false);
    },
  );

  test(
    'what follows a refused CONNECT is not processed',
    '3.1.1 [MQTT-3.1.4-5] 5.0 [MQTT-3.1.4-6] [MQTT-3.2.2-6] [MQTT-3.2.2-7]',
    async ({ open, connect, topic, version, build, v5 }) => {
      const t = topic();
      const listener = await connect();
      await listener.subscribe(t);
      const c = await open();
      const refused = v5
        ? build.connect(5, { clientId: 'x', props: { authMethod: 'none-such' } })
        : build.connect(4, { clientId: '', clean: false });
      c.send(refused, build.publish(version, { topic: t, payload: 'no' }));
      await c.closes();
      assert.ok(c.packets[0].reason > 0 && !c.packets[0].present);
      assert.deepEqual(await listener.settle(), []);
    },
  );

  test(
    'take-over: the older connection is closed',
    '3.1.1 [MQTT-3.1.4-2] [MQTT-3.1.3-2] 5.0 [MQTT-3.1.4-3] [MQTT-3.1.3-2]',
    async ({ connect, topic }) => {
      const clientId = unique('twice');
      const t = topic();
      let last = await connect({ clientId });
      for (let i = 0; i < 5; ++i) {
        const next = await connect({ clientId });
        await last.closes(0x8e);
        last = next;
      }
      await last.subscribe(t);
      await last.publish(t, 'alive', { qos: 1 });
      assert.deepEqual((await last.settle()).map((p) => p.text), ['alive']);
    },
  );

  test('a race for one client identifier leaves one', '3.1.1 [MQTT-3.1.4-2] 5.0 [MQTT-3.1.4-3]', async ({ open, version, build }) => {
    const clientId = unique('race');
    const all = await Promise.all(Array.from({ length: 12 }, () => open()));
    all.forEach((c) => c.send(build.connect(version, { clientId })));
    for (let i = 0; i < 300 && all.filter((c) => !c.isEnded).length > 1; ++i) await sleep(10);
    const alive = all.filter((c) => !c.isEnded);
    assert.equal(alive.length, 1);
    await alive[0].ping();
  });

  test('DISCONNECT ends the connection', '3.1.1 [MQTT-3.14.1-1] 5.0 [MQTT-3.14.2-1]', async ({ connect }) => {
    const c = await connect();
    await c.disconnect();
    assert.deepEqual(c.packets, []);
  });

  test('every DISCONNECT reason of a client is taken', '5.0 [MQTT-3.14.2-1]', async ({ connect }) => {
    for (const reason of [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x99]) {
      const c = await connect();
      await c.disconnect({ reason, props: { reasonString: 'why', user: [['k', 'v']] } });
      assert.deepEqual(c.packets, [], `0x${reason.toString(16)}`);
    }
  });

  test('a session expiry on DISCONNECT that was 0 on CONNECT is a protocol error', '5.0 [MQTT-4.13.1-1] [MQTT-3.14.2-2]', async ({ connect, build }) => {
    const c = await connect();
    c.send(build.disconnect(5, { reason: 0, props: { sessionExpiry: 10 } }));
    await c.closes(0x82);
  });

  test('an authentication method that nobody knows', '5.0 [MQTT-4.12.0-1] [MQTT-4.12.0-4] [MQTT-4.13.2-1]', async ({ open, build }) => {
    const c = await open();
    c.send(build.connect(5, { clientId: 'x', props: { authMethod: 'X', authData: Buffer.from('1') } }));
    const connack = await c.next('connack');
    assert.ok([0x8c, 0x87].includes(connack.reason), `0x${connack.reason.toString(16)}`);
    await c.closes();
  });

  test('AUTH without an authentication method', '5.0 [MQTT-4.12.0-6] [MQTT-4.12.0-7]', async ({ connect, build }) => {
    const c = await connect();
    assert.equal(c.connack.props.authMethod, undefined);
    c.send(build.auth({ reason: 0x19, props: { authMethod: 'X' } }));
    await c.closes([0x82, 0x81, 0x8c, 0x87]);
  });

  test('no response information when it is not asked for', '5.0 [MQTT-3.1.2-28]', async ({ connect }) => {
    assert.equal((await connect()).connack.props.responseInformation, undefined);
    assert.equal((await connect({ props: { requestResponse: 0 } })).connack.props.responseInformation, undefined);
    await connect({ props: { requestResponse: 1, requestProblem: 1 } });
  });

  test('CONNACK says what the server can do', '5.0 [MQTT-3.2.2-9] [MQTT-3.2.2-8]', async ({ connect }) => {
    const { props } = (await connect({ props: { topicAliasMaximum: 10, receiveMaximum: 5, maximumPacketSize: 100_000 } })).connack;
    assert.equal(props.maximumQos, undefined, 'QoS 2 is supported');
    for (const name of ['retainAvailable', 'wildcardAvailable', 'subscriptionIdsAvailable', 'sharedAvailable'])
      assert.ok(props[name] === undefined || props[name] === 1, name);
    assert.ok(props.receiveMaximum === undefined || props.receiveMaximum > 0);
    assert.ok(props.maximumPacketSize === undefined || props.maximumPacketSize >= 1024);
  });

  test('reason strings are left out when they do not fit or are not wanted', '5.0 [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.1.2-24]', async ({ open, build }) => {
    const c = await open();
    c.send(build.connect(5, { clientId: 'x', props: { authMethod: 'X', maximumPacketSize: 8, requestProblem: 0 } }));
    await c.closes();
    for (const packet of c.packets) assert.ok(packet.raw.length <= 8);
  });
});
