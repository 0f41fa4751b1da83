export interface BackoffOptions {
  /** Upper bound of the first delay, in milliseconds. */
  base?: number;
  /** Upper bound of all delays. */
  cap?: number;
}

/**
 * Full jitter: anything between nothing and an upper bound that doubles. After a restart of the server its
 * clients come back spread out instead of all at once.
 */
export class Backoff {
  private attempts = 0;
  private readonly base: number;
  private readonly cap: number;

  constructor(
    private readonly random: () => number,
    { base = 1000, cap = 30_000 }: BackoffOptions = {},
  ) {
    this.base = base;
    this.cap = cap;
  }

  get attempt(): number {
    return this.attempts;
  }

  next(): number {
    const bound = Math.min(this.cap, this.base * 2 ** Math.min(this.attempts, 16));
    this.attempts++;
    return Math.round(this.random() * bound);
  }

  /** The server asked for patience: go on as after at least so many failures. */
  atLeast(attempts: number): void {
    this.attempts = Math.max(this.attempts, attempts);
  }

  /** The server took us in: what it went through before counts as no more than so many failures. */
  atMost(attempts: number): void {
    this.attempts = Math.min(this.attempts, attempts);
  }

  reset(): void {
    this.attempts = 0;
  }
}
