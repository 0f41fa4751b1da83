import { describe, expect, it } from 'vitest';
import { RestClient, countEntry, unreadAfter, type Room } from '../src/index.js';
import { entry } from './fakes.js';

interface Call {
  url: string;
  init: RequestInit & { headers: Record<string, string> };
}

function server(...answers: [number, unknown][]): { calls: Call[]; fetch: typeof fetch } {
  const calls: Call[] = [];
  return {
    calls,
    fetch: (url, init) => {
      calls.push({ url: url as string, init: init as Call['init'] });
      const [status, body] = answers.shift() ?? [200, {}];
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return Promise.resolve(new Response(status === 204 ? null : text, { status }));
    },
  };
}

describe('RestClient', () => {
  it('encodes a room as one segment and sends the token as a header', async () => {
    const { calls, fetch } = server([200, { entries: [] }]);
    const rest = new RestClient({ base: 'http://h', token: () => 't', fetch });
    await rest.messages('team/dev', { before: 12, limit: undefined });
    expect(calls[0]?.url).toBe('http://h/api/v1/rooms/team%2Fdev/messages?before=12');
    expect(calls[0]?.init.headers.Authorization).toBe('Bearer t');
  });

  it('turns a problem document into an error', async () => {
    const problem = { status: 409, code: 'conflict', detail: 'The name is taken.', retry: false };
    const { fetch } = server([409, problem], [502, '<html>']);
    const rest = new RestClient({ fetch });
    await expect(rest.register('ada', 'x')).rejects.toMatchObject({
      code: 'conflict',
      message: 'The name is taken.',
      status: 409,
      retry: false,
    });
    await expect(rest.info()).rejects.toMatchObject({ code: 'unavailable', retry: true });
  });

  it('tells a lost connection from a refusal', async () => {
    const rest = new RestClient({ fetch: () => Promise.reject(new TypeError('fetch failed')) });
    await expect(rest.info()).rejects.toMatchObject({ code: 'offline', retry: true });
  });

  it('goes again once with a renewed token', async () => {
    const { calls, fetch } = server([401, { code: 'unauthorized' }], [200, { user: { id: 'u' } }]);
    const rest = new RestClient({ fetch, token: () => 'old', renew: () => Promise.resolve('new') });
    expect((await rest.me()).id).toBe('u');
    expect(calls.map((c) => c.init.headers.Authorization)).toEqual(['Bearer old', 'Bearer new']);
    const refused = server([401, { code: 'unauthorized' }]);
    const other = new RestClient({
      fetch: refused.fetch,
      token: () => 'old',
      renew: () => Promise.resolve(undefined),
    });
    await expect(other.me()).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('accepts an empty answer', async () => {
    const { fetch } = server([204, '']);
    await expect(new RestClient({ fetch }).logout()).resolves.toBeUndefined();
  });
});

describe('unread', () => {
  const room = { name: 'general', head: 5, read: 5, unread: 0, messages: 5, last_ts: 0 } as Room;

  it("counts messages of others once, not one's own, not changes", () => {
    let next = countEntry(room, entry(6), 'u_me');
    next = countEntry(next, entry(6), 'u_me');
    next = countEntry(next, entry(7, { uid: 'u_me' }), 'u_me');
    next = countEntry(next, entry(8, { type: 'edit', target: 1 }), 'u_me');
    next = countEntry(next, entry(9, { deleted: true }), 'u_me');
    expect(next).toMatchObject({ unread: 1, head: 9, messages: 9 });
    expect(countEntry({ ...room, unread: 1000 }, entry(6), 'u_me').unread).toBe(1000);
  });

  it('counts behind a mark', () => {
    expect(unreadAfter([entry(1), entry(2), entry(3, { deleted: true })], 1, 'u_me')).toBe(1);
  });
});
