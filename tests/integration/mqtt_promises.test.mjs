// MQTT's promises, few rounds; scripts/check-long runs more.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mqttAwayTest } from './lib/mqtt_away.mjs';
import { mqttCrashTest } from './lib/mqtt_crash.mjs';
import { seed } from './lib/random.mjs';

describe('MQTT promises', () => {
  it('QoS 2 is exactly once over 2 rounds of SIGKILL and restart', { timeout: 120_000 }, async (t) => {
    const result = await mqttCrashTest({ rounds: 2, seed, print: (line) => t.diagnostic(line) });
    assert.equal(result.bad, 0);
    assert.ok(result.underWay > 0, 'a kill hit publishes under way');
  });

  it('20,000 messages for a session that is away: all, in order, in bounded memory', { timeout: 120_000 }, async (t) => {
    const row = await mqttAwayTest({ count: 20_000, print: (line) => t.diagnostic(line) });
    assert.deepEqual([row.present, row.got, row.wrong], [true, 20_000, 0]);
    // A sanitizer keeps what was freed.
    if (!['asan', 'tsan'].includes(process.env.PARLEY_PRESET))
      assert.ok(row.grown < 32 * 2 ** 20, `resident memory grew by ${row.grown} bytes`);
  });
});
