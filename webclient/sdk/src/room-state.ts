import { applyReaction, foldBody } from './fold.js';
import type { Body, Entry, EntryType, Page, Reaction, Receipt } from './types.js';

/** One line of a room: a message, or something the server noted (join, leave, …). */
export interface Item {
  /** Stays the same from the first keystroke sent to the last edit. */
  key: string;
  /** 0 until the server has numbered it. */
  seq: number;
  type: string;
  uid: string;
  from: string;
  ts: number;
  body: Body;
  cid?: string;
  target?: number;
  n?: number;
  edited?: boolean;
  deleted?: boolean;
  deletedBy?: string;
  reactions?: Reaction[];
  content_type?: string;
  /** Changes up to this seq are already part of it. */
  folded: number;
}

/** A publish of one's own that has not come back as an entry. */
export interface Pending {
  cid: string;
  type: EntryType;
  body: Body;
  created: number;
  state: 'sending' | 'sent' | 'failed';
  target?: number;
  seq?: number;
  ts?: number;
  error?: { code: string; message: string };
}

/** What is known of a room's log: everything from `first` to `last`, without a hole. */
export interface RoomState {
  /** False until a page has been loaded; live entries wait in `early` until then. */
  loaded: boolean;
  epoch: string | undefined;
  items: Item[];
  first: number;
  last: number;
  /** Whether there is something older than `first`. */
  more: boolean;
  early: Entry[];
  /** Changes to entries older than `first`, for pages that were made before them. */
  orphans: Entry[];
  pending: Pending[];
}

const ORPHANS_KEPT = 1000;
const CHANGES = new Set(['edit', 'delete', 'reaction']);

export function emptyRoom(): RoomState {
  return {
    loaded: false,
    epoch: undefined,
    items: [],
    first: 0,
    last: 0,
    more: false,
    early: [],
    orphans: [],
    pending: [],
  };
}

export function keyOf(entry: { uid: string; cid?: string; seq: number }): string {
  return entry.cid ? `c:${entry.uid}:${entry.cid}` : `s:${String(entry.seq)}`;
}

function toItem(entry: Entry, folded: number): Item {
  const { room: _room, ...rest } = entry;
  return { ...rest, key: keyOf(entry), folded: Math.max(folded, entry.seq) };
}

/** The newest page: the start, or a new start after `reset`. */
export function seed(state: RoomState, page: Page, me?: string): RoomState {
  const items = page.entries.filter((e) => !CHANGES.has(e.type)).map((e) => toItem(e, page.as_of));
  const started: RoomState = {
    ...state,
    loaded: true,
    epoch: page.epoch,
    items,
    first: page.more ? (page.entries[0]?.seq ?? page.as_of + 1) : Math.min(page.floor, page.as_of + 1),
    last: page.as_of,
    more: page.more,
    early: [],
    orphans: [],
    pending: state.pending.filter((p) => !items.some((item) => item.cid === p.cid)),
  };
  return applyEntries(started, state.early, me);
}

/** A page from before `first`. */
export function prepend(state: RoomState, page: Page, me?: string): RoomState {
  if (!state.loaded || (page.epoch && state.epoch && page.epoch !== state.epoch)) return state;
  const older = page.entries
    .filter((e) => e.seq < state.first && !CHANGES.has(e.type))
    .map((e) => toItem(e, page.as_of));
  const items = replay(older, state.orphans, me);
  return {
    ...state,
    items: [...items, ...state.items],
    first: page.more ? Math.min(state.first, page.entries[0]?.seq ?? state.first) : page.floor,
    more: page.more && page.entries.length > 0,
  };
}

/** Live entries, in order. What a page already contains is passed over. */
export function applyEntries(state: RoomState, entries: Entry[], me: string | undefined): RoomState {
  if (entries.length === 0) return state;
  if (!state.loaded) return { ...state, early: [...state.early, ...entries] };
  let { last, orphans, pending } = state;
  const items = [...state.items];
  for (const entry of entries) {
    if (entry.seq <= last) continue;
    last = entry.seq;
    if (entry.cid && pending.length > 0 && (me === undefined || entry.uid === me)) {
      pending = pending.filter((p) => p.cid !== entry.cid);
    }
    if (!CHANGES.has(entry.type)) {
      items.push(toItem(entry, entry.seq));
      continue;
    }
    const index = find(items, entry.target);
    const target = items[index];
    if (target) items[index] = change(target, entry, me);
    else orphans = [...orphans, entry].slice(-ORPHANS_KEPT);
  }
  return { ...state, items, last, orphans, pending };
}

/** The server pruned entries up to `to` before we could read them. */
export function applyGap(state: RoomState, to: number): RoomState {
  return state.loaded && to > state.last ? { ...state, last: to } : state;
}

export function addPending(state: RoomState, pending: Pending): RoomState {
  const known = state.pending.some((p) => p.cid === pending.cid);
  const list = known
    ? state.pending.map((p) => (p.cid === pending.cid ? pending : p))
    : [...state.pending, pending];
  return { ...state, pending: list };
}

export function markSent(state: RoomState, cid: string, receipt: Receipt): RoomState {
  const settled = state.loaded && receipt.seq <= state.last;
  const pending = settled
    ? state.pending.filter((p) => p.cid !== cid)
    : state.pending.map((p) =>
        p.cid === cid ? { ...p, state: 'sent' as const, seq: receipt.seq, ts: receipt.ts } : p,
      );
  return { ...state, pending };
}

export function markFailed(
  state: RoomState,
  cid: string,
  error: { code: string; message: string },
): RoomState {
  const pending = state.pending.map((p) => (p.cid === cid ? { ...p, state: 'failed' as const, error } : p));
  return { ...state, pending };
}

export function dropPending(state: RoomState, cid: string): RoomState {
  return { ...state, pending: state.pending.filter((p) => p.cid !== cid) };
}

/** Forgets the oldest items, to bound memory; they can be loaded again. */
export function trim(state: RoomState, keep: number): RoomState {
  if (state.items.length <= keep) return state;
  const items = state.items.slice(-keep);
  return { ...state, items, first: items[0]?.seq ?? state.first, more: true, orphans: [] };
}

/** Where the item with this seq is, or -1. Items are in the order of seq. */
export function find(items: Item[], seq: number | undefined): number {
  if (seq === undefined) return -1;
  let low = 0;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = items[middle]?.seq ?? 0;
    if (found === seq) return middle;
    if (found < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function replay(items: Item[], changes: Entry[], me: string | undefined): Item[] {
  if (changes.length === 0) return items;
  const result = [...items];
  for (const entry of changes) {
    const index = find(result, entry.target);
    const target = result[index];
    if (target) result[index] = change(target, entry, me);
  }
  return result;
}

function change(item: Item, entry: Entry, me: string | undefined): Item {
  if (entry.seq <= item.folded) return item;
  const folded = entry.seq;
  switch (entry.type) {
    case 'edit':
      return item.deleted ? item : { ...item, body: foldBody(entry.body), edited: true, folded };
    case 'delete':
      return { ...item, body: {}, deleted: true, deletedBy: entry.from, reactions: [], folded };
    default:
      return {
        ...item,
        reactions: applyReaction(item.reactions ?? [], entry.body, entry.from, entry.uid === me),
        folded,
      };
  }
}
