import 'fake-indexeddb/auto';
import { emptyRoom, seed, type OutboxItem } from '@parley/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { Cache } from './cache';

const item = (cid: string, more: Partial<OutboxItem> = {}): OutboxItem => ({
  cid,
  room: 'general',
  type: 'message',
  body: { text: cid },
  created: 1,
  ...more,
});

let name = 0;
beforeEach(() => {
  name++;
});
const open = (): Cache => Cache.forUser(`u${String(name)}`);

describe('Cache', () => {
  it('keeps unsent messages in the order of writing, over a reload', async () => {
    const cache = open();
    for (const cid of ['c', 'a', 'b']) await cache.put(item(cid));
    expect((await open().load()).map((i) => i.cid)).toEqual(['c', 'a', 'b']);
  });

  it('leaves a changed item in its place', async () => {
    const cache = open();
    await cache.put(item('a'));
    await cache.put(item('b'));
    await cache.put(item('a', { error: { code: 'forbidden', message: 'no' } }));
    const items = await cache.load();
    expect(items.map((i) => i.cid)).toEqual(['a', 'b']);
    expect(items[0]?.error?.code).toBe('forbidden');
    await cache.remove('a');
    await cache.remove('never there');
    expect((await cache.load()).map((i) => i.cid)).toEqual(['b']);
  });

  it('keeps the end of a long room, and says that there is more', async () => {
    const entries = Array.from({ length: 100 }, (_, i) => ({
      room: 'general',
      seq: i + 1,
      type: 'message',
      from: 'ada',
      uid: 'u',
      ts: i,
      body: { text: 'x' },
    }));
    const log = seed(emptyRoom(), { entries, as_of: 100, head: 100, floor: 1, epoch: 'e', more: false });
    const cache = open();
    await cache.saveTail('general', log);
    const tail = await cache.tail('general');
    expect(tail).toMatchObject({ first: 41, last: 100, more: true, epoch: 'e' });
    expect(tail?.items).toHaveLength(60);
  });

  it('leaves nothing behind when one signs out', async () => {
    const cache = open();
    await cache.put(item('a'));
    await cache.saveDrafts({ general: 'secret' });
    await cache.destroy();
    expect(await open().load()).toEqual([]);
    expect(await open().drafts()).toEqual({});
  });
});
