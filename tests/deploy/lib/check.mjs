// One way to note what was checked: counts, says what failed, and ends with the truth.
import { join, resolve } from 'node:path';

export const root = resolve(new URL('../../..', import.meta.url).pathname);
export const chart = join(root, 'helm/parley');
export const environments = ['dev', 'staging', 'prod'];

let passed = 0;
const failures = [];

export function check(name, ok, why = '') {
  if (ok) passed += 1;
  else failures.push(`${name}${why ? `: ${String(why).trim()}` : ''}`);
  return Boolean(ok);
}

export function finish(what) {
  for (const failure of failures) console.error(`FAILED ${failure}`);
  console.log(`${what}: ${passed} checks passed, ${failures.length} failed`);
  process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
}
