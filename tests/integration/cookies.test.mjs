// The refresh cookie: its attributes, its rotation, and what happens to a family whose token is used twice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client } from './lib/client.mjs';
import { Device } from './lib/rest.mjs';
import { within } from './lib/wait.mjs';

describe('the refresh cookie', () => {
  let broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it('is HttpOnly, SameSite=Strict, for /api/v1 only, and not Secure over plain HTTP', async () => {
    const device = await new Device(broker.url).register('attributes');
    const attributes = device.setCookie
      .split('; ')
      .slice(1)
      .map((text) => text.toLowerCase());
    for (const wanted of ['httponly', 'samesite=strict', 'path=/api/v1'])
      assert.ok(attributes.includes(wanted), device.setCookie);
    assert.ok(!attributes.includes('secure'));
    assert.ok(
      attributes.some((text) => /^max-age=\d{3,}$/.test(text)),
      'it outlives the browser',
    );
  });

  it('is rotated by each refresh, and the new one works', async () => {
    const device = await new Device(broker.url).register('rotation');
    const seen = new Set([device.cookie]);
    for (let i = 0; i < 5; ++i) {
      const fresh = await device.must(200, 'POST', '/refresh');
      assert.ok(!seen.has(device.cookie), 'a new cookie');
      seen.add(device.cookie);
      device.token = fresh.access_token;
      assert.equal((await device.must(200, 'GET', '/me')).user.name, 'rotation');
    }
  });

  it('a cookie that is used twice revokes its family: the thief and the owner must log in again, live sessions end', async () => {
    const device = await new Device(broker.url).register('stolen');
    const other = await new Device(broker.url).login('stolen');
    const live = await Client.connect(broker.wsUrl, { token: device.token });
    const liveOther = await Client.connect(broker.wsUrl, { token: other.token });
    const thief = new Device(broker.url);
    thief.cookie = device.cookie;
    await device.must(200, 'POST', '/refresh');
    await device.must(200, 'POST', '/refresh');
    const answer = await thief.call('POST', '/refresh');
    assert.equal(answer.status, 401);
    await device.refused('unauthorized', 'POST', '/refresh');
    assert.equal(await within(live.closed.promise, 'the live session of that login ends'), 1008);
    await liveOther.ping();
    await other.must(200, 'POST', '/refresh');
    await liveOther.close();
  });

  it('a refresh whose answer was lost may be repeated with the old cookie', async () => {
    const device = await new Device(broker.url).register('unlucky');
    const old = device.cookie;
    await device.must(200, 'POST', '/refresh');
    device.cookie = old;
    await device.must(200, 'POST', '/refresh');
    await device.must(200, 'POST', '/refresh');
    device.cookie = old;
    await device.refused('unauthorized', 'POST', '/refresh');
  });

  it('survives a restart; a logged-out one does not come back', async () => {
    const [stays, goes] = [await new Device(broker.url).register('stays'), await new Device(broker.url).register('goes')];
    const old = goes.cookie;
    await goes.must(204, 'POST', '/logout');
    await broker.stop();
    broker = await broker.again();
    await stays.must(200, 'GET', '/me');
    await stays.must(200, 'POST', '/refresh');
    goes.cookie = old;
    await goes.refused('unauthorized', 'POST', '/refresh');
  });

  it('guests are refused when the server does not allow them', async () => {
    await new Device(broker.url).refused('forbidden', 'POST', '/guest', {});
    const client = new Client();
    await client.open(broker.wsUrl);
    await client.command('connect', { name: 'x' }).then(
      () => assert.fail('a guest was let in'),
      (error) => assert.ok(['unauthorized', 'forbidden'].includes(error.code), error.message),
    );
    client.terminate();
  });

  it('a request from another site is refused where the cookie decides', async () => {
    const device = await new Device(broker.url).register('site');
    const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    await device.refused('forbidden', 'POST', '/refresh', undefined, { headers });
    await device.must(200, 'POST', '/refresh', undefined, { headers: { Origin: broker.url } });
  });
});
