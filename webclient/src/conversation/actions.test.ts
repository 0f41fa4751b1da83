import type { Entry, Page, Room } from '@parley/sdk';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { get, initialState, set } from '../app/store';
import { applyReadMark } from '../rooms/actions';
import { flush, loadNewest, loadOlder, openRoom, receive, startTyping, stopTyping } from './actions';

const server = vi.hoisted(() => ({
  messages: vi.fn<(room: string, query: object) => Promise<Page>>(),
  room: vi.fn<(room: string) => Promise<Room>>(),
  subscribe: vi.fn<(room: string, from: { since?: number }) => Promise<unknown>>(),
}));

vi.mock('../app/broker', () => ({
  rest: server,
  broker: () => ({
    client: {
      isSubscribed: () => false,
      subscribe: server.subscribe,
      presence: () => Promise.resolve({}),
      outbox: () => [],
    },
    cache: {
      tail: () => Promise.resolve(undefined),
      saveTail: () => Promise.resolve(),
      saveRooms: () => Promise.resolve(),
    },
  }),
}));

const room = { name: 'general', head: 2, read: 2, unread: 0, epoch: 'e', role: 'member' } as Room;
const entry = (seq: number, more: Partial<Entry> = {}): Entry => ({
  room: 'general',
  seq,
  type: 'message',
  from: 'bob',
  uid: 'u_bob',
  ts: seq,
  body: { text: String(seq) },
  ...more,
});
const page = (seqs: number[], asOf: number, more = false): Page => ({
  entries: seqs.map((seq) => entry(seq)),
  as_of: asOf,
  head: asOf,
  floor: 1,
  epoch: 'e',
  more,
});
const seqs = (): number[] => get().logs.general?.items.map((item) => item.seq) ?? [];

beforeEach(() => {
  vi.clearAllMocks();
  server.subscribe.mockResolvedValue({});
  server.room.mockResolvedValue(room);
  set({ ...initialState, me: { id: 'u_me', name: 'me', guest: false }, rooms: { general: room } });
});

describe('opening a room', () => {
  it('loads its newest page and follows it from there', async () => {
    server.messages.mockResolvedValue(page([1, 2], 2));
    await openRoom('general');
    expect(seqs()).toEqual([1, 2]);
    expect(server.subscribe).toHaveBeenCalledWith('general', { since: 2, epoch: 'e' });
  });

  it('shows an empty room as loaded', async () => {
    set({ rooms: { general: { ...room, head: 0 } } });
    server.messages.mockResolvedValue(page([], 0));
    await openRoom('general');
    expect(get().logs.general?.loaded).toBe(true);
  });

  it('misses nothing that arrives while the page is on its way', async () => {
    let answer: (page: Page) => void = () => undefined;
    server.messages.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const loading = loadNewest('general');
    for (const seq of [3, 4]) receive(entry(seq));
    flush();
    answer(page([1, 2, 3], 3));
    await loading;
    expect(seqs()).toEqual([1, 2, 3, 4]);
    expect(get().rooms.general).toMatchObject({ head: 4, unread: 2 });
  });

  it('says so when the page does not come, and goes on when it does', async () => {
    server.messages.mockRejectedValueOnce(new Error('no answer'));
    await loadNewest('general');
    expect(get().loading.general?.error).toBe('no answer');
    server.messages.mockResolvedValue(page([1], 1));
    await loadNewest('general');
    expect(get().loading.general).toEqual({});
  });

  it('walks back page by page, one request at a time', async () => {
    server.messages.mockResolvedValueOnce(page([3, 4], 4, true));
    await loadNewest('general');
    server.messages.mockResolvedValueOnce(page([1, 2], 4));
    await Promise.all([loadOlder('general'), loadOlder('general')]);
    expect(server.messages).toHaveBeenCalledTimes(2);
    expect(server.messages).toHaveBeenLastCalledWith('general', { before: 3, limit: 60 });
    expect(seqs()).toEqual([1, 2, 3, 4]);
    await loadOlder('general');
    expect(server.messages).toHaveBeenCalledTimes(2);
  });

  it('has words for a room that is not there', async () => {
    const { ParleyError } = await import('@parley/sdk');
    server.room.mockRejectedValue(new ParleyError('not_found', 'no'));
    await openRoom('nowhere');
    expect(get().trouble.nowhere).toBe('not_found');
  });
});

describe('marks', () => {
  it('from another device leave what is behind them unread', async () => {
    server.messages.mockResolvedValue(page([1, 2], 2));
    await openRoom('general');
    for (const seq of [3, 4, 5]) receive(entry(seq));
    flush();
    expect(get().rooms.general?.unread).toBe(3);
    applyReadMark('general', 4);
    expect(get().rooms.general).toMatchObject({ read: 4, unread: 1 });
    applyReadMark('general', 3);
    expect(get().rooms.general?.read).toBe(4);
  });
});

describe('typing', () => {
  it('ends with the message, and is not shown of oneself', () => {
    startTyping('general', 'u_me', 'me');
    startTyping('general', 'u_bob', 'bob');
    expect(Object.keys(get().typing.general ?? {})).toEqual(['u_bob']);
    stopTyping('general', 'u_bob');
    expect(get().typing.general).toEqual({});
  });
});
