// Servers of the tests' own, on free ports and in folders of their own: PostgreSQL, Redis; and a TCP proxy whose network can be cut.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './broker.mjs';
import { freePort } from './ports.mjs';
import { until, within } from './wait.mjs';
import { atExit } from './at_exit.mjs';

const run = promisify(execFile);
const script = resolve(new URL('../../support/postgres', import.meta.url).pathname);

function children(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

export class Postgres {
  static async start() {
    const server = new Postgres();
    const parent = temporaryFolder();
    chmodSync(parent, 0o755); // the server runs as another user
    server.folder = join(parent, 'postgres');
    atExit(() => spawnSync(script, ['stop', server.folder]));
    const { stdout } = await run(script, ['start', server.folder]);
    server.url = new URL(stdout.trim());
    server.port = Number(server.url.port);
    return server;
  }
  // With the port of a proxy in place of its own.
  urlThrough(port) {
    const url = new URL(this.url);
    url.port = String(port);
    return url.toString();
  }
  get pid() {
    return Number(readFileSync(join(this.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  }
  // To the postmaster and its children.
  signal(name) {
    const pid = this.pid;
    for (const each of [pid, ...children(pid)]) {
      try {
        process.kill(each, name);
      } catch {
        // gone already
      }
    }
  }
  kill() {
    this.signal('SIGKILL');
  }
  // The rows, columns parted by '|'.
  async query(sql) {
    const { stdout } = await run('psql', ['--no-psqlrc', '-At', '-c', sql, this.url.toString()]);
    return stdout.split('\n').slice(0, -1);
  }
  async again() {
    await run(script, ['again', this.folder]);
  }
  async stop() {
    await run(script, ['stop', this.folder]);
  }
}

export class Redis {
  static async start(args = []) {
    const server = new Redis();
    server.port = await freePort();
    server.args = args;
    server.folder = temporaryFolder();
    await server.again();
    return server;
  }
  async again() {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.folder];
    this.child = spawn('redis-server', [...args, ...this.args], { stdio: 'ignore' });
    this.child.unref(); // a test that fails before its end must not wait for it
    this.exited = new Promise((done) => this.child.once('close', done));
    atExit(() => this.child.kill('SIGKILL'));
    await until(
      () =>
        new Promise((done) => {
          const socket = net.connect(this.port, '127.0.0.1', () => (socket.destroy(), done(true)));
          socket.once('error', () => done(false));
        }),
      'redis-server listens',
    );
  }
  signal(name) {
    this.child.kill(name);
  }
  async kill() {
    this.signal('SIGKILL');
    await within(this.exited, 'redis-server is gone');
  }
  stop() {
    return this.kill();
  }
}

// cut(): what is connected stalls without a word, as when a cable is pulled, and newcomers get no answer. heal(): newcomers get through, and what
// stalled breaks. reset(): everything connected is reset.
export class TcpProxy {
  static async start(port) {
    const proxy = new TcpProxy();
    proxy.target = port;
    proxy.pairs = new Set();
    proxy.isCut = false;
    proxy.server = net.createServer((client) => proxy.accept(client));
    await new Promise((done) => proxy.server.listen(0, '127.0.0.1', done));
    proxy.port = proxy.server.address().port;
    proxy.server.unref();
    return proxy;
  }
  accept(client) {
    const pair = { client, server: null };
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      pair.server?.destroy();
    };
    client.on('error', end);
    client.on('close', end);
    if (this.isCut) return client.pause();
    pair.server = net.connect(this.target, '127.0.0.1');
    pair.server.on('error', end);
    pair.server.on('close', end);
    client.setNoDelay(true);
    pair.server.setNoDelay(true);
    client.pipe(pair.server);
    pair.server.pipe(client);
    return undefined;
  }
  cut() {
    this.isCut = true;
    for (const { client, server } of this.pairs) {
      client.unpipe();
      client.pause();
      server?.unpipe();
      server?.pause();
    }
  }
  heal() {
    this.isCut = false;
    this.reset();
  }
  reset() {
    for (const { client, server } of [...this.pairs]) {
      client.resetAndDestroy();
      server?.destroy();
    }
    this.pairs.clear();
  }
  stop() {
    this.reset();
    this.server.close();
  }
}
