import {
  ParleyError,
  addPending,
  applyEntries,
  applyGap,
  dropPending,
  emptyRoom,
  markFailed,
  markSent,
  prepend,
  seed,
  trim,
  type Entry,
  type OutboxItem,
  type Receipt,
  type RoomState,
} from '@parley/sdk';
import { broker, rest } from '../app/broker';
import { get, set, setIn } from '../app/store';
import { CATCH_UP_LIMIT, countEntries, follow, reloadRoom } from '../rooms/actions';

const PAGE = 60;
const KEPT_IN_MEMORY = 400;

export function changeLog(room: string, change: (log: RoomState) => RoomState): void {
  setIn('logs', room, (log) => change(log ?? emptyRoom()));
}

/** Shows a room: from memory or the local cache at once, then whatever is missing. */
export async function openRoom(name: string): Promise<void> {
  const before = get().open;
  if (before !== undefined && before !== name) closeRoom(before);
  set({ open: name, editing: undefined });
  set((state) => ({ trouble: omit(state.trouble, name), readOnly: omit(state.readOnly, name) }));
  setDivider(name);
  if (!get().logs[name]?.loaded) await paintFromCache(name);
  if (get().open !== name) return;
  const room = get().rooms[name] ?? (await reloadRoom(name));
  if (!room || get().open !== name) return;
  setDivider(name);
  const log = get().logs[name];
  const behind = !log?.loaded || log.epoch !== room.epoch || room.head - log.last > CATCH_UP_LIMIT;
  if (behind) await loadNewest(name);
  const fresh = get().rooms[name];
  if (fresh) follow(fresh);
  broker()
    ?.client.presence(name)
    .catch(() => undefined);
}

/** Leaves the view of a room; one that is only visited is no longer followed. */
function closeRoom(name: string): void {
  set((state) => ({ dividers: omit(state.dividers, name) }));
  if (get().rooms[name]?.role === 'guest') {
    broker()?.client.unsubscribe(name);
    setIn('logs', name, () => undefined);
    return;
  }
  if (get().logs[name]) changeLog(name, (log) => trim(log, KEPT_IN_MEMORY));
}

export function setDivider(name: string): void {
  const room = get().rooms[name];
  if (!room || room.unread === 0 || get().dividers[name] !== undefined) return;
  set((state) => ({ dividers: { ...state.dividers, [name]: room.read } }));
}

export function clearDivider(name: string): void {
  set((state) => ({ dividers: omit(state.dividers, name) }));
}

async function paintFromCache(name: string): Promise<void> {
  const tail = await broker()
    ?.cache.tail(name)
    .catch(() => undefined);
  if (!tail || get().logs[name]?.loaded) return;
  changeLog(name, (log) => ({ ...emptyRoom(), ...tail, loaded: true, pending: log.pending }));
}

export async function loadNewest(name: string): Promise<void> {
  if (get().loading[name]?.newest) return;
  setIn('loading', name, () => ({ newest: true }));
  // From here on live entries wait in the log until the page is there.
  changeLog(name, (log) => (log.loaded ? log : { ...log }));
  try {
    const page = await rest.messages(name, { limit: PAGE });
    const me = get().me?.id;
    changeLog(name, (log) => {
      // A log that has gone on meanwhile is better than the page.
      const newer = log.loaded && log.epoch === page.epoch && log.last >= page.as_of;
      return newer ? log : seed({ ...log, early: log.loaded ? [] : log.early }, page, me);
    });
    setIn('loading', name, () => ({}));
    catchUp(name, page.as_of);
    saveTail(name);
  } catch (cause) {
    setIn('loading', name, () => ({ error: ParleyError.from(cause).message }));
  }
}

/** A subscription that stands elsewhere than the page is put behind it. */
function catchUp(name: string, asOf: number): void {
  const client = broker()?.client;
  const log = get().logs[name];
  if (!client?.isSubscribed(name) || !log) return;
  if (log.last === asOf && (get().rooms[name]?.head ?? 0) <= asOf) return;
  client.subscribe(name, { since: log.last, epoch: log.epoch }).catch(() => undefined);
}

export async function loadOlder(name: string): Promise<void> {
  const log = get().logs[name];
  const loading = get().loading[name];
  if (!log?.loaded || !log.more || loading?.older || loading?.newest) return;
  setIn('loading', name, () => ({ older: true }));
  try {
    const page = await rest.messages(name, { before: log.first, limit: PAGE });
    const me = get().me?.id;
    changeLog(name, (current) => (current.first === log.first ? prepend(current, page, me) : current));
    setIn('loading', name, () => ({}));
  } catch (cause) {
    setIn('loading', name, () => ({ error: ParleyError.from(cause).message }));
  }
}

let arrived = new Map<string, Entry[]>();
let flushing = false;

/** Entries of one frame of the screen are applied together. */
export function receive(entry: Entry): void {
  const list = arrived.get(entry.room);
  if (list) list.push(entry);
  else arrived.set(entry.room, [entry]);
  if (flushing) return;
  flushing = true;
  if (document.visibilityState === 'visible') requestAnimationFrame(flush);
  else setTimeout(flush, 100);
}

export function flush(): void {
  flushing = false;
  const batch = arrived;
  arrived = new Map();
  const me = get().me?.id;
  for (const [room, entries] of batch) {
    if (room === get().open && !document.hasFocus()) dividerFor(room, entries);
    countEntries(room, entries);
    if (get().logs[room]) changeLog(room, (log) => applyEntries(log, entries, me));
    for (const { uid, type } of entries) if (type === 'message') stopTyping(room, uid);
    saveTail(room);
  }
}

/** What comes while one looks elsewhere gets an unread line, at the bottom of the log too. */
function dividerFor(name: string, entries: Entry[]): void {
  const { rooms, me, dividers } = get();
  const room = rooms[name];
  const foreign = entries.find((entry) => entry.type === 'message' && entry.uid !== me?.id);
  if (!room || !foreign || room.unread > 0) return;
  const seq = Math.max(room.read, foreign.seq - 1);
  if (dividers[name] !== seq) set((state) => ({ dividers: { ...state.dividers, [name]: seq } }));
}

export function receiveGap(room: string, to: number): void {
  if (get().logs[room]) changeLog(room, (log) => applyGap(log, to));
}

/** What was known of the room cannot be continued: start again from its newest page. */
export async function startAnew(name: string): Promise<void> {
  const log = get().logs[name];
  await reloadRoom(name);
  if (!log) return;
  changeLog(name, (current) => ({ ...emptyRoom(), pending: current.pending }));
  if (get().open === name) await loadNewest(name);
}

// One's own publishes

export function queued(item: OutboxItem): void {
  const { cid, type, body, created, target } = item;
  changeLog(item.room, (log) => addPending(log, { cid, type, body, created, target, state: 'sending' }));
  countUnsent();
}

export function sent(item: OutboxItem, receipt: Receipt): void {
  flush();
  changeLog(item.room, (log) => markSent(log, item.cid, receipt));
  countUnsent();
}

export function failed(item: OutboxItem, error: ParleyError): void {
  changeLog(item.room, (log) => markFailed(log, item.cid, { code: error.code, message: error.message }));
  if (error.code === 'forbidden' && item.type === 'message') {
    set((state) => ({ readOnly: { ...state.readOnly, [item.room]: true } }));
  }
  countUnsent();
}

export function discarded(item: OutboxItem): void {
  changeLog(item.room, (log) => dropPending(log, item.cid));
  countUnsent();
}

function countUnsent(): void {
  const items = broker()?.client.outbox() ?? [];
  set({ unsent: items.filter((item) => !item.error).length });
}

function publish(room: string, body: Record<string, unknown>, options: object): void {
  // What becomes of it comes as an event.
  broker()
    ?.client.publish(room, body, options)
    .catch(() => undefined);
}

export const sendMessage = (room: string, text: string): void => {
  publish(room, { text }, {});
};
export const editMessage = (room: string, target: number, text: string): void => {
  publish(room, { text }, { type: 'edit', target });
};
export const deleteMessage = (room: string, target: number): void => {
  publish(room, {}, { type: 'delete', target });
};
export const react = (room: string, target: number, key: string, on: boolean): void => {
  publish(room, { key, on }, { type: 'reaction', target });
};
export const retry = (cid: string): void => {
  broker()?.client.retry(cid);
};
export const discard = (cid: string): void => {
  broker()?.client.discard(cid);
};

// Typing

const TYPING_SHOWN = 6000;

export function startTyping(room: string, uid: string, name: string): void {
  if (uid === get().me?.id) return;
  setIn('typing', room, (typing) => ({ ...typing, [uid]: { name, until: Date.now() + TYPING_SHOWN } }));
  setTimeout(() => {
    const typist = get().typing[room]?.[uid];
    if (typist && typist.until <= Date.now()) stopTyping(room, uid);
  }, TYPING_SHOWN + 20);
}

export function stopTyping(room: string, uid: string): void {
  setIn('typing', room, (typing) => (typing && uid in typing ? omit(typing, uid) : typing));
}

const saves = new Map<string, ReturnType<typeof setTimeout>>();

function saveTail(room: string): void {
  if (saves.has(room) || !get().logs[room]?.loaded) return;
  const save = (): void => {
    saves.delete(room);
    const log = get().logs[room];
    if (log?.loaded)
      broker()
        ?.cache.saveTail(room, log)
        .catch(() => undefined);
  };
  saves.set(room, setTimeout(save, 800));
}

function omit<T>(record: Record<string, T>, key: string): Record<string, T> {
  if (!(key in record)) return record;
  const next = { ...record };
  delete next[key];
  return next;
}
