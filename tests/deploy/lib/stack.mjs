// The monitored stack on free ports of 127.0.0.1: broker, PostgreSQL, Redis, HAProxy, exporters, Prometheus with our rules scraping once a second.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yaml from 'js-yaml';
import WebSocket from 'ws';
import { root } from './check.mjs';

export async function freePort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

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
process.on('exit', () => children.forEach((child) => child.exitCode === null && child.kill('SIGKILL')));

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
  sql('parley', 'CREATE TABLE kept (a int); INSERT INTO kept SELECT generate_series(1, 100)');
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

function prometheusFiles(scratch, at) {
  const folder = join(scratch, 'prometheus');
  cpSync(join(root, 'grafana/prometheus'), folder, { recursive: true });
  const config = yaml.load(readFileSync(join(folder, 'prometheus.yml'), 'utf8'));
  Object.assign(config.global, { scrape_interval: '1s', evaluation_interval: '1s' });
  delete config.alerting;
  config.scrape_configs = [...config.scrape_configs, { job_name: 'fixture', static_configs: [{}] }]
    .filter(({ job_name: job }) => at[job])
    .map((job) => ({ ...job, static_configs: [{ targets: [`127.0.0.1:${at[job.job_name]}`] }] }));
  writeFileSync(join(folder, 'prometheus.yml'), yaml.dump(config));
  return folder;
}

export async function startStack() {
  const scratch = mkdtempSync(join(tmpdir(), 'parley-stack-'));
  spawnSync('chmod', ['755', scratch]);
  const names = ['parley', 'postgres', 'redis', 'node', 'haproxy', 'prometheus', 'fixture', 'web', 'mqtt', 'pg', 'rd', 'front'];
  const at = {};
  for (const name of names) at[name] = await freePort();

  const broker = start(
    process.env.PARLEY_BIN,
    [
      ...['--listen', `127.0.0.1:${at.web}`, '--metrics-listen', `127.0.0.1:${at.parley}`],
      ...['--data-dir', join(scratch, 'data'), '--anonymous', '--log-level', 'warn', '--workers', '2'],
    ],
    { env: { ...process.env, PARLEY_MQTT_LISTEN: 'off' } },
  );
  const postgres = await startPostgres(scratch, at.pg);
  start('redis-server', ['--port', `${at.rd}`, '--bind', '127.0.0.1', '--save', '', '--dir', scratch]);
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
  proxy = proxy.replaceAll(/parley-[12]:8080/g, `127.0.0.1:${at.web}`).replaceAll('check port 9090', `check port ${at.parley}`);
  proxy = proxy
    .replace('maxconn 50000', 'maxconn 200')
    .replaceAll(/parley-[12]:1883/g, `127.0.0.1:${at.mqtt}`)
    .replaceAll(/bind :(\d+)/g, (_, port) => `bind 127.0.0.1:${{ 8080: at.front, 1883: at.mqtt, 8404: at.haproxy }[port]}`);
  writeFileSync(join(scratch, 'haproxy.cfg'), proxy);
  const balancer = start('haproxy', ['-db', '-f', join(scratch, 'haproxy.cfg')]);
  const series = readFileSync(join(root, 'tests/deploy/fixtures/cluster.prom'), 'utf8');
  const began = Date.now();
  const growing = (_, name, value) => `${name} ${Number(value) + (Date.now() - began) / 100}`; // counters count
  const fixture = createServer((_, response) => response.end(series.replaceAll(/^(\w+_total\{.*\}) (\S+)$/gm, growing)));
  fixture.listen(at.fixture, '127.0.0.1');

  await answers(`http://127.0.0.1:${at.parley}/readyz`, broker);
  const redis = new (await import('node:net')).Socket();
  redis.on('error', () => null);
  redis.connect(at.rd, '127.0.0.1', () => redis.write('SET a 1\r\nGET a\r\nGET b\r\nEXPIRE a 3600\r\nSUBSCRIBE room\r\n'));
  await answers(`http://127.0.0.1:${at.haproxy}/metrics`, balancer);
  for (let i = 0; i < 50 && !(await fetch(`http://127.0.0.1:${at.front}/healthz`).catch(() => null))?.ok; ++i) await pause(100);
  const endTraffic = await traffic(at.front); // through the proxy
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
    brokerMetrics: async () => (await fetch(`http://127.0.0.1:${at.parley}/metrics`)).text(),
    sql: postgres.sql,
    async stop() {
      endTraffic();
      redis.destroy();
      fixture.close();
      fixture.closeAllConnections();
      for (const child of children) child.kill(child === postgres.child ? 'SIGINT' : 'SIGTERM');
      await Promise.race([Promise.all(children.map((child) => child.done)), pause(10_000)]);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
