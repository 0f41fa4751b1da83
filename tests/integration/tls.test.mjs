// TLS on the server's side: https, wss, MQTT over TLS; certificates that are replaced while it runs; PROXY headers before TLS; what is refused.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import mqtt from 'mqtt';
import { Broker, binary } from './lib/broker.mjs';
import { Authority } from './lib/certificates.mjs';
import { Client } from './lib/client.mjs';
import { unique } from './lib/mqtt_client.mjs';
import { freePort } from './lib/ports.mjs';
import { deferred, until, within } from './lib/wait.mjs';

// {code, out, errors}, whatever the code.
const run = (command, args) =>
  new Promise((done) =>
    execFile(command, args, { timeout: 20_000 }, (error, out, errors) => done({ code: error ? error.code : 0, out, errors })),
  );
const version5 = Buffer.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 0, 0, 0, 0]); // CONNECT, clean start, no client id
describe('TLS', { timeout: 120_000 }, () => {
  let authority;
  let files;
  let broker;
  let metricsPort;
  let mqttsPort;
  let get;
  const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  // The sum over all workers.
  const metric = async (name) =>
    [...(await metrics()).matchAll(/^(\S+) (\S+)$/gm)].reduce((sum, [, key, n]) => sum + (name.test(key) ? Number(n) : 0), 0);
  const tlsFailures = () => metric(/^parley_connections_ended_total\{.*"tls_failed"/);

  const start = async () => {
    metricsPort = await freePort();
    mqttsPort = await freePort();
    broker = await Broker.start({
      args: [
        ...['--anonymous', '--tls-cert', files.cert, '--tls-key', files.key, '--mqtts-listen', `127.0.0.1:${mqttsPort}`],
        ...['--metrics-listen', `127.0.0.1:${metricsPort}`],
      ],
      ready: false,
    });
    const port = broker.port;
    get = (path) =>
      new Promise((done, fail) => {
        https
          .get({ host: '127.0.0.1', port, path, ca: authority.pem, agent: false }, (answer) => {
            let body = '';
            answer.on('data', (bytes) => (body += bytes));
            answer.on('end', () => done({ status: answer.statusCode, body, certificate: answer.socket.getPeerCertificate() }));
          })
          .on('error', fail);
      });
    await until(
      async () => {
        broker.assertAlive();
        return (await get('/readyz').catch(() => null))?.status === 200;
      },
      () => `it gets ready\n${broker.stderr}`,
    );
  };

  before(async () => {
    authority = new Authority();
    files = authority.issue('server');
    await start();
  });
  after(() => broker?.stop());

  it('https: curl verifies the certificate, and nothing older than TLS 1.2 gets in', async () => {
    const url = `https://localhost:${broker.port}/healthz`;
    const good = await run('curl', ['-sS', '--cacert', authority.file, url]);
    assert.deepEqual([good.code, good.out], [0, 'ok\n'], good.errors);
    assert.equal((await run('curl', ['-sS', url])).code, 60, 'a stranger’s certificate');
    const old = await run('curl', ['-sS', '--cacert', authority.file, '--tls-max', '1.1', '--ciphers', 'ALL@SECLEVEL=0', url]);
    assert.equal(old.code, 35, old.errors);
    assert.equal((await run('curl', ['-sS', '--cacert', authority.file, '--tlsv1.2', '--tls-max', '1.2', url])).code, 0);
  });

  it('what is not TLS is cut off and counted', async () => {
    const soFar = await tlsFailures();
    const answer = await run('curl', ['-sS', `http://127.0.0.1:${broker.port}/healthz`]);
    assert.notEqual(answer.code, 0);
    assert.doesNotMatch(answer.out, /ok/);
    await until(async () => (await tlsFailures()) > soFar, 'it is counted');
  });

  it('wss: the native protocol, with much in both directions', async () => {
    const url = `wss://127.0.0.1:${broker.port}/ws`;
    const [writer, reader] = [0, 1].map(() => new Client({ socket: { ca: authority.pem } }));
    for (const client of [writer, reader]) {
      await client.open(url);
      client.welcome = await client.command('connect', {});
    }
    await reader.subscribe('secure', { since: 0 });
    const text = 'x'.repeat(50_000);
    await Promise.all(Array.from({ length: 60 }, (_, i) => writer.publish('secure', { text: text + i })));
    const entries = await reader.upTo('secure', 60);
    assert.ok(entries.every(({ body }) => body.text.startsWith(text)));
    reader.assertSound();
    await assert.rejects(new Client().open(url), /self-signed|unable to verify|issuer/i);
    await writer.close();
    await reader.close();
  });

  it('cookies of https are Secure', async () => {
    const body = JSON.stringify({ name: 'tess', password: 'correct horse battery' });
    const cookie = await new Promise((done, fail) => {
      const options = { host: '127.0.0.1', port: broker.port, path: '/api/v1/register', method: 'POST', ca: authority.pem };
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      https
        .request({ ...options, headers }, (answer) => done(`${answer.headers['set-cookie']}`))
        .on('error', fail)
        .end(body);
    });
    if (cookie !== 'undefined') assert.match(cookie, /Secure/);
  });

  it('MQTT over TLS: mosquitto_pub and mosquitto_sub, and mqtt.js over wss', async () => {
    const topic = unique('tls/');
    const client = await mqtt.connectAsync(`wss://127.0.0.1:${broker.port}/mqtt`, { ca: authority.pem, reconnectPeriod: 0 });
    const heard = deferred();
    client.on('message', (_, payload) => heard.resolve(payload.toString()));
    await client.subscribeAsync(topic, { qos: 1 });
    const address = ['-h', '127.0.0.1', '-p', String(mqttsPort), '--cafile', authority.file];
    const sub = run('mosquitto_sub', [...address, '-t', topic, '-q', '1', '-C', '1', '-W', '15']);
    await until(async () => (await metric(/^parley_mqtt_subscriptions/)) === 2, 'both have subscribed');
    const big = 'y'.repeat(300_000);
    const file = join(authority.folder, 'big');
    writeFileSync(file, big);
    const pub = await run('mosquitto_pub', [...address, '-t', topic, '-q', '2', '-f', file]);
    assert.equal(pub.code, 0, pub.errors);
    assert.equal(await within(heard.promise, 'mqtt.js has it'), big);
    const got = await sub;
    assert.deepEqual([got.code, got.out.length], [0, big.length + 1], got.errors);
    const stranger = await run('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(mqttsPort), '-t', topic, '-m', 'x']);
    assert.notEqual(stranger.code, 0, 'in clear');
    await client.endAsync();
  });

  it('check-health asks over TLS', async () => {
    const health = await run(binary, [
      'check-health',
      '--listen',
      `127.0.0.1:${broker.port}`,
      '--tls-cert',
      files.cert,
      '--tls-key',
      files.key,
    ]);
    assert.equal(health.code, 0, health.errors);
    assert.match(health.out, /"ready":true/);
  });

  it('reads its certificate again on SIGHUP, and keeps the old one when the new is no good', async () => {
    const first = (await get('/healthz')).certificate;
    const client = new Client({ socket: { ca: authority.pem } });
    await client.open(`wss://127.0.0.1:${broker.port}/ws`);
    await client.command('connect', {});
    authority.issue('server');
    broker.signal('SIGHUP');
    await until(async () => (await get('/healthz')).certificate.fingerprint256 !== first.fingerprint256, 'the new one is used');
    await client.publish('secure', { text: 'the old connection goes on' });
    const second = (await get('/healthz')).certificate;
    copyFileSync(authority.issue('another').key, files.key);
    broker.signal('SIGHUP');
    await until(() => broker.stderr.includes('the certificate stays the old one'), 'the mismatch is said');
    assert.equal((await get('/healthz')).certificate.fingerprint256, second.fingerprint256);
    assert.match(await metrics(), /^parley_tls_certificate_expires_seconds 1?\d{9}/m);
    files = authority.issue('server');
    await client.close();
  });

  it('a stalled handshake does not hold up a drain', async () => {
    const sockets = [mqttsPort, broker.port].map((port) => net.connect(port, '127.0.0.1'));
    for (const socket of sockets) {
      await new Promise((done) => socket.once('connect', done));
      socket.on('error', () => {});
      socket.write(Buffer.from([0x16, 3, 1]));
    }
    await broker.stop();
    sockets.forEach((socket) => socket.destroy());
    broker = null;
  });
});

describe('PROXY protocol before MQTT', { timeout: 60_000 }, () => {
  let broker;
  let authority;
  let mqttsPort;
  before(async () => {
    authority = new Authority();
    const { cert, key } = authority.issue('server');
    mqttsPort = await freePort();
    const metricsPort = await freePort();
    broker = await Broker.start({
      args: [
        ...['--anonymous', '--proxy-protocol', '--trusted-proxy', '127.0.0.1', '--tls-cert', cert, '--tls-key', key],
        ...['--mqtts-listen', `127.0.0.1:${mqttsPort}`, '--metrics-listen', `127.0.0.1:${metricsPort}`, '--plain-http'],
      ],
      ready: false,
    });
    broker.url = `http://127.0.0.1:${metricsPort}`;
    await broker.untilReady();
  });
  after(() => broker?.stop());

  const header = 'PROXY TCP4 192.0.2.7 192.0.2.1 4711 1883\r\n';
  const connack = (socket) => within(new Promise((done) => socket.once('data', (bytes) => done(bytes[0]))), 'CONNACK comes');
  const opened = (port) =>
    new Promise((done) => {
      const socket = net.connect(port, '127.0.0.1', () => done(socket));
    });

  it('in clear', async () => {
    const socket = await opened(broker.mqttPort);
    socket.write(header);
    socket.write(version5);
    assert.equal(await connack(socket), 0x20);
    socket.destroy();
  });

  it('over TLS, the header in clear before it, in one packet with it or not', async () => {
    for (const split of [true, false]) {
      const socket = await opened(mqttsPort);
      if (split) socket.write(header);
      else (socket.cork(), socket.write(header));
      const secure = tls.connect({ socket, ca: authority.pem, host: '127.0.0.1' });
      if (!split) process.nextTick(() => socket.uncork());
      await within(new Promise((done, fail) => secure.once('secureConnect', done).once('error', fail)), 'the handshake');
      secure.write(version5);
      assert.equal(await connack(secure), 0x20);
      secure.destroy();
    }
  });

  it('without the header a trusted proxy is turned away', async () => {
    for (const port of [broker.mqttPort, mqttsPort]) {
      const socket = await opened(port);
      const closed = new Promise((done) => socket.once('close', () => done(true)));
      socket.on('error', () => {});
      socket.write(version5);
      assert.equal(await within(closed, 'it is closed'), true);
    }
  });
});

describe('TLS settings', { timeout: 60_000 }, () => {
  const authority = new Authority();
  const { cert, key } = authority.issue('one');
  const other = authority.issue('other');
  const refused = [
    ['a certificate without a key', ['--tls-cert', cert], /--tls-cert and --tls-key go together/],
    ['--mqtts-listen without a certificate', ['--mqtts-listen', '127.0.0.1:0'], /--mqtts-listen needs a certificate/],
    ['--tls-only without one', ['--tls-only'], /--tls-only needs a certificate/],
    ['a file that is not there', ['--tls-cert', '/nowhere.pem', '--tls-key', key], /cannot read the certificate \/nowhere\.pem/],
    ['a key of another certificate', ['--tls-cert', cert, '--tls-key', other.key], /not the certificate's/],
    ['a key that is none', ['--tls-cert', cert, '--tls-key', cert], /cannot read the key/],
    [
      'clear MQTT with --tls-only',
      ['--tls-cert', cert, '--tls-key', key, '--tls-only', '--mqtt-listen', '127.0.0.1:1884'],
      /--mqtt-listen is in clear/,
    ],
  ];
  for (const [what, args, message] of refused) {
    it(`check-config refuses ${what}`, async () => {
      const answer = await run(binary, ['check-config', ...args]);
      assert.equal(answer.code, 2);
      assert.match(answer.errors, message);
    });
  }
  it('check-config takes a good pair', async () => {
    assert.equal((await run(binary, ['check-config', '--tls-cert', cert, '--tls-key', key])).code, 0);
  });

  it('--tls-only: nothing listens in clear', async () => {
    const [metricsPort, mqttsPort] = [await freePort(), await freePort()];
    const broker = await Broker.start({
      args: [
        ...['--anonymous', '--tls-cert', cert, '--tls-key', key, '--tls-only'],
        ...['--metrics-listen', `127.0.0.1:${metricsPort}`, '--mqtts-listen', `127.0.0.1:${mqttsPort}`],
      ],
      mqttPort: 'off',
      ready: false,
    });
    const curl = (port, path) => run('curl', ['-sS', '--cacert', authority.file, `https://127.0.0.1:${port}${path}`]);
    await until(async () => (await curl(metricsPort, '/readyz')).code === 0, 'it gets ready');
    assert.match((await curl(metricsPort, '/metrics')).out, /parley_ready 1/);
    assert.equal((await curl(broker.port, '/healthz')).out, 'ok\n');
    assert.doesNotMatch(broker.stderr, /http:|[^s]\bmqtt\b/);
    for (const port of [broker.port, metricsPort, mqttsPort]) {
      assert.notEqual((await run('curl', ['-sS', `http://127.0.0.1:${port}/healthz`])).code, 0);
    }
    await broker.stop();
  });
});
