import { Backoff } from './backoff.js';
import { ParleyError } from './errors.js';
import type { Outbox, OutboxItem } from './outbox.js';
import type { Clock } from './runtime.js';
import type { Receipt } from './types.js';

export interface PublisherEvents {
  queued: (item: OutboxItem) => void;
  sent: (item: OutboxItem, receipt: Receipt) => void;
  failed: (item: OutboxItem, error: ParleyError) => void;
  discarded: (item: OutboxItem) => void;
  /** The outbox could not keep an item: it will still be sent, but would not survive a reload. */
  unkept: (item: OutboxItem, cause: unknown) => void;
}

/** Sends one item; exactly one of the two is called, at once or later. */
export type Send = (
  item: OutboxItem,
  accepted: (receipt: Receipt) => void,
  refused: (error: ParleyError) => void,
) => void;

interface Waiting {
  resolve: (receipt: Receipt) => void;
  reject: (error: ParleyError) => void;
}

interface Lane {
  queue: OutboxItem[];
  busy: boolean;
  backoff: Backoff;
}

/**
 * Sends publishes in the order in which they were written, one under way per room, again and again with the
 * same cid until the server answers. Rooms do not wait for each other.
 */
export class Publisher {
  private readonly lanes = new Map<string, Lane>();
  private readonly failed = new Map<string, OutboxItem>();
  private readonly waiting = new Map<string, Waiting[]>();
  private send: Send | undefined;
  private loading: Promise<void> | undefined;
  private loaded = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly events: PublisherEvents,
  ) {}

  /** Takes over what an earlier life of the program left behind. */
  restore(): Promise<void> {
    this.loading ??= this.outbox
      .load()
      .catch(() => [])
      .then((items) => {
        const known = new Set(this.all().map((item) => item.cid));
        const older = items.filter((item) => !known.has(item.cid));
        for (const item of [...older].reverse()) {
          if (item.error) this.failed.set(item.cid, item);
          else this.lane(item.room).queue.unshift(item);
        }
        this.loaded = true;
        for (const item of older) {
          this.events.queued(item);
          if (item.error) this.events.failed(item, asError(item.error));
        }
        this.pump();
      });
    return this.loading;
  }

  add(item: OutboxItem): Promise<Receipt> {
    const promise = new Promise<Receipt>((resolve, reject) => {
      this.waiting.set(item.cid, [...(this.waiting.get(item.cid) ?? []), { resolve, reject }]);
    });
    this.enqueue(item);
    return promise;
  }

  /** Tries a refused item again, behind what waits in its room. */
  retry(cid: string): boolean {
    const item = this.failed.get(cid);
    if (!item) return false;
    this.failed.delete(cid);
    const again = { ...item };
    delete again.error;
    this.enqueue(again);
    return true;
  }

  /** Takes back an item that is not under way. */
  discard(cid: string): boolean {
    let item = this.failed.get(cid);
    if (item) {
      this.failed.delete(cid);
    } else {
      for (const lane of this.lanes.values()) {
        const index = lane.queue.findIndex((queued) => queued.cid === cid);
        if (index < 0 || (index === 0 && lane.busy)) continue;
        item = lane.queue.splice(index, 1)[0];
      }
    }
    if (!item) return false;
    void this.outbox.remove(cid).catch(() => undefined);
    this.settle(cid, (waiting) => {
      waiting.reject(new ParleyError('offline', 'Taken back before it was sent.'));
    });
    this.events.discarded(item);
    return true;
  }

  /** What has no answer yet, in the order of sending. */
  all(): OutboxItem[] {
    const queued = [...this.lanes.values()].flatMap((lane) => lane.queue);
    return [...queued, ...this.failed.values()].sort((a, b) => a.created - b.created);
  }

  start(send: Send): void {
    this.send = send;
    this.pump();
  }

  /** The connection is gone: what was under way is sent again on the next one. */
  stop(): void {
    this.send = undefined;
  }

  private enqueue(item: OutboxItem): void {
    this.lane(item.room).queue.push(item);
    void this.outbox.put(item).catch((cause: unknown) => {
      this.events.unkept(item, cause);
    });
    this.events.queued(item);
    this.pump();
  }

  private lane(room: string): Lane {
    let lane = this.lanes.get(room);
    if (!lane) {
      lane = { queue: [], busy: false, backoff: new Backoff(this.random, { base: 1000, cap: 20_000 }) };
      this.lanes.set(room, lane);
    }
    return lane;
  }

  private pump(): void {
    if (!this.loaded || !this.send) return;
    for (const lane of this.lanes.values()) {
      if (!lane.busy) this.sendFirst(lane, this.send);
    }
  }

  private sendFirst(lane: Lane, send: Send): void {
    const item = lane.queue[0];
    if (!item) return;
    lane.busy = true;
    send(
      item,
      (receipt) => {
        lane.queue.shift();
        lane.backoff.reset();
        void this.outbox.remove(item.cid).catch(() => undefined);
        this.events.sent(item, receipt);
        this.settle(item.cid, (waiting) => {
          waiting.resolve(receipt);
        });
        this.release(lane);
      },
      (error) => {
        // A lost connection is tried again as soon as there is another; a refusal after a pause.
        if (error.code === 'offline') lane.busy = false;
        else if (error.retry) this.pause(lane);
        else this.giveUp(lane, item, error);
      },
    );
  }

  private pause(lane: Lane): void {
    this.clock.setTimeout(() => {
      this.release(lane);
    }, 250 + lane.backoff.next());
  }

  private giveUp(lane: Lane, item: OutboxItem, error: ParleyError): void {
    lane.queue.shift();
    const refused = { ...item, error: { code: error.code, message: error.message } };
    this.failed.set(item.cid, refused);
    void this.outbox.put(refused).catch(() => undefined);
    this.events.failed(refused, error);
    this.settle(item.cid, (waiting) => {
      waiting.reject(error);
    });
    this.release(lane);
  }

  private release(lane: Lane): void {
    lane.busy = false;
    this.pump();
  }

  private settle(cid: string, how: (waiting: Waiting) => void): void {
    const list = this.waiting.get(cid) ?? [];
    this.waiting.delete(cid);
    list.forEach(how);
  }
}

function asError(error: { code: string; message: string }): ParleyError {
  return new ParleyError(error.code as ParleyError['code'], error.message);
}
