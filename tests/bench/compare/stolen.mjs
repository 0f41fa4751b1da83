// What share of the processors' time a hypervisor took away (steal), by /proc/stat; 0 where nobody can.
import { readFileSync } from 'node:fs';

function ticks() {
  const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number);
  return { all: fields.slice(0, 8).reduce((sum, one) => sum + one, 0), stolen: fields[7] ?? 0 };
}

export const stolenSince = () => {
  const before = ticks();
  return () => {
    const now = ticks();
    return (now.stolen - before.stolen) / Math.max(1, now.all - before.all);
  };
};

// The run of which least was stolen: the first one below `bearable`, of `attempts` at most. `run` answers { stolen } or null.
export async function quietest(run, { attempts = 5, bearable = 0.005, repeated = () => {} } = {}) {
  let best = null;
  for (let n = 0; n < attempts; ++n) {
    const got = await run();
    if (!got) return best;
    if (best === null || got.stolen < best.stolen) best = got;
    if (best.stolen <= bearable) break;
    repeated(got);
  }
  return best;
}
