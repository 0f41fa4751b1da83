// MQTT over WebSocket (MQTT §6): packets and frames have nothing to do with each other.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { mqttSuite } from './lib/mqtt_suite.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { within } from './lib/wait.mjs';

const overWebSocket = { ws: true };

mqttSuite('over WebSocket', (test) => {
  test('the subprotocol is mqtt', '3.1.1 [MQTT-6.0.0-3] [MQTT-6.0.0-4] 5.0 [MQTT-6.0.0-3] [MQTT-6.0.0-4]', async ({ connect, topic, broker }) => {
    const [c, t] = [await connect(), topic()];
    await c.subscribe(t, 2);
    await c.publish(t, 'hello', { qos: 2 });
    assert.equal((await c.publishes(1))[0].text, 'hello');
    if (!broker.kill) return;
    // One of several is chosen; without it there is no connection.
    const chosen = new WebSocket(broker.mqttWsUrl, ['other', 'mqtt']);
    await within(new Promise((done, fail) => chosen.once('open', done).once('error', fail)), 'it opens');
    assert.equal(chosen.protocol, 'mqtt');
    chosen.terminate();
    const none = new WebSocket(broker.mqttWsUrl, ['other']);
    await within(new Promise((done) => none.once('error', done).once('close', done)), 'it is refused');
  }, overWebSocket);

  test('a packet over many frames, many packets in one frame', '3.1.1 [MQTT-6.0.0-2] 5.0 [MQTT-6.0.0-2]', async ({ open, topic, version, build }) => {
    const [c, t] = [await open(), topic()];
    const bytes = Buffer.concat([
      build.connect(version, { clientId: unique('ws'), will: { topic: 'w', payload: 'x' } }),
      build.subscribe(version, 1, [{ filter: t, qos: 1 }]),
      build.publish(version, { topic: t, payload: 'in pieces', qos: 1, id: 2 }),
    ]);
    for (const byte of bytes) c.send(Buffer.from([byte]));
    await c.next('connack');
    await c.find('suback');
    assert.equal((await c.publishes(1))[0].text, 'in pieces');
    await c.find('puback');
    const many = Array.from({ length: 100 }, (_, i) => build.publish(version, { topic: t, payload: `${i}`, qos: 1, id: i + 1 }));
    const joined = Buffer.concat(many);
    // One frame that ends within a packet, an empty one, the rest.
    c.send(joined.subarray(0, 777));
    c.send(Buffer.alloc(0));
    c.send(joined.subarray(777));
    assert.deepEqual((await c.publishes(100)).map((m) => Number(m.text)), Array.from({ length: 100 }, (_, i) => i));
  }, overWebSocket);

  test('fragmented messages', '3.1.1 [MQTT-6.0.0-2] 5.0 [MQTT-6.0.0-2]', async ({ open, version, build }) => {
    const c = await open();
    const bytes = Buffer.concat([build.connect(version, { clientId: unique('frag') }), build.pingreq()]);
    for (const [i, byte] of bytes.entries()) c.pipe.socket.send(Buffer.from([byte]), { fin: i === bytes.length - 1, binary: true });
    await c.next('connack');
    await c.next('pingresp');
  }, overWebSocket);

  test('a text frame closes', '3.1.1 [MQTT-6.0.0-1] 5.0 [MQTT-6.0.0-1]', async ({ open, connect }) => {
    for (const c of [await open(), await connect()]) {
      c.pipe.socket.send('text');
      await within(c.ended.promise, 'it is closed');
    }
  }, overWebSocket);

  test('a payload of 300,000 bytes both ways', '3.1.1 [MQTT-6.0.0-2] 5.0 [MQTT-6.0.0-2]', async ({ connect, topic }) => {
    const [c, t] = [await connect(), topic()];
    await c.subscribe(t, 1);
    const payload = Buffer.alloc(300_000, 'abc');
    await c.publish(t, payload, { qos: 1 });
    assert.ok((await c.publishes(1))[0].payload.equals(payload));
  }, overWebSocket);

  test('errors, take-over and DISCONNECT as over TCP', '3.1.1 [MQTT-4.8.0-1] [MQTT-3.1.4-2] 5.0 [MQTT-4.13.1-1] [MQTT-3.1.4-3]', async ({ connect, open, version, build }) => {
    const bad = await connect();
    bad.send(build.publish(version, { topic: 'a', qos: 3, id: 1 }));
    await bad.closes(0x81);
    const first = await open();
    first.send(build.pingreq());
    await first.closes();
    const clientId = unique('wsover');
    const [a, b] = [await connect({ clientId }), await connect({ clientId }, { ws: false })];
    await a.closes(0x8e);
    await b.disconnect();
  }, overWebSocket);
});
