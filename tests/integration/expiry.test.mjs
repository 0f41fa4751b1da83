// A token that expires ends the live session, unless it is renewed in time.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client, refused } from './lib/client.mjs';
import { Device } from './lib/rest.mjs';
import { sleep, within } from './lib/wait.mjs';

describe('expiry', () => {
  let broker;
  before(async () => {
    broker = await Broker.start({ args: ['--access-token-ttl', '3s'] });
  });
  after(() => broker.stop());

  it('closes with 1008 when the token has expired, and not when it was renewed', async () => {
    const device = await new Device(broker.url).register('ada');
    const first = device.token;
    const [left, kept] = await Promise.all([1, 2].map(() => Client.connect(broker.wsUrl, { token: first })));
    assert.ok(left.welcome.expires_in <= 3);
    const ended = left.closed.promise.then(() => Date.now());
    await sleep(1_500);
    device.keep({ ...(await device.must(200, 'POST', '/refresh')), user: device.user });
    await kept.command('connect', { token: device.token });
    await within(ended, 'the session that was not renewed is closed');
    assert.equal(left.closeCode, 1008);
    await kept.ping();
    const late = new Client();
    await late.open(broker.wsUrl);
    await refused('unauthorized', late.command('connect', { token: first }));
    await kept.close();
    await late.close();
  });
});
