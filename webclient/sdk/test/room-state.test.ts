import { describe, expect, it } from 'vitest';
import {
  addPending,
  applyEntries,
  emptyRoom,
  markFailed,
  markSent,
  prepend,
  rows,
  seed,
  trim,
  type Page,
} from '../src/index.js';
import { entry } from './fakes.js';

const ME = { id: 'u_me', name: 'me' };
const page = (entries: Page['entries'], more: object = {}): Page => ({
  entries,
  as_of: entries.at(-1)?.seq ?? 0,
  head: entries.at(-1)?.seq ?? 0,
  floor: 1,
  epoch: 'e1',
  more: false,
  ...more,
});
const reaction = (seq: number, target: number, on = true, who: object = {}): Page['entries'][number] =>
  entry(seq, { type: 'reaction', target, body: { key: '👍', on }, ...who });

describe('folding', () => {
  it('applies edits, deletions and reactions to their targets', () => {
    let state = seed(emptyRoom(), page([entry(1), entry(2), entry(3)]));
    state = applyEntries(
      state,
      [
        entry(4, { type: 'edit', target: 1, body: { text: 'new' } }),
        entry(5, { type: 'delete', target: 2, body: {}, from: 'mod' }),
        reaction(6, 3),
        reaction(7, 3),
        reaction(8, 3, true, { uid: ME.id, from: ME.name }),
      ],
      ME.id,
    );
    expect(state.items).toHaveLength(3);
    expect(state.items[0]).toMatchObject({ body: { text: 'new' }, edited: true });
    expect(state.items[1]).toMatchObject({ body: {}, deleted: true, deletedBy: 'mod' });
    expect(state.items[2]?.reactions).toEqual([{ key: '👍', count: 2, mine: true, names: ['ada', 'me'] }]);
    state = applyEntries(
      state,
      [reaction(9, 3, false), reaction(10, 3, false, { uid: ME.id, from: 'me' })],
      ME.id,
    );
    expect(state.items[2]?.reactions).toEqual([]);
  });

  it('does not apply again what a page has folded in', () => {
    const folded = entry(1, { reactions: [{ key: '👍', count: 1, mine: false, names: ['bob'] }] });
    let state = seed(emptyRoom(), page([folded], { as_of: 5, head: 5 }));
    state = applyEntries(state, [reaction(4, 1), reaction(5, 1)], ME.id);
    expect(state.items[0]?.reactions?.[0]?.count).toBe(1);
    expect(state.last).toBe(5);
  });

  it('keeps live entries that come before the first page', () => {
    const early = applyEntries(emptyRoom(), [entry(2), entry(3), reaction(4, 1)], ME.id);
    const state = seed(early, page([entry(1), entry(2)], { as_of: 2 }), ME.id);
    expect(state.items.map((i) => i.seq)).toEqual([1, 2, 3]);
    expect(state.items[0]?.reactions?.[0]?.count).toBe(1);
  });

  it('replays changes that an older page was made too early to know', () => {
    let state = seed(emptyRoom(), page([entry(11)], { more: true }));
    state = applyEntries(state, [entry(12, { type: 'edit', target: 10, body: { text: 'late' } })], ME.id);
    state = prepend(state, page([entry(9), entry(10)], { as_of: 11, more: true }));
    expect(state.items.map((i) => i.seq)).toEqual([9, 10, 11]);
    expect(state.items[1]?.body.text).toBe('late');
    const known = prepend(
      { ...state, items: state.items.slice(2), first: 11 },
      page([entry(10, { body: { text: 'late' }, edited: true })], { as_of: 12 }),
    );
    expect(known.items[0]?.folded).toBe(12);
    expect(known.more).toBe(false);
  });

  it('ignores a page of another epoch', () => {
    const state = seed(emptyRoom(), page([entry(5)], { more: true }));
    expect(prepend(state, page([entry(4)], { epoch: 'e2' }))).toBe(state);
  });

  it('can forget the oldest', () => {
    const state = trim(seed(emptyRoom(), page([entry(1), entry(2), entry(3)])), 2);
    expect(state).toMatchObject({ first: 2, more: true });
  });
});

describe("one's own publishes", () => {
  const pending = (cid: string, more: object = {}): Parameters<typeof addPending>[1] => ({
    cid,
    type: 'message',
    body: { text: cid },
    created: 1,
    state: 'sending',
    ...more,
  });

  it('keep their key from being sent to being an entry, in both orders of ack and entry', () => {
    let state = addPending(seed(emptyRoom(), page([entry(1)])), pending('c1'));
    const key = rows(state, ME)[1]?.key;
    expect(rows(state, ME)[1]).toMatchObject({ seq: 0, state: 'sending' });
    const acked = markSent(state, 'c1', { seq: 2, ts: 9 });
    expect(rows(acked, ME)[1]).toMatchObject({ seq: 2, state: 'sent', key });
    const own = entry(2, { cid: 'c1', uid: ME.id, from: ME.name });
    const arrived = applyEntries(acked, [own], ME.id);
    expect(arrived.pending).toEqual([]);
    expect(rows(arrived, ME).map((r) => r.key)).toEqual(['s:1', key]);
    state = markSent(applyEntries(state, [own], ME.id), 'c1', { seq: 2, ts: 9 });
    expect(rows(state, ME).map((r) => r.key)).toEqual(['s:1', key]);
  });

  it('are not taken for those of somebody else with the same cid', () => {
    const state = addPending(seed(emptyRoom(), page([])), pending('c1'));
    expect(applyEntries(state, [entry(1, { cid: 'c1' })], ME.id).pending).toHaveLength(1);
  });

  it('stand behind the log, numbered ones first', () => {
    let state = seed(emptyRoom(), page([entry(1)]));
    state = addPending(addPending(addPending(state, pending('a')), pending('b')), pending('c'));
    state = markSent(markFailed(state, 'a', { code: 'forbidden', message: 'no' }), 'c', { seq: 2, ts: 9 });
    expect(rows(state, ME).map((r) => [r.cid, r.state])).toEqual([
      [undefined, 'sent'],
      ['c', 'sent'],
      ['a', 'failed'],
      ['b', 'sending'],
    ]);
  });

  it('show edits, deletions and reactions before they are answered', () => {
    let state = seed(emptyRoom(), page([entry(1), entry(2), entry(3)]));
    state = addPending(state, pending('e', { type: 'edit', target: 1, body: { text: 'new' } }));
    state = addPending(state, pending('d', { type: 'delete', target: 2, body: {} }));
    state = addPending(state, pending('r', { type: 'reaction', target: 3, body: { key: '🎉', on: true } }));
    const [first, second, third] = rows(state, ME);
    expect(first).toMatchObject({ body: { text: 'new' }, edited: true, changing: true });
    expect(second).toMatchObject({ deleted: true, deletedBy: 'me' });
    expect(third?.reactions).toEqual([{ key: '🎉', count: 1, mine: true, names: ['me'] }]);
    const refused = rows(markFailed(state, 'e', { code: 'forbidden', message: 'no' }), ME);
    expect(refused[0]).toMatchObject({ body: { text: 'm1' }, failedChange: { cid: 'e', type: 'edit' } });
  });

  it('leave untouched rows the same objects', () => {
    const state = seed(emptyRoom(), page([entry(1), entry(2)]));
    const before = rows(state, ME);
    const after = rows(applyEntries(state, [entry(3)], ME.id), ME);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });
});
