// SIGKILL right after messages went out with QoS 1, before what was sent is stored: what comes again says so with DUP, and nothing is missing
// (MQTT 5 §3.3.1.1, §4.4). With --mqtt-save-interval 0 it also comes under its old packet identifiers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { MqttClient, unique } from './lib/mqtt_client.mjs';
import { parseTags } from './lib/mqtt_suite.mjs';

const count = 30;
const window = 10;

async function round(version, interval) {
  const args = ['--anonymous', '--mqtt-save-interval', interval];
  let broker = await Broker.start({ args });
  const [clientId, topic] = [unique('repeat'), unique('repeat/')];
  const members = { clientId, clean: false, props: { sessionExpiry: 600, receiveMaximum: window } };
  let s = await MqttClient.connect(broker, members, { version });
  await s.subscribe(topic, 1);
  const p = await MqttClient.connect(broker, {}, { version });
  for (let i = 0; i < count; ++i) await p.publish(topic, `${i}`, { qos: 1 });
  const sent = await s.publishes(version === 5 ? window : count);
  for (const { id } of sent.slice(0, 4)) s.ack('puback', id);
  if (version === 5) sent.push(...(await s.publishes(4)));
  await broker.kill();
  broker = await broker.again({ args });
  s = await MqttClient.connect(broker, { ...members, props: { sessionExpiry: 600 } }, { version, autoAck: true });
  assert.equal(s.connack.present, true);
  const fresh = await MqttClient.connect(broker, {}, { version });
  await fresh.publish(topic, 'after', { qos: 1 });
  const again = [];
  while (again.at(-1)?.text !== 'after') again.push(...(await s.publishes(1)));
  s.end();
  fresh.end();
  await broker.stop();
  return { sent, again };
}

describe('MQTT: SIGKILL behind QoS 1', { timeout: 120_000 }, () => {
  const tags = '3.1.1 [MQTT-3.3.1-1] [MQTT-4.4.0-1] 5.0 [MQTT-3.3.1-1] [MQTT-4.4.0-1]';
  for (const [name, statements] of parseTags(tags)) {
    const version = name === '5.0' ? 5 : 4;
    it(`${name} ${statements}: what had been sent comes again with DUP, in order, nothing is missing`, async () => {
      const { sent, again } = await round(version, '10s');
      const acked = new Set(sent.slice(0, 4).map(({ text }) => text));
      const texts = again.map(({ text }) => text);
      for (let i = 0; i < count; ++i) assert.ok(acked.has(`${i}`) || texts.includes(`${i}`), `${i} is missing`);
      const before = new Set(sent.map(({ text }) => text));
      for (const m of again) {
        if (before.has(m.text)) assert.equal(m.dup, true, `${m.text} was sent before`);
        assert.equal(texts.indexOf(m.text), texts.lastIndexOf(m.text), `${m.text} comes once`);
      }
      assert.equal(again.at(-1).dup, false, 'what was published after the crash was never sent');
      assert.deepEqual(
        texts.slice(0, -1).map(Number),
        texts
          .slice(0, -1)
          .map(Number)
          .sort((a, b) => a - b),
      );
    });

    it(`${name} ${statements}: stored before it is sent, it comes again with its packet identifier too`, async () => {
      const { sent, again } = await round(version, '0');
      for (const m of again) {
        const first = sent.find(({ text }) => text === m.text);
        if (first) assert.deepEqual([m.dup, m.id], [true, first.id], `${m.text} keeps its identifier`);
      }
    });
  }
});
