// A disk that takes no more: publishes are refused with `unavailable`, reads go on, and when there is room again so do publishes, without a
// restart. The disk is played by a limit on the size of files (RLIMIT_FSIZE), which the broker's writes run into and prlimit lifts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Broker } from './lib/broker.mjs';
import { Client, refused } from './lib/client.mjs';
import { Device } from './lib/rest.mjs';
import { until } from './lib/wait.mjs';

const limit = (pid, bytes) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);

describe('a full disk', () => {
  it('refuses what it cannot keep, goes on reading, and recovers by itself', { timeout: 120_000 }, async () => {
    // SIGXFSZ is ignored across exec, so that a write fails with EFBIG instead of ending the process.
    const broker = await Broker.start({ args: ['--anonymous'], wrap: ['bash', '-c', 'trap "" XFSZ; exec "$@"', '-'] });
    const [writer, reader] = await Promise.all([Client.connect(broker.wsUrl, {}), Client.connect(broker.wsUrl, {})]);
    await reader.subscribe('disk');
    const acked = new Map();
    const publish = async (cid) => {
      acked.set(cid, (await writer.publish('disk', { text: cid, fill: 'x'.repeat(500) }, { cid })).seq);
    };
    for (let i = 0; i < 50; ++i) await publish(`before-${i}`);

    limit(broker.pid, 4096);
    const error = await refused('unavailable', writer.publish('disk', { text: 'full' }, { cid: 'full' }));
    assert.equal(error.retry, true);
    const refusals = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        refused('unavailable', writer.publish('disk', { text: `full-${i}` }, { cid: `full-${i}` })),
      ),
    );
    assert.equal(refusals.length, 20);
    broker.assertAlive();

    // Reading does not need the disk to take anything.
    const device = await new Device(broker.url).guest('reader');
    assert.equal((await device.history('disk')).length, 50);
    const late = await Client.connect(broker.wsUrl, {});
    await late.subscribe('disk', { since: 0 });
    await late.upTo('disk', 50);
    const rest = await device.publish('disk', { text: 'by REST' });
    assert.deepEqual([rest.status, rest.body.code], [503, 'unavailable']);
    await until(async () => (await fetch(`${broker.url}/readyz`)).status === 503, 'not ready while storage takes nothing', {
      timeout: 15_000,
      every: 100,
    });
    assert.equal((await fetch(`${broker.url}/healthz`)).status, 200);

    limit(broker.pid, 'unlimited');
    await until(
      async () => {
        try {
          await publish('full');
          return true;
        } catch (again) {
          assert.equal(again.code, 'unavailable');
          return false;
        }
      },
      'publishes are taken again',
      { timeout: 15_000, every: 50 },
    );
    assert.equal(acked.get('full'), 51, 'what was refused was not committed');
    for (let i = 0; i < 50; ++i) await publish(`after-${i}`);
    await broker.untilReady();
    for (const client of [reader, late]) {
      await client.upTo('disk', 101);
      client.assertSound();
    }
    await Promise.all([writer, reader, late].map((client) => client.close()));
    await broker.stop();

    const again = await broker.again({ args: ['--anonymous'] });
    const history = await (await new Device(again.url).guest('judge')).history('disk');
    assert.deepEqual(new Map(history.map(({ cid, seq }) => [cid, seq])), acked);
    await again.stop();
  });
});
