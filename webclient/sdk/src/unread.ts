import type { Entry, Room } from './types.js';

export const UNREAD_LIMIT = 1000;

/** A room's summary after one more live entry. */
export function countEntry(room: Room, entry: Entry, me: string): Room {
  if (entry.seq <= room.head) return room;
  const next: Room = { ...room, head: entry.seq };
  if (entry.type !== 'message') return next;
  next.messages = entry.n ?? room.messages + 1;
  next.last_ts = entry.ts;
  const foreign = entry.uid !== me && !entry.deleted;
  if (foreign && entry.seq > room.read) next.unread = Math.min(UNREAD_LIMIT, room.unread + 1);
  return next;
}

/** Messages after `seq` that count as unread, of those given. */
export function unreadAfter(
  items: { seq: number; type: string; uid: string; deleted?: boolean }[],
  seq: number,
  me: string,
): number {
  return items.filter((i) => i.seq > seq && i.type === 'message' && i.uid !== me && !i.deleted).length;
}
