import { ParleyError, countEntry, unreadAfter, type Entry, type Room } from '@parley/sdk';
import { broker, rest } from '../app/broker';
import { get, set, setIn } from '../app/store';

/** Beyond this a room is opened from its newest page instead of catching up entry by entry. */
export const CATCH_UP_LIMIT = 300;

/** Loads the list of one's rooms and follows each of them from where it stands. */
export async function refreshRooms(): Promise<void> {
  const found: Room[] = [];
  try {
    let after: string | undefined;
    do {
      const page = await rest.rooms({ scope: 'mine', limit: 200, ...(after ? { after } : {}) });
      found.push(...page.rooms);
      after = page.next;
    } while (after);
  } catch (cause) {
    const error = ParleyError.from(cause);
    set({ roomsError: error.message });
    if (error.retry) setTimeout(retryRooms, RETRY_AFTER);
    return;
  }
  const { open, rooms } = get();
  const next: Record<string, Room> = {};
  for (const room of found) next[room.name] = newer(rooms[room.name], room);
  const visited = open === undefined ? undefined : rooms[open];
  if (visited && !next[visited.name]) next[visited.name] = { ...visited, role: 'guest' };
  set({ rooms: next, roomsFresh: true, roomsError: undefined });
  for (const room of found) follow(room);
  saveRooms();
}

const RETRY_AFTER = 4000;

/** Without a connection there is nothing to try: the next one asks again by itself. */
function retryRooms(): void {
  if (get().roomsError !== undefined && broker()?.client.state.status === 'online') void refreshRooms();
}

/** A live entry may have overtaken the list. */
function newer(known: Room | undefined, listed: Room): Room {
  if (!known || known.epoch !== listed.epoch || known.head <= listed.head) return listed;
  return {
    ...listed,
    head: known.head,
    messages: known.messages,
    last_ts: known.last_ts,
    unread: known.unread,
  };
}

/** Subscribes where what is known ends: behind the loaded log, or at the head that the list named. */
export function follow(room: Room): void {
  const client = broker()?.client;
  if (!client || client.isSubscribed(room.name)) return;
  const log = get().logs[room.name];
  const usable = log?.loaded && log.epoch === room.epoch && room.head - log.last <= CATCH_UP_LIMIT;
  const since = usable ? log.last : room.head;
  client.subscribe(room.name, { since, epoch: room.epoch }).catch(() => undefined);
}

export function putRoom(room: Room): void {
  setIn('rooms', room.name, (known) => newer(known, room));
  saveRooms();
}

export async function reloadRoom(name: string): Promise<Room | undefined> {
  try {
    const room = await rest.room(name);
    putRoom(room);
    return get().rooms[name];
  } catch (cause) {
    const { code } = ParleyError.from(cause);
    if (code === 'not_found' || code === 'forbidden') {
      set((state) => ({ trouble: { ...state.trouble, [name]: code } }));
    }
    return undefined;
  }
}

const stale = new Map<string, ReturnType<typeof setTimeout>>();

/** Asks for a room again soon; many reasons within a second are one request. */
export function reloadSoon(name: string): void {
  if (stale.has(name)) return;
  const reload = (): void => {
    stale.delete(name);
    void reloadRoom(name);
  };
  stale.set(name, setTimeout(reload, 1000));
}

/** Keeps the summary in step with what arrives. */
export function countEntries(name: string, entries: Entry[]): void {
  const me = get().me?.id ?? '';
  setIn('rooms', name, (room) => room && entries.reduce((r, entry) => countEntry(r, entry, me), room));
  const read = get().rooms[name]?.read ?? 0;
  for (const entry of entries) {
    // Whose message a deletion took away, and what a change of the room changed, only the server knows.
    const takesUnread = entry.type === 'delete' && (entry.target ?? 0) > read;
    if (takesUnread || ['room', 'member', 'join', 'leave'].includes(entry.type)) reloadSoon(name);
  }
  saveRooms();
}

/** Marks a room as read up to `seq`: here at once, at the server as soon as it can be reached. */
export function markRead(name: string, seq: number): void {
  const room = get().rooms[name];
  if (!room || seq <= room.read) return;
  applyReadMark(name, seq);
  if (room.role === 'guest') return;
  const client = broker()?.client;
  client?.read(name, seq).catch(() => unsentMarks.set(name, seq));
}

const unsentMarks = new Map<string, number>();

export function sendReadMarks(): void {
  for (const [name, seq] of [...unsentMarks]) {
    unsentMarks.delete(name);
    broker()
      ?.client.read(name, seq)
      .catch(() => unsentMarks.set(name, seq));
  }
}

/** A mark set here, or on another device of the same user. */
export function applyReadMark(name: string, seq: number): void {
  const { logs, me } = get();
  const log = logs[name];
  const covered = log?.loaded === true && log.first <= seq + 1;
  setIn('rooms', name, (room) => {
    if (!room || seq <= room.read) return room;
    const unread = covered ? unreadAfter(log.items, seq, me?.id ?? '') : seq >= room.head ? 0 : room.unread;
    return { ...room, read: seq, unread };
  });
  if (!covered && seq < (get().rooms[name]?.head ?? 0)) reloadSoon(name);
  saveRooms();
}

let saving: ReturnType<typeof setTimeout> | undefined;

function saveRooms(): void {
  saving ??= setTimeout(() => {
    saving = undefined;
    const mine = Object.values(get().rooms).filter((room) => room.role !== 'guest');
    broker()
      ?.cache.saveRooms(mine)
      .catch(() => undefined);
  }, 1000);
}

export async function joinRoom(name: string): Promise<void> {
  const room = await rest.join(name);
  putRoom(room);
  follow(room);
}

export async function leaveRoom(name: string): Promise<void> {
  await rest.leave(name);
  broker()?.client.unsubscribe(name);
  dropRoom(name);
}

export function dropRoom(name: string): void {
  setIn('rooms', name, () => undefined);
  setIn('logs', name, () => undefined);
  broker()
    ?.cache.forgetRoom(name)
    .catch(() => undefined);
  saveRooms();
}

export async function createRoom(wish: {
  name: string;
  title?: string;
  visibility: 'public' | 'private';
}): Promise<Room> {
  const room = await rest.createRoom(wish);
  putRoom(room);
  follow(room);
  return room;
}
