// One run of each fault (lib/faults.mjs); scripts/check-long does many.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { faultTable } from './lib/faults.mjs';
import { seed } from './lib/random.mjs';

it('nothing is lost, doubled or out of order, whatever fails', { timeout: 400_000 }, async () => {
  const cluster = await Cluster.start();
  try {
    assert.ok(await faultTable(cluster, { seed, print: console.log }));
  } finally {
    await cluster.stop();
  }
});
