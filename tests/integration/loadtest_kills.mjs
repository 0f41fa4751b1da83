// `parley-loadtest chat` against two replicas of which one is killed (SIGKILL) and started again, several times: what it verifies must hold.
// node loadtest_kills.mjs [--kills N] [--rooms N] [--html FILE]    prints a table; exits non-zero when a row fails.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { binary, temporaryFolder } from './lib/broker.mjs';
import { Cluster } from './lib/cluster.mjs';

const text = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { kills: text('5'), rooms: text('20'), html: text('') } });
const loadtest = process.env.PARLEY_LOADTEST_BIN ?? join(dirname(binary), 'parley-loadtest');
const kills = Number(values.kills);
const pauseMs = 3000;

// Runs the load, and `meanwhile` from a second after it began to measure; answers its exit code, its report and what it said.
async function load(urls, args, meanwhile) {
  const json = join(temporaryFolder(), 'report.json');
  const more = urls.flatMap((url) => ['--url', url]);
  const seconds = (kills * pauseMs) / 1000 + 3;
  const times = ['--warmup', '1', '--settle', '0', '--duration', String(seconds), '--drain', '20', '--quiet'];
  const child = spawn(loadtest, ['chat', ...more, '--rooms', values.rooms, '--members', '5', ...times, '--json', json, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  const closed = new Promise((done) => child.once('close', done));
  await sleep(2000);
  await meanwhile();
  const code = await closed;
  let report = {};
  try {
    report = JSON.parse(readFileSync(json, 'utf8'));
  } catch {
    // said tells why
  }
  return { code, report, said };
}

const doors = {
  native: { url: (broker) => broker.wsUrl, args: [] },
  'MQTT 5, QoS 1': {
    url: (broker) => broker.mqttUrl,
    args: ['--mqtt-version', '5', '--qos', '1', '--persistent'],
    history: true,
  },
};
let bad = 0;
const column = [16, 7, 11, 11, 8, 12];
const row = (...cells) => console.log(cells.map((cell, i) => String(cell).padStart(column[i])).join(''));
row('protocol', 'kills', 'published', 'delivered', 'breaks', 'violations');
for (const [name, { url, args, history }] of Object.entries(doors)) {
  const cluster = await Cluster.start();
  const pages = values.html && name === 'native' ? ['--html', values.html] : [];
  const read = history ? ['--history', cluster.broker(0).url] : [];
  const killAll = async () => {
    for (let i = 0; i < kills; ++i) {
      // The one whose history is read at the end comes back as the others do.
      await cluster.broker(i % 2).kill();
      await sleep(500);
      await cluster.restart(i % 2);
      await sleep(pauseMs - 500);
    }
  };
  const urls = cluster.replicas.map(({ broker }) => url(broker));
  const { code, report, said } = await load(urls, [...args, ...pages, ...read], killAll);
  const fine = code === 0 && report.violations === 0 && report.expected_all > 0 && report.reconnects > 0;
  row(name, kills, report.published_all, report.expected_all, report.reconnects, report.violations);
  if (!fine) {
    ++bad;
    console.log(said);
  }
  await cluster.stop();
}
process.exit(bad === 0 ? 0 : 1);
