// The monitored stack on free ports of 127.0.0.1: two brokers over PostgreSQL and Redis, HAProxy, exporters, Prometheus with our rules scraping once
// a second.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yaml from 'js-yaml';
import WebSocket from 'ws';
import { freePort } from '../../integration/lib/ports.mjs';
import { root } from './check.mjs';
import { atExit } from '../../integration/lib/at_exit.mjs';

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const children = [];
function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => (child.said = (child.said + bytes).slice(-4000)));
  child.on('error', (error) => (child.said += error.message));
  child.done = new Promise((ended) => child.once('close', ended));
  children.push(child);
  return child;
}
atExit(() => children.forEach((child) => child.exitCode === null && child.kill('SIGKILL')));

async function answers(url, child) {
  for (let i = 0; i < 150; ++i) {
    const answer = await fetch(url).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    if (child?.exitCode !== null && child) break;
    await pause(100);
  }
  throw new Error(`${url} does not answer: ${child?.said}`);
}

// PostgreSQL refuses to run as root: it gets the user that Debian's package made.
function postgresUser(folder) {
  if (process.getuid() !== 0) return [];
  const number = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  chownSync(folder, number('-u'), number('-g'));
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
}

async function startPostgres(scratch, port) {
  const bin = join('/usr/lib/postgresql', readdirSync('/usr/lib/postgresql').sort().at(-1), 'bin');
  const data = join(scratch, 'postgres');
  mkdirSync(data, { mode: 0o700 });
  const as = postgresUser(data);
  const run = (program, args) => {
    const [command, ...rest] = [...as, join(bin, program), ...args];
    const ended = spawnSync(command, rest, { encoding: 'utf8', cwd: '/' });
    if (ended.status !== 0) throw new Error(`${program}: ${ended.stderr}`);
  };
  run('initdb', ['-D', data, '-A', 'trust', '-U', 'parley', '--no-sync']);
  const [command, ...rest] = [...as, join(bin, 'postgres'), '-D', data, '-p', `${port}`, '-k', data, '-c', 'fsync=off'];
  const child = start(command, rest, { cwd: '/' });
  const sql = (database, text) =>
    spawnSync(join(bin, 'psql'), ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'parley', '-d', database, '-Atqc', text], {
      encoding: 'utf8',
    });
  for (let i = 0; i < 100 && sql('postgres', 'SELECT 1').status !== 0; ++i) await pause(100);
  sql('postgres', 'CREATE DATABASE parley');
  return { child, sql };
}

// People in a room, so that every counter has moved once.
async function traffic(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'parley.v1');
  await new Promise((done, failed) => socket.once('open', done).once('error', failed));
  let id = 0;
  const send = (command) => socket.send(JSON.stringify({ id: ++id, ...command }));
  send({ op: 'connect' });
  send({ op: 'subscribe', room: 'general' });
  const timer = setInterval(() => {
    send({ op: 'publish', room: 'general', cid: `${id}`, body: { text: 'hello' } });
    fetch(`http://127.0.0.1:${port}/api/v1/rooms/general/messages`).then(
      (answer) => answer.arrayBuffer(),
      () => null,
    );
  }, 100);
  return () => {
    clearInterval(timer);
    socket.terminate();
  };
}

// What a subscriber is told that was at this entry of this log.
async function subscribed(port, since, epoch) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'parley.v1');
  await new Promise((done, failed) => socket.once('open', done).once('error', failed));
  const answer = new Promise((done, failed) => {
    socket.on('message', (text) => JSON.parse(text).re === 2 && done(JSON.parse(text)));
    socket.once('close', (code) => failed(new Error(`closed with ${code}`)));
  });
  socket.send(JSON.stringify({ op: 'connect', id: 1 }));
  socket.send(JSON.stringify({ op: 'subscribe', id: 2, room: 'general', since, ...(epoch ? { epoch } : {}) }));
  const told = await answer;
  socket.terminate();
  return told;
}

// A round trip over MQTT again and again, a CONNECT with a wrong token (refused), and one without a client identifier that wants a session (ended).
function mqttTraffic(port) {
  const trip = [join(root, 'helm/parley/files/round-trip.mjs'), `mqtt://127.0.0.1:${port}`];
  const timer = setInterval(() => {
    start(process.execPath, trip);
    for (const packet of ['101600044d51545404c2003c00000005746f6b656e000178', '100c00044d5154540400003c0000']) {
      const stranger = connect(port, '127.0.0.1', () => stranger.write(Buffer.from(packet, 'hex')));
      stranger.on('error', () => null).resume();
    }
  }, 1500);
  return () => clearInterval(timer);
}

function prometheusFiles(scratch, at) {
  const folder = join(scratch, 'prometheus');
  cpSync(join(root, 'grafana/prometheus'), folder, { recursive: true });
  const config = yaml.load(readFileSync(join(folder, 'prometheus.yml'), 'utf8'));
  Object.assign(config.global, { scrape_interval: '1s', evaluation_interval: '1s' });
  delete config.alerting;
  config.scrape_configs = [...config.scrape_configs, { job_name: 'fixture', static_configs: [{}] }]
    .filter(({ job_name: job }) => at[job])
    .map((job) => ({ ...job, static_configs: [{ targets: [at[job.job_name]].flat().map((port) => `127.0.0.1:${port}`) }] }));
  writeFileSync(join(folder, 'prometheus.yml'), yaml.dump(config));
  return folder;
}

export async function startStack() {
  const scratch = mkdtempSync(join(tmpdir(), 'parley-stack-'));
  spawnSync('chmod', ['755', scratch]);
  const names = ['postgres', 'redis', 'node', 'haproxy', 'prometheus', 'fixture', 'mqtt', 'pg', 'rd', 'front'];
  const at = {};
  for (const name of [...names, ...['parley', 'web', 'mqtt', 'mqtts'].flatMap((one) => [`${one}1`, `${one}2`])])
    at[name] = await freePort();
  at.parley = [at.parley1, at.parley2];

  const postgres = await startPostgres(scratch, at.pg);
  start('redis-server', ['--port', `${at.rd}`, '--bind', '127.0.0.1', '--save', '', '--dir', scratch]);
  const certificate = ['--tls-cert', join(scratch, 'tls.crt'), '--tls-key', join(scratch, 'tls.key')];
  const request = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '30', '-subj', '/CN=chat.example.org'];
  execFileSync('openssl', [...request, '-out', certificate[1], '-keyout', certificate[3]], { stdio: 'ignore' });
  const url = (database) => `postgresql://parley@127.0.0.1:${at.pg}/${database}`;
  const startBroker = (n, database, ports, more = []) =>
    start(
      process.env.PARLEY_BIN,
      [
        ...['--listen', `127.0.0.1:${ports.web}`, '--metrics-listen', `127.0.0.1:${ports.metrics}`],
        ...['--mqtt-listen', ports.mqtt ? `127.0.0.1:${ports.mqtt}` : 'off', '--data-dir', join(scratch, `data-${n}`)],
        ...['--database', url(database), '--anonymous', '--log-level', 'warn', '--workers', '1', ...more],
      ],
      { env: { PATH: process.env.PATH } },
    );
  const brokers = [1, 2].map((n) => {
    const ports = { web: at[`web${n}`], metrics: at[`parley${n}`], mqtt: at[`mqtt${n}`] };
    const secure = ['--mqtts-listen', `127.0.0.1:${at[`mqtts${n}`]}`, '--plain-http', ...certificate];
    return startBroker(n, 'parley', ports, ['--redis', `redis://127.0.0.1:${at.rd}`, ...secure]);
  });
  start(
    'prometheus-postgres-exporter',
    [`--web.listen-address=127.0.0.1:${at.postgres}`, `--extend.query-path=${root}/grafana/prometheus/postgres-queries.yaml`],
    {
      env: { ...process.env, DATA_SOURCE_NAME: `postgresql://parley@127.0.0.1:${at.pg}/parley?sslmode=disable` },
    },
  );
  start('prometheus-redis-exporter', [
    '-web.listen-address',
    `127.0.0.1:${at.redis}`,
    '-redis.addr',
    `redis://127.0.0.1:${at.rd}`,
  ]);
  start('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${at.node}`]);
  let proxy = readFileSync(join(root, 'scripts/compose/haproxy.cfg'), 'utf8');
  proxy = proxy
    .replace('maxconn 50000', 'maxconn 200')
    .replaceAll('check port 9090 ', 'check ')
    .replaceAll(/parley-([12]):8080/g, (_, n) => `127.0.0.1:${at[`web${n}`]} port ${at[`parley${n}`]}`)
    .replaceAll(/parley-([12]):1883/g, (_, n) => `127.0.0.1:${at[`mqtt${n}`]} port ${at[`parley${n}`]}`)
    .replaceAll(/bind :(\d+)/g, (_, port) => `bind 127.0.0.1:${{ 8080: at.front, 1883: at.mqtt, 8404: at.haproxy }[port]}`);
  writeFileSync(join(scratch, 'haproxy.cfg'), proxy);
  const balancer = start('haproxy', ['-db', '-f', join(scratch, 'haproxy.cfg')]);
  const series = readFileSync(join(root, 'tests/deploy/fixtures/cluster.prom'), 'utf8');
  const began = Date.now();
  const growing = (_, name, value) => `${name} ${Number(value) + (Date.now() - began) / 100}`; // counters count
  const fixture = createServer((_, response) => response.end(series.replaceAll(/^(\w+_total\{.*\}) (\S+)$/gm, growing)));
  fixture.listen(at.fixture, '127.0.0.1');

  for (const [i, broker] of brokers.entries()) await answers(`http://127.0.0.1:${at.parley[i]}/readyz`, broker);
  const redis = new (await import('node:net')).Socket();
  redis.on('error', () => null);
  redis.connect(at.rd, '127.0.0.1', () => redis.write('SET a 1\r\nGET a\r\nGET b\r\nEXPIRE a 3600\r\nSUBSCRIBE room\r\n'));
  await answers(`http://127.0.0.1:${at.haproxy}/metrics`, balancer);
  for (let i = 0; i < 50 && !(await fetch(`http://127.0.0.1:${at.front}/healthz`).catch(() => null))?.ok; ++i) await pause(100);
  // Through the proxy: one at each broker, and MQTT.
  const ends = [await traffic(at.front), await traffic(at.front), mqttTraffic(at.mqtt)];
  const files = prometheusFiles(scratch, at);
  const prometheus = start('prometheus', [
    `--config.file=${files}/prometheus.yml`,
    `--storage.tsdb.path=${scratch}/tsdb`,
    `--web.listen-address=127.0.0.1:${at.prometheus}`,
  ]);
  await answers(`http://127.0.0.1:${at.prometheus}/-/ready`, prometheus);

  const json = async (path) => (await fetch(`http://127.0.0.1:${at.prometheus}/api/v1/${path}`)).json();
  return {
    api: json,
    query: (expr) => json(`query?query=${encodeURIComponent(expr)}`),
    brokerMetrics: async () =>
      (await Promise.all(at.parley.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()))).join('\n'),
    // The scripts' backup of the running database, restored into another one and served from there: what was acknowledged before is there, and a
    // client of the old log is told.
    async backupRoundTrip() {
      const script = (name, ...args) => spawnSync(join(root, 'scripts', name), args, { encoding: 'utf8' });
      const file = join(scratch, 'backup.dump');
      const before = await subscribed(at.front, 0);
      const made = script('backup-postgres', url('parley'), file);
      postgres.sql('postgres', 'CREATE DATABASE restored');
      const restored = script('restore-postgres', file, url('restored'));
      const again = script('restore-postgres', file, url('restored'));
      // The same server: only an operator knows that the log is another one (docs/operations.md).
      const bumped = spawnSync(process.env.PARLEY_BIN, ['epoch', 'bump', '--database', url('restored')], { encoding: 'utf8' });
      const ports = { web: await freePort(), metrics: await freePort() };
      await answers(`http://127.0.0.1:${ports.metrics}/readyz`, startBroker(3, 'restored', ports));
      const after = await subscribed(ports.web, before.head, before.epoch);
      return { before, after, refused: again.status !== 0, said: [made, restored, bumped].map(({ stderr }) => stderr).join('') };
    },
    async stop() {
      ends.forEach((end) => end());
      redis.destroy();
      fixture.close();
      fixture.closeAllConnections();
      for (const child of children) child.kill(child === postgres.child ? 'SIGINT' : 'SIGTERM');
      await Promise.race([Promise.all(children.map((child) => child.done)), pause(10_000)]);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
