import type { Limits, Subscribed } from './types.js';

export type Verdict = 'deliver' | 'repeat' | 'hole';

/**
 * The client's end of one subscription: which seq comes next, and when an ack is due. Pure state; the
 * connection asks it about every frame.
 */
export class Cursor {
  /** Everything up to it has been delivered; undefined until the first answer. */
  last: number | undefined;
  epoch: string | undefined;
  /** True between the answer to `subscribe` and the end of the connection. */
  attached = false;

  private acked = 0;
  private bytes = 0;

  constructor(since?: number, epoch?: string) {
    this.last = since;
    this.epoch = epoch;
  }

  /** Takes the answer to `subscribe`; says whether what follows goes on from what was seen before. */
  attach(reply: Subscribed): boolean {
    const resumed = this.last !== undefined;
    const continues = resumed && reply.recovered && (!this.epoch || this.epoch === reply.epoch);
    if (!continues) this.last = reply.head;
    this.epoch = reply.epoch;
    this.attached = true;
    this.acked = this.last ?? 0;
    this.bytes = 0;
    return continues || !resumed;
  }

  detach(): void {
    this.attached = false;
  }

  accept(seq: number, frameLength: number): Verdict {
    // A UTF-16 unit is at most three bytes of UTF-8: counting high only means acking a little early.
    this.bytes += frameLength * 3;
    if (this.last === undefined || seq === this.last + 1) {
      this.last = seq;
      return 'deliver';
    }
    return seq <= this.last ? 'repeat' : 'hole';
  }

  /** Entries up to `to` are gone from the server; the cursor goes on behind them. */
  skip(to: number): void {
    if (this.last === undefined || to > this.last) this.last = to;
  }

  /** The seq to acknowledge, once half the window is used up. */
  ackDue(limits: Limits): number | undefined {
    if (this.last === undefined || this.last <= this.acked) return undefined;
    const entries = limits.window ?? 1024;
    const bytes = limits.window_bytes ?? 1 << 20;
    if (this.last - this.acked < Math.max(1, Math.floor(entries / 2)) && this.bytes < bytes / 2) {
      return undefined;
    }
    this.acked = this.last;
    this.bytes = 0;
    return this.last;
  }
}
