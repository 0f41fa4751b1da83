// Chance that is the same for the same seed (mulberry32).
export class Seeded {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  // Uniform in [0, 1).
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  // Uniform integer in [low, high].
  between(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  pick(list) {
    return list[this.between(0, list.length - 1)];
  }
}

// The seed of this run: PARLEY_SEED, or a new one. Printed by those who use it, so that a failure can be repeated.
export const seed = Number(process.env.PARLEY_SEED ?? Math.floor(Math.random() * 2 ** 31));
