// Waiting for conditions, never for time alone.

// Sanitizers and busy machines: every time-out grows by this factor.
export const patience = Number(process.env.PARLEY_PATIENCE ?? { asan: 3, tsan: 5 }[process.env.PARLEY_PRESET] ?? 1);

export function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

// Calls `condition` (may be async) until it answers something truthy, and answers that. Throws with `what` when the time is over.
export async function until(condition, what, { timeout = 10_000, every = 10 } = {}) {
  const deadline = Date.now() + timeout * patience;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > deadline)
      throw new Error(`waited ${timeout * patience} ms in vain: ${typeof what === 'function' ? what() : what}`);
    await sleep(every);
  }
}

// The promise's value, or an error that names what was waited for.
export function within(promise, what, timeout = 10_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${timeout * patience} ms in vain: ${typeof what === 'function' ? what() : what}`)),
      timeout * patience,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A promise together with its ends.
export function deferred() {
  const out = {};
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
}
