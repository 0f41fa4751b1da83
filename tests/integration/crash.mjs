// The crash test as a program, for as many rounds as one likes:  node crash.mjs [--rounds N] [--seed N] [--minutes N]
import { parseArgs } from 'node:util';
import { crashTest } from './lib/crash.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' }, minutes: { type: 'string' } },
});
const result = await crashTest({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  deadline: values.minutes ? Date.now() + Number(values.minutes) * 60_000 : Infinity,
  print: (line) => console.log(line),
});
process.exit(result.bad === 0 ? 0 : 1);
