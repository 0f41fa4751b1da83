// The brokers that are compared: each started on free ports with an empty data folder, pinned to one core, ended by its pid.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../integration/lib/ports.mjs';
import { until, within } from '../../integration/lib/wait.mjs';
import { atExit } from '../../integration/lib/at_exit.mjs';

const here = new URL('.', import.meta.url).pathname;
export const root = new URL('../../..', import.meta.url).pathname;

async function listening(port) {
  return new Promise((done) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function start(name, command, ports, folder, env = {}) {
  const child = spawn('taskset', ['-c', process.env.BENCH_SERVER_CORES ?? '0', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  child.stderr.on('data', (bytes) => (said = (said + bytes).slice(-4000)));
  const ended = new Promise((done) => child.once('close', done));
  const server = {
    name,
    pid: child.pid, // taskset becomes the server
    ports,
    async stop() {
      child.kill('SIGTERM');
      await within(ended, () => `${name} ends`, 10_000).catch(() => child.kill('SIGKILL'));
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  atExit(() => child.kill('SIGKILL'));
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
      return (await Promise.all(Object.values(ports).map(listening))).every(Boolean);
    },
    () => `${name} listens; it said: ${said}`,
    { timeout: 20_000, every: 50 },
  );
  return server;
}

const folderOf = (name) => mkdtempSync(join(tmpdir(), `bench-${name}-`));

async function parley({ workers = 1, mqtt = false } = {}) {
  const folder = folderOf('parley');
  const ports = { http: await freePort() };
  if (mqtt) ports.mqtt = await freePort();
  const command = [process.env.PARLEY_BIN ?? join(root, 'build/release/parley'), '--listen', `127.0.0.1:${ports.http}`];
  if (mqtt) command.push('--mqtt-listen', `127.0.0.1:${ports.mqtt}`);
  command.push('--data-dir', folder, '--anonymous', '--workers', String(workers), '--log-level', 'warn');
  return start('parley', command, ports, folder);
}

async function mosquitto() {
  const folder = folderOf('mosquitto');
  const ports = { mqtt: await freePort(), ws: await freePort() };
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(
    config,
    `listener ${ports.mqtt} 127.0.0.1\nlistener ${ports.ws} 127.0.0.1\nprotocol websockets\nallow_anonymous true\nmax_connections -1\n` +
      'set_tcp_nodelay true\nmax_queued_messages 0\n',
  );
  const binary = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'].find(existsSync) ?? 'mosquitto';
  // Mosquitto gives up root by itself: its folder must be readable.
  chmodSync(folder, 0o755);
  return start('mosquitto', [binary, '-c', config], ports, folder);
}

async function aedes() {
  const ports = { mqtt: await freePort() };
  return start('aedes', [process.execPath, join(here, 'aedes.mjs'), String(ports.mqtt)], ports, folderOf('aedes'));
}

async function socketio() {
  const ports = { ws: await freePort() };
  return start('socket.io', [process.execPath, join(here, 'socketio.mjs'), String(ports.ws)], ports, folderOf('socketio'));
}

async function flask() {
  const ports = { ws: await freePort() };
  return start(
    'flask-socketio',
    ['/usr/bin/python3', join(here, 'flask_server.py'), String(ports.ws)],
    ports,
    folderOf('flask'),
    {
      PYTHONWARNINGS: 'ignore',
    },
  );
}

// The native protocol with QoS 0 (signals), like the others' rows, or committed to storage before it is delivered (QoS 1).
function native(args, options) {
  return { open: () => parley(options), url: ({ http }) => `ws://127.0.0.1:${http}/ws`, args };
}

// What is measured: a broker and a door of it; `args` are for the load tester.
export const doors = {
  'Parley, native': native(['--qos', '0']),
  'Parley, native, committed': native(['--qos', '1']),
  'Parley, native, 2 workers': native(['--qos', '0'], { workers: 2 }),
  'Parley, native, committed, 2 workers': native(['--qos', '1'], { workers: 2 }),
  'Parley, MQTT over TCP': { open: () => parley({ mqtt: true }), url: ({ mqtt }) => `mqtt://127.0.0.1:${mqtt}`, needs: 'mqtt' },
  'Parley, MQTT over WebSocket': {
    open: () => parley({ mqtt: true }),
    url: ({ http }) => `ws://127.0.0.1:${http}/mqtt`,
    needs: 'mqtt',
  },
  'Mosquitto, TCP': { open: mosquitto, url: ({ mqtt }) => `mqtt://127.0.0.1:${mqtt}` },
  'Mosquitto, WebSocket': { open: mosquitto, url: ({ ws }) => `ws://127.0.0.1:${ws}/mqtt` },
  'aedes, TCP': { open: aedes, url: ({ mqtt }) => `mqtt://127.0.0.1:${mqtt}` },
  'Socket.IO': { open: socketio, url: ({ ws }) => `ws://127.0.0.1:${ws}/socket.io/` },
  'Flask-SocketIO': { open: flask, url: ({ ws }) => `ws://127.0.0.1:${ws}/socket.io/` },
};
