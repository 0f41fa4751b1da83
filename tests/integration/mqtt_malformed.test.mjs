// Every malformed form and protocol error that the standard names, one connection each: 5.0 gets the reason code, 3.1.1 a closed connection.
import assert from 'node:assert/strict';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { property, text, u16, u8 } from './lib/mqtt_wire.mjs';

const malformed = 0x81;
const protocol = 0x82;
const either = [malformed, protocol];
const surrogate = Buffer.from([0x61, 0xed, 0xa0, 0x80]); // U+D800
const overlong = Buffer.from([0xc0, 0xaf]);
const cut = Buffer.from([0x61, 0xe2, 0x82]);
const withNull = Buffer.from('a\0b');
const badTexts = { surrogate, overlong, cut, 'a null': withNull, 'a byte that is none': Buffer.from([0x61, 0xff]) };

mqttSuite('malformed', (test) => {
  // Sends these bytes on a new connection, which the server must then end.
  const refuse = (title, tags, reason, bytes) =>
    test(`refused: ${title}`, tags, async ({ connect, version, build }) => {
      const all = [bytes({ version, build, v5: version === 5 })].flat();
      for (const [i, one] of all.entries()) {
        const c = await connect();
        c.send(one);
        await c.closes(reason).catch((error) => {
          throw new Error(`form ${i}, ${one.subarray(0, 60).toString('hex')}: ${error.message}`, { cause: error });
        });
        assert.ok(!c.packets.some(({ type }) => type.endsWith('ack')), 'it is not acknowledged');
      }
    });

  refuse(
    'fixed header flags of packets that have fixed ones',
    '3.1.1 [MQTT-2.2.2-1] [MQTT-2.2.2-2] [MQTT-3.14.1-1] 5.0 [MQTT-2.1.3-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1] [MQTT-4.13.1-1]',
    malformed,
    ({ v5 }) => [
      Buffer.from([0xc1, 0]),
      Buffer.from([0xc8, 0]),
      Buffer.from([0xe1, 0]),
      Buffer.from([0x41, 2, 0, 1]),
      Buffer.from([0x52, 2, 0, 1]),
      Buffer.from([0x72, 2, 0, 1]),
      ...(v5 ? [Buffer.from([0xf1, 0])] : []),
    ],
  );
  refuse('SUBSCRIBE without its flags', '3.1.1 [MQTT-3.8.1-1] 5.0 [MQTT-3.8.1-1]', malformed, ({ build, version }) =>
    [0, 1, 3, 6].map((flags) => build.subscribe(version, 1, [{ filter: 'a' }], { flags })),
  );
  refuse('UNSUBSCRIBE without its flags', '3.1.1 [MQTT-3.10.1-1] 5.0 [MQTT-3.10.1-1]', malformed, ({ build, version }) =>
    [0, 1, 3].map((flags) => build.unsubscribe(version, 1, ['a'], { flags })),
  );
  refuse('PUBREL without its flags', '3.1.1 [MQTT-3.6.1-1] 5.0 [MQTT-3.6.1-1]', malformed, () =>
    [0x60, 0x61, 0x63, 0x6a].map((first) => Buffer.from([first, 2, 0, 1])),
  );
  refuse('packet types that do not exist or that a client does not send', '3.1.1 [MQTT-4.8.0-1] 5.0 [MQTT-4.13.1-1]', undefined, ({ v5 }) => [
    Buffer.from([0x00, 0]),
    ...(v5 ? [] : [Buffer.from([0xf0, 0])]),
    Buffer.from(v5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]),
    Buffer.from(v5 ? [0x90, 4, 0, 1, 0, 0] : [0x90, 3, 0, 1, 0]),
    Buffer.from(v5 ? [0xb0, 4, 0, 1, 0, 0] : [0xb0, 2, 0, 1]),
    Buffer.from([0xd0, 0]),
  ]);
  refuse('a remaining length of five bytes', '3.1.1 [MQTT-4.8.0-1] 5.0 [MQTT-4.13.1-1]', malformed, () => [
    Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]),
    Buffer.from([0xc0, 0x80, 0x80, 0x80, 0x80, 0x00]),
  ]);
  refuse('lengths that are longer than need be', '5.0 [MQTT-1.5.5-1]', malformed, ({ build }) => [
    Buffer.from([0xc0, 0x80, 0x00]),
    build.packet('publish', 0, text('a'), Buffer.from([0x80, 0x00])),
    build.packet('subscribe', 2, u16(1), Buffer.from([0x80, 0x80, 0x00]), text('a'), u8(0)),
  ]);
  refuse('PUBLISH with QoS 3', '3.1.1 [MQTT-3.3.1-4] 5.0 [MQTT-3.3.1-4]', malformed, ({ build, version }) =>
    build.publish(version, { topic: 'a', qos: 3, id: 1 }),
  );
  refuse('PUBLISH of QoS 0 with DUP', '3.1.1 [MQTT-3.3.1-2] 5.0 [MQTT-3.3.1-2]', either, ({ build, version }) =>
    build.publish(version, { topic: 'a', qos: 0, dup: true }),
  );
  refuse('packet identifier 0', '3.1.1 [MQTT-2.3.1-1] 5.0 [MQTT-2.2.1-3]', either, ({ build, version }) => [
    build.publish(version, { topic: 'a', qos: 1, id: 0 }),
    build.publish(version, { topic: 'a', qos: 2, id: 0 }),
    build.subscribe(version, 0, [{ filter: 'a' }]),
    build.unsubscribe(version, 0, ['a']),
  ]);
  refuse(
    'wildcards in a topic name',
    '3.1.1 [MQTT-3.3.2-2] [MQTT-4.7.1-1] 5.0 [MQTT-3.3.2-2] [MQTT-4.7.0-1]',
    [0x81, 0x82, 0x90],
    ({ build, version }) => ['#', '+', 'a/#', 'a/+/b', 'a+', '#a'].map((topic) => build.publish(version, { topic })),
  );
  refuse('an empty topic name', '3.1.1 [MQTT-4.7.3-1] [MQTT-3.3.2-1] 5.0 [MQTT-4.7.3-1] [MQTT-3.3.2-1]', [0x81, 0x82, 0x90], ({ build, version }) =>
    build.publish(version, { topic: '' }),
  );
  refuse(
    'a topic name that is no UTF-8, or holds U+0000',
    '3.1.1 [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT-4.7.3-2] [MQTT-3.3.2-1] 5.0 [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-4.7.3-2] [MQTT-3.3.2-1]',
    [0x81, 0x82, 0x90],
    ({ build, version }) => Object.values(badTexts).map((topic) => build.publish(version, { topic })),
  );
  refuse(
    'a topic filter that is no UTF-8, or holds U+0000',
    '3.1.1 [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT-4.7.3-2]' +
      ' 5.0 [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT-4.7.3-2]',
    [0x81, 0x82, 0x8f],
    ({ build, version }) =>
      Object.values(badTexts).flatMap((filter) => [build.subscribe(version, 1, [{ filter }]), build.unsubscribe(version, 1, [filter])]),
  );
  refuse('SUBSCRIBE without a filter', '3.1.1 [MQTT-3.8.3-3] 5.0 [MQTT-3.8.3-2]', either, ({ build, version }) => build.subscribe(version, 1, []));
  refuse('UNSUBSCRIBE without a filter', '3.1.1 [MQTT-3.10.3-2] 5.0 [MQTT-3.10.3-2]', either, ({ build, version }) =>
    build.unsubscribe(version, 1, []),
  );
  refuse('reserved bits of the subscription options', '3.1.1 [MQTT-3.8.3-4] 5.0 [MQTT-3.8.3-5]', either, ({ build, version, v5 }) =>
    (v5 ? [0x40, 0x80, 0x03, 0x30] : [0x03, 0x04, 0x08, 0x10, 0x40, 0x80]).map((options) => build.subscribe(version, 1, [['a', options]])),
  );
  refuse(
    'wildcards in the wrong place of a filter',
    '3.1.1 [MQTT-4.7.1-2] [MQTT-4.7.1-3] 5.0 [MQTT-4.7.1-1] [MQTT-4.7.1-2]',
    [0x81, 0x82, 0x8f],
    ({ build, version }) =>
      ['a#', '#/a', 'a/#/b', '##', 'a+', '+a', 'a/b+/c', '++'].map((filter) => build.subscribe(version, 1, [{ filter }])),
  );
  refuse('an empty filter', '3.1.1 [MQTT-4.7.3-1] 5.0 [MQTT-4.7.3-1]', [0x81, 0x82, 0x8f], ({ build, version }) =>
    build.subscribe(version, 1, [{ filter: '' }]),
  );
  refuse('packets that end early', '3.1.1 [MQTT-4.8.0-1] 5.0 [MQTT-4.13.1-1]', either, ({ build, v5 }) => [
    build.packet('publish', 0, u16(5), Buffer.from('abc')),
    build.packet('publish', 2, text('a'), u8(1)),
    build.packet('subscribe', 2, u16(1), v5 ? u8(0) : Buffer.alloc(0), text('a')),
    build.packet('subscribe', 2, u16(1), v5 ? u8(0) : Buffer.alloc(0), u16(9), Buffer.from('a')),
    build.packet('puback', 0, u8(1)),
    build.packet('pubrel', 2),
  ]);
  refuse('packets with bytes after their end', '3.1.1 [MQTT-4.8.0-1] 5.0 [MQTT-4.13.1-1]', either, ({ build, v5 }) => [
    build.packet('pingreq', 0, u8(0)),
    ...(v5
      ? [build.packet('puback', 0, u16(1), u8(0), u8(0), u8(0)), build.packet('disconnect', 0, u8(0), u8(0), u8(0))]
      : [build.packet('puback', 0, u16(1), u8(0)), build.packet('disconnect', 0, u8(0)), build.packet('pubrel', 2, u16(1), u8(0))]),
  ]);

  refuse('properties of another packet, or none at all', '5.0 [MQTT-4.13.1-1] [MQTT-3.3.4-6]', either, ({ build }) => [
    build.publish(5, { topic: 'a', props: { subscriptionId: 1 } }),
    build.publish(5, { topic: 'a', props: { sessionExpiry: 1 } }),
    build.publish(5, { topic: 'a', props: Buffer.from([0x7f, 0]) }),
    build.publish(5, { topic: 'a', props: Buffer.from([0x00]) }),
    build.subscribe(5, 1, [{ filter: 'a' }], { props: { topicAlias: 1 } }),
    build.unsubscribe(5, 1, ['a'], { props: { subscriptionId: 1 } }),
    build.ack(5, 'puback', 1, { reason: 0, props: { contentType: 'x' } }),
    build.disconnect(5, { reason: 0, props: { topicAlias: 1 } }),
    build.disconnect(5, { reason: 0, props: { willDelay: 1 } }),
  ]);
  refuse('a property twice', '5.0 [MQTT-4.13.1-1]', either, ({ build }) => {
    const twice = (name, value) => Buffer.concat([property(name, value), property(name, value)]);
    return [
      build.publish(5, { topic: 'a', props: twice('payloadFormat', 0) }),
      build.publish(5, { topic: 'a', props: twice('messageExpiry', 5) }),
      build.publish(5, { topic: 'a', props: twice('topicAlias', 1) }),
      build.publish(5, { topic: 'a', props: twice('responseTopic', 'r') }),
      build.publish(5, { topic: 'a', props: twice('correlationData', 'r') }),
      build.publish(5, { topic: 'a', props: twice('contentType', 'r') }),
      build.subscribe(5, 1, [{ filter: 'a' }], { props: twice('subscriptionId', 1) }),
      build.disconnect(5, { reason: 0, props: twice('reasonString', 'x') }),
    ];
  });
  refuse('values that a property may not have', '5.0 [MQTT-4.13.1-1] [MQTT-3.3.2-14] [MQTT-1.5.5-1]', [0x81, 0x82, 0x90], ({ build }) => [
    build.publish(5, { topic: 'a', props: { payloadFormat: 2 } }),
    build.publish(5, { topic: 'a', props: { responseTopic: 'a/#' } }),
    build.publish(5, { topic: 'a', props: { responseTopic: '+' } }),
    build.subscribe(5, 1, [{ filter: 'a' }], { props: { subscriptionId: 0 } }),
    build.subscribe(5, 1, [{ filter: 'a' }], { props: Buffer.from([0x0b, 0xff, 0xff, 0xff, 0xff, 0x01]) }),
    build.subscribe(5, 1, [{ filter: 'a' }], { props: Buffer.from([0x0b, 0x81, 0x00]) }),
  ]);
  refuse('texts in properties that are no UTF-8', '5.0 [MQTT-1.5.7-1] [MQTT-3.3.2-13] [MQTT-3.3.2-19] [MQTT-1.5.4-1] [MQTT-1.5.4-2]', [0x81, 0x82, 0x90], ({ build }) =>
    Object.values(badTexts).flatMap((bad) => [
      build.publish(5, { topic: 'a', props: { user: [['k', bad]] } }),
      build.publish(5, { topic: 'a', props: { user: [[bad, 'v']] } }),
      build.publish(5, { topic: 'a', props: { contentType: bad } }),
      build.publish(5, { topic: 'a', props: { responseTopic: bad } }),
    ]),
  );
  refuse('a property block longer than its packet, or cut inside a property', '5.0 [MQTT-2.2.2-1] [MQTT-4.13.1-1]', either, ({ build }) => [
    build.packet('publish', 0, text('a'), u8(20), u8(1), u8(0)),
    build.packet('publish', 0, text('a'), u8(2), u8(2), u8(0), u16(0)),
    build.packet('publish', 0, text('a')),
    build.packet('subscribe', 2, u16(1)),
  ]);
  refuse('topic alias 0, or above the maximum', '5.0 [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.2.2-17]', [0x94, 0x82], ({ build }) => [
    build.publish(5, { topic: 'a', props: { topicAlias: 0 } }),
    build.publish(5, { topic: 'a', props: { topicAlias: 65_535 } }),
  ]);
  refuse('a topic alias that was never set', '5.0 [MQTT-4.13.1-1]', [0x82, 0x94], ({ build }) => build.publish(5, { topic: '', props: { topicAlias: 3 } }));
  refuse('no local on a shared subscription', '5.0 [MQTT-3.8.3-4]', protocol, ({ build }) =>
    build.subscribe(5, 1, [{ filter: '$share/g/a', noLocal: true }]),
  );
  refuse('share names that are none', '5.0 [MQTT-4.8.2-1] [MQTT-4.8.2-2]', [0x81, 0x82, 0x8f], ({ build }) =>
    ['$share//a', '$share/a+/b', '$share/#/b', '$share/g', '$share/g/'].map((filter) => build.subscribe(5, 1, [{ filter }])),
  );

  test('CONNECT that is malformed', '3.1.1 [MQTT-3.1.4-1] [MQTT-3.1.3-4] [MQTT-3.1.3-10] [MQTT-3.1.3-11] 5.0 [MQTT-3.1.4-1] [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12]', async ({ open, build, version, v5 }) => {
    const forms = [
      ...Object.values(badTexts).flatMap((bad) => [
        build.connect(version, { clientId: bad }),
        build.connect(version, { clientId: 'x', will: { topic: bad } }),
        build.connect(version, { clientId: 'x', username: bad }),
      ]),
      build.connect(version, { clientId: 'x', will: { topic: 'a/#' } }),
      build.connect(version, { clientId: 'x', will: { topic: '' } }),
      Buffer.concat([Buffer.from([0x11]), build.connect(version, { clientId: 'x' }).subarray(1)]),
      build.packet('connect', 0, text('MQTT'), u8(version), u8(2)),
    ];
    if (v5) {
      for (const props of [
        { receiveMaximum: 0 },
        { maximumPacketSize: 0 },
        { requestProblem: 2 },
        { requestResponse: 2 },
        { authData: 'x' },
        { topicAlias: 1 },
        Buffer.concat([property('sessionExpiry', 1), property('sessionExpiry', 1)]),
        Buffer.from([0x26, 0, 1]),
      ])
        forms.push(build.connect(5, { clientId: 'x', props }));
      forms.push(build.connect(5, { clientId: 'x', will: { topic: 'w', props: { payloadFormat: 3 } } }));
      forms.push(build.connect(5, { clientId: 'x', will: { topic: 'w', props: { sessionExpiry: 3 } } }));
    }
    for (const [i, bytes] of forms.entries()) {
      const c = await open();
      c.send(bytes);
      await c.closes().catch((error) => {
        throw new Error(`form ${i}, ${bytes.toString('hex')}: ${error.message}`, { cause: error });
      });
      if (v5 && c.packets.length > 0) {
        assert.equal(c.packets[0].type, 'connack');
        assert.ok([0x81, 0x82, 0x85, 0x86, 0x90].includes(c.packets[0].reason), `form ${i}: 0x${c.packets[0].reason.toString(16)}`);
      }
      if (!v5) assert.deepEqual(c.packets, [], `form ${i} is closed without CONNACK`);
    }
  });

  test('U+FEFF is kept', '3.1.1 [MQTT-1.5.3-3] 5.0 [MQTT-1.5.4-3]', async ({ connect, topic }) => {
    const c = await connect();
    const t = `\ufeff${topic()}\ufeff`;
    await c.subscribe(t);
    await c.publish(t, 'x', { qos: 1 });
    assert.equal((await c.publishes(1))[0].topic, t);
  });

  test('good packets in every length of their forms', '5.0 [MQTT-2.2.2-1]', async ({ connect, build }) => {
    const c = await connect();
    c.send(build.packet('puback', 0, u16(99)), build.packet('puback', 0, u16(99), u8(0)), build.packet('puback', 0, u16(99), u8(0), u8(0)));
    await c.ping();
    c.send(build.packet('disconnect', 0, u8(0)));
    await c.closes();
  });
});
