// Clients of others, unchanged: mosquitto_pub and mosquitto_sub, mqtt.js and Paho for Python; TCP and WebSocket, both versions, every QoS.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import mqtt from 'mqtt';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { until, within } from './lib/wait.mjs';

const versions = { '3.1.1': { mosquitto: 'mqttv311', protocolVersion: 4 }, '5.0': { mosquitto: 'mqttv5', protocolVersion: 5 } };

// A program; answers {out, code, done}.
function run(command, args, input) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const program = { out: '', errors: '', child };
  child.stdout.on('data', (bytes) => (program.out += bytes));
  child.stderr.on('data', (bytes) => (program.errors += bytes));
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  program.done = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return program;
}

// Debian's Python, which has Debian's Paho; another one may stand before it in the path.
const paho = `
import sys, paho.mqtt.client as m
version, transport, port, topic, qos = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
args = dict(client_id="paho" + topic.replace("/", "-"), protocol=m.MQTTv5 if version == "5.0" else m.MQTTv311, transport=transport)
if hasattr(m, "CallbackAPIVersion"): args["callback_api_version"] = m.CallbackAPIVersion.VERSION1
c = m.Client(**args)
if transport == "websockets": c.ws_set_options(path="/mqtt")
got = []
def on_connect(c, u, f, rc, p=None): c.subscribe(topic, qos)
def on_subscribe(c, u, mid, codes, p=None):
    for i in range(20): c.publish(topic, str(i), qos)
def on_message(c, u, msg):
    got.append(msg.payload.decode())
    if len(got) == 20: c.disconnect()
c.on_connect, c.on_subscribe, c.on_message = on_connect, on_subscribe, on_message
c.connect("127.0.0.1", port)
c.loop_forever()
print(",".join(got))
`;

describe('MQTT clients of others', { timeout: 120_000 }, () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(async () => broker?.stop());
  const expected = Array.from({ length: 20 }, (_, i) => `${i}`);
  const address = () => ['-h', '127.0.0.1', '-p', String(broker.mqttPort)];

  for (const [version, { mosquitto, protocolVersion }] of Object.entries(versions)) {
    for (const qos of [0, 1, 2]) {
      it(`mosquitto_pub and mosquitto_sub, ${version}, QoS ${qos}`, async () => {
        const topic = unique('mosquitto/');
        // Its subscription stands before it says so in its debug output.
        const sub = run('stdbuf', [
          '-oL',
          'mosquitto_sub',
          ...address(),
          '-V',
          mosquitto,
          '-t',
          topic,
          '-q',
          `${qos}`,
          '-C',
          '20',
          '-d',
          '-F',
          '>%p',
        ]);
        await until(
          () => /Subscribed/.test(sub.out),
          () => `a subscription: ${sub.out} ${sub.errors}`,
        );
        const pub = run(
          'mosquitto_pub',
          [...address(), '-V', mosquitto, '-t', topic, '-q', `${qos}`, '-l'],
          `${expected.join('\n')}\n`,
        );
        assert.equal(await within(pub.done, () => `mosquitto_pub ends: ${pub.errors}`), 0);
        assert.equal(await within(sub.done, () => `mosquitto_sub ends: ${sub.out.slice(-300)}`), 0);
        assert.deepEqual(
          [...sub.out.matchAll(/^>(.*)$/gm)].map(([, text]) => text),
          expected,
        );
      });
    }
    for (const transport of ['tcp', 'websockets']) {
      it(`mqtt.js, ${version}, ${transport}, every QoS`, async () => {
        const url = transport === 'tcp' ? broker.mqttUrl : broker.mqttWsUrl;
        const client = await within(mqtt.connectAsync(url, { protocolVersion, clientId: unique('js') }), 'mqtt.js connects');
        const got = [];
        client.on('message', (topic, payload) => got.push(payload.toString()));
        for (const qos of [0, 1, 2]) {
          const topic = unique('js/');
          await client.subscribeAsync(topic, { qos });
          got.length = 0;
          await Promise.all(expected.map((text) => client.publishAsync(topic, text, { qos })));
          await until(
            () => got.length >= 20,
            () => `20 messages, not ${got.length}`,
          );
          assert.deepEqual(got, expected);
        }
        await client.endAsync();
      });
      it(`Paho, ${version}, ${transport}, every QoS`, async () => {
        const port = transport === 'tcp' ? broker.mqttPort : broker.port;
        await Promise.all(
          [0, 1, 2].map(async (qos) => {
            const program = run('/usr/bin/python3', ['-c', paho, version, transport, String(port), unique('paho/'), String(qos)]);
            const code = await within(program.done, () => `Paho ends: ${program.out} ${program.errors}`, 20_000);
            assert.equal(code, 0, program.errors);
            assert.deepEqual(program.out.trim().split(','), expected);
          }),
        );
      });
    }
  }

  it('a device and a chat client are in one room', async () => {
    const person = await Client.connect(broker.wsUrl, { name: 'ada' });
    await person.subscribe('general');
    const sub = run('stdbuf', ['-oL', 'mosquitto_sub', ...address(), '-t', 'general', '-q', '1', '-C', '2', '-d', '-F', '>%p']);
    await until(() => /Subscribed/.test(sub.out), 'a subscription');
    const pub = run('mosquitto_pub', [...address(), '-t', 'general', '-m', 'hello', '-q', '1']);
    assert.equal(await within(pub.done, 'mosquitto_pub ends'), 0);
    assert.deepEqual((await person.upTo('general', 1)).at(-1).body, { text: 'hello' });
    await person.publish('general', { text: 'hi, device' });
    assert.equal(await within(sub.done, 'mosquitto_sub ends'), 0);
    assert.deepEqual(
      [...sub.out.matchAll(/^>(.*)$/gm)].map(([, text]) => text),
      ['hello', 'hi, device'],
    );
    await person.close();
  });
});
