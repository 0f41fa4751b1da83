// What the MQTT test files share: a broker for the file, tests that name the statements of the standard that they exercise, the versions they run in.
import { after, before, describe, it } from 'node:test';
import { Broker } from './broker.mjs';
import { MqttClient, build, unique } from './mqtt_client.mjs';

const versions = { '3.1.1': 4, '5.0': 5 };

// 'X [MQTT-a] [MQTT-b] Y [MQTT-c]' → [['X', '[MQTT-a] [MQTT-b]'], ['Y', '[MQTT-c]']], X and Y being versions.
export function parseTags(tags) {
  const parts = [];
  for (const word of tags.trim().split(/\s+/)) {
    if (word in versions) parts.push([word, []]);
    else if (/^\[MQTT-\d+\.\d+\.\d+-\d+\]$/.test(word) && parts.length > 0) parts.at(-1)[1].push(word);
    else throw new Error(`no version and no statement: '${word}' in '${tags}'`);
  }
  return parts.map(([version, list]) => [version, list.join(' ')]);
}

// For external brokers, to check these tests themselves: PARLEY_MQTT_PORT (and PARLEY_MQTT_WS_URL).
class Elsewhere {
  constructor() {
    this.mqttPort = Number(process.env.PARLEY_MQTT_PORT);
    this.mqttWsUrl = process.env.PARLEY_MQTT_WS_URL;
  }
  assertAlive() {}
  async stop() {}
}

// One broker, many tests. `fill` gets {test, connect, open, topic}, see below.
export function mqttSuite(name, fill, { args = ['--anonymous'], timeout = 120_000, ...options } = {}) {
  describe(`MQTT ${name}`, { timeout, concurrency: false }, () => {
    const state = { broker: undefined, clients: [] };
    before(async () => {
      state.broker = process.env.PARLEY_MQTT_PORT ? new Elsewhere() : await Broker.start({ args, ...options });
    });
    after(async () => {
      await state.broker?.stop();
    });

    // A test for each version that `tags` names; its name names the statements. run(t): t.version, t.open(), t.connect(), t.topic().
    const test = (title, tags, run, { ws = false } = {}) => {
      for (const [version, statements] of parseTags(tags)) {
        it(`${version} ${statements}${statements ? ': ' : ''}${title}`, { timeout: 60_000 }, async () => {
          const tools = toolsFor(state, versions[version], ws);
          try {
            await run(tools);
          } finally {
            tools.clients.forEach((client) => client.end());
          }
          state.broker.assertAlive();
        });
      }
    };
    fill(test, state);
  });
}

function toolsFor(state, version, ws) {
  const clients = [];
  const open = async (options = {}) => {
    const client = await MqttClient.open(state.broker, { version, ws, ...options });
    clients.push(client);
    return client;
  };
  const connect = async (members = {}, options = {}) => {
    const client = await open(options);
    await client.connect(members);
    return client;
  };
  // A session that outlives its connection: clean start 0, and in 5.0 an expiry.
  const persistent = (clientId, { props = {}, ...members } = {}, options = {}) =>
    connect({ clientId, clean: false, ...members, props: { sessionExpiry: 300, ...props } }, options);
  return {
    version,
    v5: version === 5,
    broker: state.broker,
    clients,
    open,
    connect,
    persistent,
    topic: (what = 't') => unique(`${what}/`),
    build,
  };
}
