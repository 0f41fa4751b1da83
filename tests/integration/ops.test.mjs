// What an operator looks at: health, readiness, metrics, static files, logs.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { request } from './lib/rest.mjs';
import { until } from './lib/wait.mjs';

describe('operations', () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--anonymous', '--log-format', 'json'] });
  });
  after(() => broker.stop());

  it('healthz and readyz', async () => {
    assert.equal((await request(broker.url, 'GET', '/healthz')).status, 200);
    assert.equal((await request(broker.url, 'GET', '/readyz')).status, 200);
    assert.equal((await request(broker.url, 'HEAD', '/healthz')).text, '');
    assert.equal((await request(broker.url, 'POST', '/healthz')).status, 405);
  });

  it('metrics count what happens', async () => {
    const atFirst = await broker.metrics();
    assert.ok([...atFirst.values.keys()].filter((name) => name.startsWith('parley_')).length > 20);
    for (const name of atFirst.values.keys()) assert.match(name, /^parley_/, 'every name begins with parley_');
    const sum = (metrics, name) =>
      [...metrics.values].filter(([key]) => key.split('{')[0] === name).reduce((n, [, v]) => n + v, 0);

    const [writer, reader] = await Promise.all([Client.connect(broker.wsUrl, {}), Client.connect(broker.wsUrl, {})]);
    await reader.subscribe('metrics');
    for (let i = 0; i < 50; ++i) await writer.publish('metrics', { text: `${i}` }, { cid: `${i}` });
    await writer.publish('metrics', { text: '0' }, { cid: '0' });
    await reader.upTo('metrics', 50);
    const rose = async (name, by) => {
      const now = await broker.metrics();
      assert.ok(
        [...now.values.keys()].some((key) => key.split('{')[0] === name),
        `${name} is missing`,
      );
      assert.ok(sum(now, name) - sum(atFirst, name) >= by, `${name} rose by ${sum(now, name) - sum(atFirst, name)}, not ${by}`);
    };
    await rose('parley_sessions', 2);
    await rose('parley_subscriptions', 1);
    await rose('parley_publishes_total', 51);
    await rose('parley_duplicates_total', 1);
    await rose('parley_deliveries_total', 50);
    await rose('parley_committed_total', 50);
    await Promise.all([writer.close(), reader.close()]);
    await until(async () => (await broker.metric('parley_sessions')) === sum(atFirst, 'parley_sessions'), 'sessions go back');
  });

  it('logs are one JSON object a line, and never hold what people write', async () => {
    const client = await Client.connect(broker.wsUrl, {});
    const secret = 'never-to-be-logged';
    await client.publish('logs', { text: secret });
    client.send(`{"op":"publish","room":"logs","body":{"text":"${secret}"`);
    await client.ping();
    await client.close();
    const lines = broker.stderr.trim().split('\n').filter(Boolean);
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const { ts, level, msg } = JSON.parse(line);
      assert.ok(ts && level && msg, line);
    }
    assert.equal(broker.stderr.includes(secret), false);
    assert.equal(broker.stderr.includes(client.welcome.token), false);
  });

  it('what is not there is 404 as problem+json, known paths with other methods are 405 with Allow', async () => {
    const missing = await request(broker.url, 'GET', '/api/v1/nothing');
    assert.deepEqual([missing.status, missing.body.code], [404, 'not_found']);
    const method = await request(broker.url, 'DELETE', '/api/v1/info');
    assert.equal(method.status, 405);
    assert.match(method.headers.allow, /GET/);
  });

  it('answers carry headers that keep browsers careful', async () => {
    const { headers } = await request(broker.url, 'GET', '/api/v1/info');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
});
