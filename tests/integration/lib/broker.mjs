// A broker as a process: start on a free port with a data folder of its own, wait until it is ready, stop it by its pid and look at how it ended.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import assert from 'node:assert/strict';
import { freePort } from './ports.mjs';
import { until, within, patience } from './wait.mjs';
import { atExit } from './at_exit.mjs';

const root = resolve(new URL('../../..', import.meta.url).pathname);
export const binary = process.env.PARLEY_BIN ?? join(root, 'build/release/parley');

const sanitizerReport =
  /ERROR: (Address|Leak|Thread|Undefined)\w*Sanitizer|WARNING: ThreadSanitizer|runtime error:|Assertion .* failed/;

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'));
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export class Broker {
  // args: further flags. mqttPort: a number, or 'off'; by default a free port, which broker.mqttPort tells.
  // wrap: a program that the broker is run under, e.g. ['bash', '-c', 'ulimit -f 100; exec "$@"', '-'].
  static async start({
    args = [],
    dataDir = temporaryFolder(),
    port,
    mqttPort,
    workers = 2,
    wrap = [],
    env = {},
    ready = true,
  } = {}) {
    const broker = new Broker();
    broker.dataDir = dataDir;
    broker.port = port ?? (await freePort());
    broker.mqttPort = mqttPort ?? (await freePort());
    broker.url = `http://127.0.0.1:${broker.port}`;
    broker.wsUrl = `ws://127.0.0.1:${broker.port}/ws`;
    broker.mqttUrl = `mqtt://127.0.0.1:${broker.mqttPort}`;
    broker.mqttWsUrl = `ws://127.0.0.1:${broker.port}/mqtt`;
    broker.stderr = '';
    const command = [
      ...wrap,
      binary,
      '--listen',
      `127.0.0.1:${broker.port}`,
      '--mqtt-listen',
      broker.mqttPort === 'off' ? 'off' : `127.0.0.1:${broker.mqttPort}`,
      '--data-dir',
      dataDir,
      '--workers',
      String(workers),
      ...args,
    ];
    broker.child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1', ...env },
    });
    broker.pid = broker.child.pid;
    atExit(() => broker.child.kill('SIGKILL'));
    broker.child.stdout.on('data', (bytes) => (broker.stderr += bytes));
    broker.child.stderr.on('data', (bytes) => (broker.stderr += bytes));
    broker.exited = new Promise((done) => {
      broker.child.once('error', (error) => done({ code: null, signal: null, error }));
      broker.child.once('close', (code, signal) => done({ code, signal }));
    }).then((end) => {
      broker.end = end;
      return end;
    });
    if (ready) await broker.untilReady();
    return broker;
  }

  async untilReady() {
    await until(
      async () => {
        if (this.end)
          throw new Error(
            `the broker ended before it was ready: ${JSON.stringify(this.end)} ${this.end.error ?? ''}\n${this.stderr}`,
          );
        const answer = await fetch(`${this.url}/readyz`).catch(() => null);
        await answer?.arrayBuffer();
        return answer?.status === 200;
      },
      () => `the broker at ${this.url} gets ready\n${this.stderr}`,
      { timeout: 20_000, every: 20 },
    );
  }

  signal(name) {
    if (name === 'SIGTERM') this.told = true;
    this.child.kill(name);
  }

  // SIGTERM, and a look at the end: exit code 0, no sanitizer report.
  async stop() {
    if (!this.end) {
      if (!this.told) this.signal('SIGTERM'); // a second one would end it without draining
      await within(this.exited, () => 'the broker ends after SIGTERM', 30_000).catch((error) => {
        this.signal('SIGKILL');
        throw new Error(`${error.message}\n${this.stderr.slice(-4000)}`);
      });
    }
    assert.deepEqual(
      this.end,
      { code: 0, signal: null },
      `the broker ended with ${JSON.stringify(this.end)}\n${this.stderr.slice(-8000)}`,
    );
    assert.doesNotMatch(this.stderr, sanitizerReport);
  }

  // SIGKILL: what a crash leaves behind.
  async kill() {
    this.signal('SIGKILL');
    await this.exited;
    assert.doesNotMatch(this.stderr, sanitizerReport);
  }

  // A broker on the same data folder and port, after stop() or kill().
  again(options = {}) {
    return Broker.start({ dataDir: this.dataDir, port: this.port, mqttPort: this.mqttPort, ...options });
  }

  assertAlive() {
    assert.equal(this.end, undefined, `the broker has ended: ${JSON.stringify(this.end)}\n${this.stderr.slice(-8000)}`);
  }

  // Resident memory in bytes.
  rss() {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]) * 1024;
  }

  // CPU time used so far, user and system, in ms (proc(5): fields 14 and 15 of stat, in clock ticks).
  cpuMs() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond();
  }

  async metrics() {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const values = new Map();
    for (const line of text.split('\n')) {
      const match = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? (\S+)$/.exec(line);
      if (match) values.set(match[1] + (match[2] ?? ''), Number(match[3]));
    }
    return { text, values };
  }

  // The sum over all label sets of a metric.
  async metric(name) {
    const { values } = await this.metrics();
    let sum = 0;
    for (const [key, value] of values) if (key === name || key.startsWith(`${name}{`)) sum += value;
    return sum;
  }
}

let ticks;
function ticksPerSecond() {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticks;
}

export { patience };
