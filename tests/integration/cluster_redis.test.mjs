// The ways to Redis: password, user, database, TLS with verification; each seen on /readyz of a broker.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Broker, temporaryFolder } from './lib/broker.mjs';
import { freePort } from './lib/ports.mjs';
import { Redis } from './lib/servers.mjs';
import { until } from './lib/wait.mjs';

// A certificate authority and a server certificate for `localhost` signed by it.
function certificates() {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const request = (name) => [
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];
  openssl(...request('ca'), '-x509', '-days', '2', '-subj', '/CN=test authority', '-out', 'ca.pem');
  openssl(...request('other'), '-x509', '-days', '2', '-subj', '/CN=another authority', '-out', 'other.pem');
  openssl(...request('server'), '-subj', '/CN=localhost', '-out', 'server.csr');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost\n');
  const sign = ['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl(...sign, '-extfile', 'names', '-out', 'server.pem');
  return folder;
}

describe('the way to Redis', () => {
  const servers = [];
  after(async () => {
    for (const server of servers) await server.stop();
  });
  const redis = async (args) => {
    const server = await Redis.start(args);
    servers.push(server);
    return server;
  };
  const state = async (broker) => (await (await fetch(`${broker.url}/readyz`)).json()).redis;

  // Whether a broker with these settings gets through; what it says when it does not.
  async function gets(wanted, args, { env, says } = {}) {
    const broker = await Broker.start({ args, env });
    if (wanted === 'ok')
      await until(
        async () => (await state(broker)) === 'ok',
        () => `Redis is there\n${broker.stderr}`,
      );
    else
      await until(
        () => broker.stderr.includes('Redis is away'),
        () => `Redis is refused\n${broker.stderr}`,
      );
    assert.equal(await state(broker), wanted);
    if (says) assert.match(broker.stderr, says);
    assert.doesNotMatch(broker.stderr, /not a real secret/);
    await broker.stop();
  }

  it('takes a password from the URL, a file or the environment, and refuses without', async () => {
    const { port } = await redis(['--requirepass', 'not a real secret']);
    const file = join(temporaryFolder(), 'password');
    writeFileSync(file, 'not a real secret\n');
    await gets('ok', ['--redis', `redis://:not%20a%20real%20secret@127.0.0.1:${port}/3`]);
    await gets('ok', ['--redis', `redis://127.0.0.1:${port}`, '--redis-password-file', file]);
    await gets('ok', ['--redis', `redis://default@127.0.0.1:${port}`], { env: { PARLEY_REDIS_PASSWORD: 'not a real secret' } });
    await gets('away', ['--redis', `redis://127.0.0.1:${port}`], { says: /NOAUTH/ });
    await gets('away', ['--redis', `redis://:wrong@127.0.0.1:${port}`], { says: /WRONGPASS|invalid password/i });
  });

  it('speaks TLS, and believes only the right authority and host', async () => {
    const folder = certificates();
    const at = (name) => join(folder, name);
    const tlsPort = await freePort();
    const files = ['--tls-cert-file', at('server.pem'), '--tls-key-file', at('server.key'), '--tls-ca-cert-file', at('ca.pem')];
    await redis(['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'no']);
    await gets('ok', ['--redis', `rediss://localhost:${tlsPort}`, '--redis-ca-file', at('ca.pem')]);
    await gets('away', ['--redis', `rediss://localhost:${tlsPort}`, '--redis-ca-file', at('other.pem')], { says: /certificate/ });
    await gets('away', ['--redis', `rediss://127.0.0.1:${tlsPort}`, '--redis-ca-file', at('ca.pem')], { says: /mismatch/ });
    await gets('away', ['--redis', `rediss://localhost:${tlsPort}`], { says: /certificate/ });
  });
});
