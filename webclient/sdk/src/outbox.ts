import type { Body, EntryType } from './types.js';

/** A publish that the server has not acknowledged yet. */
export interface OutboxItem {
  cid: string;
  room: string;
  type: EntryType;
  body: Body;
  target?: number;
  /** When it was written; the order of sending. */
  created: number;
  /** Set when the server refused it for good; it then waits for `retry` or `discard`. */
  error?: { code: string; message: string };
}

/** Where unsent publishes are kept. `load` answers in the order in which they were first put. */
export interface Outbox {
  load(): Promise<OutboxItem[]>;
  put(item: OutboxItem): Promise<void>;
  remove(cid: string): Promise<void>;
}

/** The default: they live as long as the process. */
export class MemoryOutbox implements Outbox {
  private readonly items = new Map<string, OutboxItem>();

  load(): Promise<OutboxItem[]> {
    return Promise.resolve([...this.items.values()]);
  }

  put(item: OutboxItem): Promise<void> {
    this.items.set(item.cid, item);
    return Promise.resolve();
  }

  remove(cid: string): Promise<void> {
    this.items.delete(cid);
    return Promise.resolve();
  }
}
