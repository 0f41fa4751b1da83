// SIGKILL in the middle of publishing: nothing acknowledged is lost, nothing is there twice, no hole, one order. scripts/check-long runs more rounds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashTest } from './lib/crash.mjs';
import { seed } from './lib/random.mjs';

describe('crash', () => {
  it('5 rounds of SIGKILL and restart', { timeout: 300_000 }, async (t) => {
    const result = await crashTest({ rounds: 5, seed, print: (line) => t.diagnostic(line) });
    assert.equal(result.bad, 0);
  });
});
