// The table of faults: node cluster_faults.mjs [--runs N] [--seed N] [--hours H] [--fault NAME]. Exit 1 when something was lost, doubled or out of
// order.
import { parseArgs } from 'node:util';
import { Cluster } from './lib/cluster.mjs';
import { faultTable, faults } from './lib/faults.mjs';
import { seed as anySeed } from './lib/random.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(anySeed) },
    hours: { type: 'string' },
    fault: { type: 'string', multiple: true },
  },
});
const cluster = await Cluster.start();
let seed = Number(values.seed);
const end = values.hours ? Date.now() + Number(values.hours) * 3_600_000 : 0;
let good = true;
do {
  const options = { seed: seed++, runs: Number(values.runs), print: console.log, names: values.fault ?? Object.keys(faults) };
  good = await faultTable(cluster, options);
} while (good && Date.now() < end);
await cluster.stop();
process.exitCode = good ? 0 : 1;
