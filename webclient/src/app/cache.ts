import type { Outbox, OutboxItem, Room, RoomState } from '@parley/sdk';
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';

/** What is kept of a room's log for the next first paint. */
export type Tail = Pick<RoomState, 'epoch' | 'items' | 'first' | 'last' | 'more'>;

interface Schema extends DBSchema {
  outbox: { key: number; value: OutboxItem; indexes: { cid: string } };
  tails: { key: string; value: Tail };
  values: { key: string; value: unknown };
}

const TAIL_LENGTH = 60;

/**
 * One user's local store: unsent messages, the last lines of rooms, the room list, drafts. Where the browser
 * has no IndexedDB (some private windows), everything still works, only nothing survives a reload.
 */
export class Cache implements Outbox {
  private readonly database: Promise<IDBPDatabase<Schema> | undefined>;

  constructor(private readonly name: string) {
    this.database = openDB<Schema>(name, 1, {
      upgrade(db) {
        db.createObjectStore('outbox', { autoIncrement: true }).createIndex('cid', 'cid', { unique: true });
        db.createObjectStore('tails');
        db.createObjectStore('values');
      },
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
      },
    }).catch(() => undefined);
  }

  static forUser(id: string): Cache {
    return new Cache(`parley-${id}`);
  }

  async load(): Promise<OutboxItem[]> {
    return (await (await this.database)?.getAll('outbox')) ?? [];
  }

  /**
   * An item that is there already keeps its place. A new one is one request and an explicit commit: a page that is left in the next
   * moment has handed the whole transaction over, and the browser finishes it.
   */
  async put(item: OutboxItem): Promise<void> {
    const db = await this.database;
    if (!db) return;
    if (!(await this.addNew(db, item))) await this.replace(db, item);
  }

  private async addNew(db: IDBPDatabase<Schema>, item: OutboxItem): Promise<boolean> {
    const tx = db.transaction('outbox', 'readwrite');
    const added = tx.store.add(item);
    tx.commit();
    try {
      await Promise.all([added, tx.done]);
      return true;
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'ConstraintError') return false;
      throw cause;
    }
  }

  private async replace(db: IDBPDatabase<Schema>, item: OutboxItem): Promise<void> {
    const tx = db.transaction('outbox', 'readwrite');
    const key = await tx.store.index('cid').getKey(item.cid);
    await Promise.all([tx.store.put(item, key), tx.done]);
  }

  async remove(cid: string): Promise<void> {
    const db = await this.database;
    if (!db) return;
    const tx = db.transaction('outbox', 'readwrite');
    const key = await tx.store.index('cid').getKey(cid);
    if (key !== undefined) await tx.store.delete(key);
    await tx.done;
  }

  async rooms(): Promise<Room[]> {
    return ((await (await this.database)?.get('values', 'rooms')) as Room[] | undefined) ?? [];
  }

  async saveRooms(rooms: Room[]): Promise<void> {
    await (await this.database)?.put('values', rooms, 'rooms');
  }

  async drafts(): Promise<Record<string, string>> {
    const found = await (await this.database)?.get('values', 'drafts');
    return (found as Record<string, string> | undefined) ?? {};
  }

  async saveDrafts(drafts: Record<string, string>): Promise<void> {
    await (await this.database)?.put('values', drafts, 'drafts');
  }

  async tail(room: string): Promise<Tail | undefined> {
    return (await this.database)?.get('tails', room);
  }

  async saveTail(room: string, { epoch, items, first, last, more }: RoomState): Promise<void> {
    const kept = items.slice(-TAIL_LENGTH);
    const cut = kept.length < items.length;
    const tail = {
      epoch,
      items: kept,
      first: cut ? (kept[0]?.seq ?? first) : first,
      last,
      more: more || cut,
    };
    await (await this.database)?.put('tails', tail, room);
  }

  async forgetRoom(room: string): Promise<void> {
    await (await this.database)?.delete('tails', room);
  }

  /** On signing out: nothing of this user stays behind. */
  async destroy(): Promise<void> {
    (await this.database)?.close();
    await deleteDB(this.name).catch(() => undefined);
  }
}
