import type { Item, Pending, RoomState } from './room-state.js';
import type { Body, Reaction } from './types.js';

/** A body as it is shown: never shared with the frame it came in. */
export function foldBody(body: Body): Body {
  return { ...body };
}

/** A reaction is a state, not a toggle: saying it twice changes nothing. */
export function applyReaction(reactions: Reaction[], body: Body, name: string, mine: boolean): Reaction[] {
  const key = typeof body.key === 'string' ? body.key : '';
  if (!key) return reactions;
  const on = body.on !== false;
  const current = reactions.find((r) => r.key === key);
  const counted = current !== undefined && (mine ? current.mine : current.names.includes(name));
  if (on === counted) return reactions;
  if (!current) return [...reactions, { key, count: 1, mine, names: [name] }];
  // Beyond ten people the names are not complete: somebody unnamed may be the one who takes it back.
  const names = on ? [...current.names, name].slice(0, 10) : current.names.filter((n) => n !== name);
  const next = { ...current, count: current.count + (on ? 1 : -1), mine: mine ? on : current.mine, names };
  return reactions.map((r) => (r === current ? next : r)).filter((r) => r.count > 0);
}

/** An item as it is shown, with what has become of it so far. */
export interface Row extends Item {
  state: 'sending' | 'sent' | 'failed';
  error?: { code: string; message: string };
  /** An edit or a deletion of it is on its way. */
  changing?: boolean;
  /** The cid of a change of it that was refused. */
  failedChange?: { cid: string; type: string; message: string };
}

const settledRows = new WeakMap<Item, Row>();

/** The same object for the same item, so that what did not change is not drawn again. */
function settledRow(item: Item): Row {
  let row = settledRows.get(item);
  if (!row) settledRows.set(item, (row = { ...item, state: 'sent' }));
  return row;
}

/** The log with one's own unanswered publishes laid over it. */
export function rows(state: RoomState, me: { id: string; name: string }): Row[] {
  const result: Row[] = state.items.map(settledRow);
  if (state.pending.length === 0) return result;
  const bySeq = new Map(result.map((row, index) => [row.seq, index]));
  const seen = new Set(result.map((row) => row.key));
  for (const pending of state.pending) {
    if (pending.type === 'message') {
      const row = ownRow(pending, me);
      if (!seen.has(row.key)) result.push(row);
      continue;
    }
    const index = pending.target === undefined ? undefined : bySeq.get(pending.target);
    const target = index === undefined ? undefined : result[index];
    if (index !== undefined && target) result[index] = overlay(target, pending, me.name);
  }
  return sortTail(result, state.items.length);
}

function ownRow(pending: Pending, me: { id: string; name: string }): Row {
  return {
    key: `c:${me.id}:${pending.cid}`,
    seq: pending.seq ?? 0,
    cid: pending.cid,
    type: 'message',
    uid: me.id,
    from: me.name,
    ts: pending.ts ?? pending.created,
    body: pending.body,
    folded: 0,
    state: pending.state,
    error: pending.error,
  };
}

function overlay(row: Row, pending: Pending, name: string): Row {
  if (pending.state === 'failed') {
    const message = pending.error?.message ?? '';
    return { ...row, failedChange: { cid: pending.cid, type: pending.type, message } };
  }
  switch (pending.type) {
    case 'edit':
      return { ...row, body: foldBody(pending.body), edited: true, changing: pending.state === 'sending' };
    case 'delete':
      return { ...row, body: {}, deleted: true, deletedBy: name, reactions: [], changing: true };
    case 'reaction':
      return { ...row, reactions: applyReaction(row.reactions ?? [], pending.body, name, true) };
    default:
      return row;
  }
}

/** Numbered ones by their seq, unnumbered ones behind them as they were written. */
function sortTail(list: Row[], settled: number): Row[] {
  const tail = list.slice(settled);
  tail.sort((a, b) => (a.seq || Infinity) - (b.seq || Infinity) || 0);
  return [...list.slice(0, settled), ...tail];
}
