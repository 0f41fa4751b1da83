// parley-loadtest as a process: small scenarios against the broker find nothing, a proxy that breaks the promises is found out.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Broker, binary, temporaryFolder } from './lib/broker.mjs';
import { freePort } from './lib/ports.mjs';

const loadtest = process.env.PARLEY_LOADTEST_BIN ?? join(dirname(binary), 'parley-loadtest');
const short = ['--warmup', '0', '--settle', '0', '--duration', '0.5', '--drain', '3', '--quiet'];

// Runs it; answers exit code, what it printed, and its JSON report.
async function run(scenario, url, args = [], times = short) {
  const json = join(temporaryFolder(), 'report.json');
  const child = spawn(loadtest, [scenario, '--url', url, '--json', json, ...times, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  child.stderr.on('data', (bytes) => (said += bytes));
  const patience = setTimeout(() => child.kill('SIGKILL'), 40_000);
  const code = await new Promise((done) => child.once('close', done));
  clearTimeout(patience);
  let report = null;
  try {
    report = JSON.parse(readFileSync(json, 'utf8'));
  } catch {
    // said tells why
  }
  return { code, said, report };
}

// A proxy in front of the broker. To each connection's server-to-client WebSocket frames it does `meddle(frame, index)`: answers what
// goes on. The upgrade's answer passes.
async function startProxy(target, meddle) {
  const port = await freePort();
  const server = net.createServer((client) => {
    const upstream = net.connect({ port: target, host: '127.0.0.1' });
    let rest = Buffer.alloc(0);
    let upgraded = false;
    let entries = 0;
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      if (!upgraded) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        client.write(rest.subarray(0, end + 4));
        rest = rest.subarray(end + 4);
        upgraded = true;
      }
      for (;;) {
        if (rest.length < 4) break;
        const small = rest[1] < 126;
        const size = small ? 2 + rest[1] : 4 + rest.readUInt16BE(2);
        if (rest.length < size) break;
        const frame = Buffer.from(rest.subarray(0, size));
        rest = rest.subarray(size);
        const isEntry = frame.includes('"body"');
        for (const out of isEntry ? meddle(frame, entries++) : [frame]) client.write(out);
      }
    });
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => [client, upstream].forEach((one) => one.destroy()));
    }
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return { url: `ws://127.0.0.1:${port}/ws`, close: () => server.close() };
}

describe('parley-loadtest', () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous'] });
  });
  after(() => broker.stop());

  const scenarios = {
    fanout: ['--subscribers', '20', '--inflight', '4', '--html', join(temporaryFolder(), 'page.html')],
    chat: ['--rooms', '3', '--members', '4'],
    iot: ['--publishers', '5', '--subscribers', '3'],
    connect: ['--subscribers', '200', '--rooms', '3'],
    resume: ['--subscribers', '10', '--every', '0.3'],
    offline: ['--subscribers', '5', '--backlog', '50'],
    soak: ['--rooms', '2', '--members', '5', '--stay', '0.2', '--think', '0.1'],
    mixed: ['--rooms', '2', '--members', '5', '--stay', '0.4', '--think', '0.05'],
  };
  for (const [scenario, args] of Object.entries(scenarios)) {
    it(`${scenario}: every delivery is as it must be`, { timeout: 60_000 }, async () => {
      const { code, said, report } = await run(scenario, broker.wsUrl, [...args, '--server-pid', String(broker.pid)]);
      assert.equal(code, 0, said);
      assert.equal(report.violations, 0, said);
      assert.ok(report.expected_all > 0, said);
      assert.ok(report.history_checked > 0, said);
    });
  }

  const signals = {
    fanout: ['--subscribers', '20', '--inflight', '4'],
    chat: ['--rooms', '3', '--members', '4'],
    resume: ['--subscribers', '10', '--every', '0.2'],
  };
  for (const [scenario, args] of Object.entries(signals)) {
    it(`${scenario} with --qos 0: signals, nothing is kept`, { timeout: 60_000 }, async () => {
      const { code, said, report } = await run(scenario, broker.wsUrl, [...args, '--qos', '0']);
      assert.equal(code, 0, said);
      assert.match(report.protocol, /QoS 0/);
      assert.ok(report.expected_all > 0 && report.deliveries_per_s > 0, said);
      assert.equal(report.history_checked, 0, said); // there is none
    });
  }

  it('native --qos 2, and offline with --qos 0: status 2 and a sentence', { timeout: 60_000 }, async () => {
    for (const [scenario, qos, why] of [
      ['fanout', '2', /native protocol has --qos 0/],
      ['offline', '0', /offline needs --qos 1/],
    ]) {
      const { code, said } = await run(scenario, broker.wsUrl, ['--qos', qos]);
      assert.equal(code, 2, said);
      assert.match(said, why);
    }
  });

  it('open loop: as many messages as the rate says', { timeout: 60_000 }, async () => {
    const { code, said, report } = await run('fanout', broker.wsUrl, [
      '--subscribers',
      '5',
      '--rate',
      '200',
      '--messages',
      '100',
    ]);
    assert.equal(code, 0, said);
    assert.equal(report.published, 100);
    assert.ok(report.seconds >= 0.45, `100 messages at 200 a second took ${report.seconds} s`);
  });

  it('a broker that is killed and comes back on the same data: nothing acknowledged is lost', { timeout: 60_000 }, async () => {
    let victim = await Broker.start({ args: ['--anonymous'] });
    const dead = victim.exited;
    const again = dead.then(() => victim.again({ args: ['--anonymous'] }));
    const { code, said, report } = await run(
      'chat',
      victim.wsUrl,
      ['--rooms', '4', '--members', '5', '--kill', `${victim.pid}@0.4`, '--duration', '2', '--drain', '10'],
      ['--warmup', '0', '--settle', '0', '--quiet'],
    );
    victim = await again;
    await victim.stop();
    assert.equal(code, 0, said);
    assert.ok(report.reconnects >= 20, said);
  });

  describe('over TLS', () => {
    const folder = temporaryFolder();
    const proxies = {};
    before(async () => {
      const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
      for (const name of ['server', 'stranger']) {
        openssl(
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
          ...['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', '/CN=localhost'],
          ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
        );
      }
      const identity = { key: readFileSync(join(folder, 'server.key')), cert: readFileSync(join(folder, 'server.pem')) };
      const inFrontOf = async (port) => {
        const server = tls.createServer(identity, (client) => {
          const upstream = net.connect({ port, host: '127.0.0.1' });
          client.pipe(upstream).pipe(client);
          for (const socket of [client, upstream]) {
            socket.on('error', () => {});
            socket.on('close', () => [client, upstream].forEach((one) => one.destroy()));
          }
        });
        server.on('tlsClientError', () => {});
        await new Promise((done) => server.listen(0, '127.0.0.1', done));
        return server;
      };
      proxies.http = await inFrontOf(broker.port);
      proxies.mqtt = await inFrontOf(broker.mqttPort);
    });
    after(() => Object.values(proxies).forEach((proxy) => proxy.close()));
    const url = {
      wss: () => `wss://127.0.0.1:${proxies.http.address().port}`,
      mqtts: () => `mqtts://127.0.0.1:${proxies.mqtt.address().port}`,
    };

    const kinds = {
      native: () => `${url.wss()}/ws`,
      'MQTT over WebSocket': () => `${url.wss()}/mqtt`,
      'MQTT over TCP': url.mqtts,
    };
    for (const [kind, target] of Object.entries(kinds)) {
      it(`${kind}: every delivery is as it must be`, { timeout: 60_000 }, async () => {
        const { code, said, report } = await run('fanout', target(), [
          ...['--subscribers', '10', '--inflight', '4', '--qos', '1', '--cafile', join(folder, 'server.pem')],
        ]);
        assert.equal(code, 0, said);
        assert.ok(report.expected_all > 0, said);
        if (kind === 'native') assert.ok(report.history_checked > 0, said);
      });
    }

    it('a certificate that nobody vouches for: status 3, and why', { timeout: 60_000 }, async () => {
      for (const ca of [['--cafile', join(folder, 'stranger.pem')], []]) {
        const { code, said } = await run('fanout', url.mqtts(), ['--subscribers', '1', ...ca]);
        assert.equal(code, 3, said);
        assert.match(said, /certificate/);
      }
    });
  });

  it('a URL that is none: status 2 and a sentence', { timeout: 90_000 }, async () => {
    const { code, said } = await run('fanout', 'nonsense://x');
    assert.equal(code, 2);
    assert.match(said, /no URL of a broker/);
  });

  describe('behind a proxy that breaks a promise', () => {
    const sabotage = {
      lost: (frame, index) => (index === 7 ? [] : [frame]),
      duplicate: (frame, index) => (index === 7 ? [frame, frame] : [frame]),
      content: (frame, index) => {
        if (index === 7) frame[frame.length - 5] ^= 1;
        return [frame];
      },
      sequence: (frame, index) => {
        const at = frame.indexOf('"seq":') + 6;
        if (index === 7) frame[at] = frame[at] === 0x39 ? 0x38 : frame[at] + 1;
        return [frame];
      },
    };
    const held = new Map();
    const order = (frame, index) => {
      // The eighth goes behind the ninth.
      if (index === 7) held.set(order, frame);
      return index === 7 ? [] : index === 8 ? [frame, held.get(order)] : [frame];
    };
    const tries = [
      ...Object.entries(sabotage).map((one) => [...one, '1']),
      ...['lost', 'duplicate', 'content'].map((kind) => [kind, sabotage[kind], '0']),
      ['order', order, '0'],
    ];
    for (const [kind, meddle, qos] of tries) {
      it(`${kind} with --qos ${qos} is found, described, and makes the exit status 1`, { timeout: 60_000 }, async () => {
        const proxy = await startProxy(broker.port, meddle);
        const history = ['--history', broker.url];
        const { code, said, report } = await run(
          'fanout',
          proxy.url,
          ['--subscribers', kind === 'order' ? '1' : '3', '--messages', '40', '--qos', qos, ...history],
          [...['--warmup', '0', '--settle', '0', '--drain', '1', '--duration', '2', '--quiet', '--rate', '200']],
        );
        proxy.close();
        assert.equal(code, 1, said);
        assert.ok(report.violation_counts[kind] > 0, said);
        assert.ok(
          report.violation_texts.some((text) => text.startsWith(`${kind}: client `)),
          said,
        );
      });
    }
  });
});
