import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryOutbox, ParleyClient, ParleyError, type ClientOptions, type Entry } from '../src/index.js';
import { FakeClock, entry, settle, socketFactory } from './fakes.js';

const SESSION = {
  user: { id: 'u_ada', name: 'ada', guest: false },
  session: 's1',
  server: 'parley/0.1.0',
  heartbeat: 25,
  expires_in: 900,
  limits: { window: 8, window_bytes: 1 << 20 },
};

let clock: FakeClock;
let net: ReturnType<typeof socketFactory>;

function make(options: Partial<ClientOptions> = {}): ParleyClient {
  return new ParleyClient({
    url: 'ws://x/ws',
    WebSocket: net.WebSocket,
    clock,
    random: () => 0.5,
    token: () => 'token-1',
    ...options,
  });
}

async function online(client: ParleyClient, session: object = {}): Promise<void> {
  client.connect();
  await settle();
  await welcome(session);
}

async function welcome(session: object = {}): Promise<void> {
  await net.current().open();
  await net.current().reply(net.current().last('connect'), { ...SESSION, ...session });
}

async function subscribed(members: object): Promise<void> {
  const socket = net.current();
  await socket.reply(socket.last('subscribe'), {
    room: 'general',
    floor: 1,
    epoch: 'e1',
    recovered: true,
    role: 'member',
    ...members,
  });
}

beforeEach(() => {
  clock = new FakeClock();
  net = socketFactory();
});

describe('connecting', () => {
  it('sends the token in the first frame and never in the address', async () => {
    const client = make({ client: 'test' });
    await online(client);
    const socket = net.current();
    expect(socket.url).toBe('ws://x/ws');
    expect(socket.protocols).toEqual(['parley.v1']);
    expect(socket.sent[0]).toMatchObject({ op: 'connect', token: 'token-1', client: 'test' });
    expect(client.state).toMatchObject({ status: 'online' });
  });

  it('comes as a guest without a token, and back as the same guest', async () => {
    const client = make({ token: undefined, name: 'zoe' });
    await online(client, { token: 'guest-token' });
    expect(net.current().sent[0]).toMatchObject({ op: 'connect', name: 'zoe' });
    expect(net.current().sent[0]).not.toHaveProperty('token');
    await net.current().hangUp();
    await clock.advance(500);
    await net.current().open();
    expect(net.current().sent[0]).toMatchObject({ token: 'guest-token' });
  });

  it('waits longer and longer, with full jitter', async () => {
    const client = make();
    client.connect();
    await settle();
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      await net.current().hangUp();
      const state = client.state;
      if (state.status !== 'waiting') throw new Error(state.status);
      delays.push(state.retryAt - clock.now());
      await clock.advance(state.retryAt - clock.now());
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
    expect(net.sockets).toHaveLength(9);
  });

  it('starts the back-off anew only after a connection has held', async () => {
    const client = make();
    await online(client);
    await net.current().hangUp();
    await clock.advance(500);
    await welcome();
    await net.current().hangUp();
    expect(client.state).toMatchObject({ status: 'waiting', attempt: 2 });
    await clock.advance(1000);
    await welcome();
    await clock.advance(10_000);
    await net.current().hangUp();
    expect(client.state).toMatchObject({ status: 'waiting', attempt: 1 });
  });

  it('does not wait longer for a server that restarts again and again than after one failure', async () => {
    const client = make();
    await online(client);
    for (let restart = 0; restart < 5; restart++) {
      await net.current().hangUp();
      if (client.state.status !== 'waiting') throw new Error(client.state.status);
      const delay = client.state.retryAt - clock.now();
      expect(delay).toBeLessThanOrEqual(1000);
      await clock.advance(delay);
      await welcome();
    }
  });

  it('retries at once when asked', async () => {
    const client = make();
    await online(client);
    await net.current().hangUp();
    client.retryNow();
    await settle();
    expect(net.sockets).toHaveLength(2);
    await clock.advance(500);
    expect(net.sockets).toHaveLength(2);
  });

  it('asks for another token when one is refused, and stops when that is refused too', async () => {
    const asked: boolean[] = [];
    const client = make({
      token: (renew) => {
        asked.push(renew);
        return 'old';
      },
    });
    client.connect();
    await settle();
    const refuse = async (): Promise<void> => {
      await net.current().open();
      await net
        .current()
        .reply(net.current().last('connect'), { error: { code: 'unauthorized', message: 'expired' } });
    };
    await refuse();
    await clock.advance(500);
    await refuse();
    expect(asked).toEqual([false, true]);
    expect(client.state).toMatchObject({ status: 'stopped', error: { code: 'unauthorized' } });
    await clock.advance(60_000);
    expect(net.sockets).toHaveLength(2);
  });

  it('gives up when the token source says so, and goes on when it is only unreachable', async () => {
    const client = make({ token: () => Promise.reject(new ParleyError('unauthorized', 'signed out')) });
    client.connect();
    await settle();
    expect(client.state.status).toBe('stopped');
    const other = make({ token: () => Promise.reject(ParleyError.offline()) });
    other.connect();
    await settle();
    expect(other.state.status).toBe('waiting');
  });

  it('renews the token on the same socket before it expires', async () => {
    let count = 0;
    const client = make({ token: () => `token-${String(++count)}` });
    await online(client, { heartbeat: 0 });
    await clock.advance(720_000);
    expect(net.sockets).toHaveLength(1);
    expect(net.current().ops('connect').at(-1)).toMatchObject({ token: 'token-2' });
  });

  it('pings a silent server and leaves one that does not answer', async () => {
    const client = make();
    await online(client);
    await clock.advance(25_000);
    expect(net.current().ops('ping')).toHaveLength(1);
    await net.current().reply(net.current().last('ping'), {});
    await clock.advance(33_000);
    expect(net.current().ops('ping')).toHaveLength(2);
    expect(client.state.status).toBe('waiting');
  });

  it('moves when the server says goaway, without a pause of its own', async () => {
    const client = make();
    await online(client);
    await net.current().frame({ goaway: { reason: 'draining', after_ms: 1800 } });
    expect(client.state.status).toBe('online');
    await clock.advance(1800);
    expect(net.sockets).toHaveLength(2);
    expect(net.sockets[0]?.closedWith).toBe(1000);
  });

  it('is patient with a full server', async () => {
    const client = make();
    await online(client);
    await net.current().hangUp(1013);
    expect(client.state).toMatchObject({ attempt: 4 });
  });

  it('stays away once closed', async () => {
    const client = make();
    await online(client);
    client.close();
    await clock.advance(60_000);
    expect(net.sockets).toHaveLength(1);
    expect(client.state.status).toBe('idle');
  });
});

describe('subscriptions', () => {
  const seen = (client: ParleyClient): number[] => {
    const list: number[] = [];
    client.on('entry', (e: Entry) => list.push(e.seq));
    return list;
  };

  it('delivers each entry once and in order, and resumes where it was', async () => {
    const client = make();
    const got = seen(client);
    await online(client);
    void client.subscribe('general', { since: 3, epoch: 'e1' });
    expect(net.current().last('subscribe')).toMatchObject({ room: 'general', since: 3, epoch: 'e1' });
    await subscribed({ head: 5 });
    for (const seq of [4, 5, 5, 6]) await net.current().frame(entry(seq));
    await net.current().hangUp();
    await clock.advance(500);
    await welcome();
    expect(net.current().last('subscribe')).toMatchObject({ since: 6, epoch: 'e1' });
    await subscribed({ head: 8 });
    for (const seq of [6, 7, 8]) await net.current().frame(entry(seq));
    expect(got).toEqual([4, 5, 6, 7, 8]);
  });

  it('asks again instead of delivering past a hole', async () => {
    const client = make();
    const got = seen(client);
    await online(client);
    void client.subscribe('general', { since: 0, epoch: 'e1' });
    await subscribed({ head: 1 });
    await net.current().frame(entry(1));
    await net.current().frame(entry(3));
    expect(net.current().last('subscribe')).toMatchObject({ since: 1 });
    await net.current().frame(entry(4));
    await subscribed({ head: 4 });
    for (const seq of [2, 3, 4]) await net.current().frame(entry(seq));
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it('says so when what was seen cannot be continued', async () => {
    const client = make();
    const resets: number[] = [];
    client.on('reset', (reply) => resets.push(reply.head));
    await online(client);
    void client.subscribe('general', { since: 40, epoch: 'e0' });
    await subscribed({ head: 12, recovered: false, epoch: 'e2' });
    expect(resets).toEqual([12]);
    await net.current().hangUp();
    await clock.advance(500);
    await welcome();
    expect(net.current().last('subscribe')).toMatchObject({ since: 12, epoch: 'e2' });
  });

  it('starts at the head without since', async () => {
    const client = make();
    const got = seen(client);
    let resets = 0;
    client.on('reset', () => resets++);
    const ready = client.subscribe('general');
    await online(client);
    await subscribed({ head: 7 });
    expect((await ready).head).toBe(7);
    await net.current().frame(entry(8));
    expect(got).toEqual([8]);
    expect(resets).toBe(0);
  });

  it('goes on behind a gap and reports it', async () => {
    const client = make();
    const got = seen(client);
    const gaps: object[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    await online(client);
    void client.subscribe('general', { since: 2 });
    await subscribed({ head: 9 });
    await net.current().frame({ room: 'general', gap: { from: 3, to: 6 } });
    await net.current().frame(entry(7));
    expect(gaps).toEqual([{ room: 'general', from: 3, to: 6 }]);
    expect(got).toEqual([7]);
  });

  it('acknowledges at half the window', async () => {
    const client = make();
    await online(client);
    void client.subscribe('general', { since: 0 });
    await subscribed({ head: 9 });
    for (let seq = 1; seq <= 9; seq++) await net.current().frame(entry(seq));
    expect(net.current().ops('ack')).toEqual([
      { op: 'ack', room: 'general', seq: 4 },
      { op: 'ack', room: 'general', seq: 8 },
    ]);
  });

  it('acknowledges large entries before their bytes fill the window', async () => {
    const client = make();
    await online(client, { limits: { window: 1024, window_bytes: 30_000 } });
    void client.subscribe('general', { since: 0 });
    await subscribed({ head: 2 });
    await net.current().frame(entry(1, { body: { text: 'x'.repeat(6000) } }));
    expect(net.current().last('ack')).toMatchObject({ seq: 1 });
  });

  it('ends with detached, and with a refusal', async () => {
    const client = make();
    const ended: string[] = [];
    client.on('detached', ({ room, error }) => ended.push(`${room} ${error.code}`));
    await online(client);
    void client.subscribe('general', { since: 0 });
    await subscribed({ head: 0 });
    await net.current().frame({ room: 'general', detached: { code: 'forbidden', message: 'kicked' } });
    const refused = client.subscribe('secret');
    const socket = net.current();
    await socket.reply(socket.last('subscribe'), { error: { code: 'not_found', message: 'no' } });
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
    expect(ended).toEqual(['general forbidden', 'secret not_found']);
    expect(client.isSubscribed('general')).toBe(false);
  });

  it('asks for the people again after a reconnect', async () => {
    const client = make();
    const counts: number[] = [];
    client.on('presence', (p) => counts.push(p.count));
    await online(client);
    void client.subscribe('general');
    await subscribed({ head: 0 });
    void client.presence('general');
    await net.current().reply(net.current().last('presence'), { room: 'general', count: 2, users: [] });
    await net.current().hangUp();
    await clock.advance(500);
    await welcome();
    await subscribed({ head: 0 });
    await net.current().reply(net.current().last('presence'), { room: 'general', count: 3, users: [] });
    expect(counts).toEqual([2, 3]);
  });
});

describe('publishing', () => {
  it('keeps the order of a room and lets rooms go side by side', async () => {
    const client = make();
    await online(client);
    void client.publish('a', { text: '1' }, { cid: 'a1' });
    void client.publish('a', { text: '2' }, { cid: 'a2' });
    void client.publish('b', { text: '1' }, { cid: 'b1' });
    await settle();
    const cids = (): unknown[] =>
      net
        .current()
        .ops('publish')
        .map((c) => c.cid);
    expect(cids()).toEqual(['a1', 'b1']);
    await net.current().reply(net.current().ops('publish')[0]!, { seq: 1, ts: 5 });
    expect(cids()).toEqual(['a1', 'b1', 'a2']);
  });

  it('repeats what was not acknowledged, with the same cid, before what came later', async () => {
    const client = make();
    await online(client);
    const first = client.publish('a', { text: '1' }, { cid: 'a1' });
    await net.current().hangUp();
    void client.publish('a', { text: '2' }, { cid: 'a2' });
    await clock.advance(500);
    await welcome();
    expect(
      net
        .current()
        .ops('publish')
        .map((c) => c.cid),
    ).toEqual(['a1']);
    await net.current().reply(net.current().last('publish'), { seq: 1, ts: 5, duplicate: true });
    await expect(first).resolves.toMatchObject({ seq: 1, duplicate: true });
    expect(net.current().last('publish').cid).toBe('a2');
  });

  it('sends what an earlier life left behind, first', async () => {
    const outbox = new MemoryOutbox();
    await outbox.put({ cid: 'old', room: 'a', type: 'message', body: {}, created: 1 });
    const client = make({ outbox });
    void client.publish('a', {}, { cid: 'new' });
    await online(client);
    expect(net.current().last('publish').cid).toBe('old');
    await net.current().reply(net.current().last('publish'), { seq: 1, ts: 5 });
    expect(net.current().last('publish').cid).toBe('new');
    expect((await outbox.load()).map((i) => i.cid)).toEqual(['new']);
  });

  it('repeats after a refusal that passes, holding back what comes after it', async () => {
    const client = make();
    await online(client);
    void client.publish('a', {}, { cid: 'a1' });
    void client.publish('a', {}, { cid: 'a2' });
    await settle();
    await net
      .current()
      .reply(net.current().last('publish'), { error: { code: 'rate_limited', message: '', retry: true } });
    await clock.advance(700);
    expect(net.current().ops('publish')).toHaveLength(1);
    await clock.advance(50);
    expect(
      net
        .current()
        .ops('publish')
        .map((c) => c.cid),
    ).toEqual(['a1', 'a1']);
  });

  it('keeps what was refused for good until it is retried or discarded', async () => {
    const outbox = new MemoryOutbox();
    const client = make({ outbox });
    const failed: string[] = [];
    client.on('failed', ({ item, error }) => failed.push(`${item.cid} ${error.code}`));
    await online(client);
    const promise = client.publish('a', {}, { cid: 'a1' });
    void client.publish('a', {}, { cid: 'a2' });
    await settle();
    const refusal = { error: { code: 'forbidden', message: 'no', retry: false } };
    await net.current().reply(net.current().last('publish'), refusal);
    await expect(promise).rejects.toMatchObject({ code: 'forbidden' });
    expect(failed).toEqual(['a1 forbidden']);
    expect(net.current().last('publish').cid).toBe('a2');
    expect((await outbox.load())[0]?.error?.code).toBe('forbidden');
    await net.current().reply(net.current().last('publish'), { seq: 1, ts: 5 });
    expect(client.retry('a1')).toBe(true);
    await settle();
    expect(net.current().last('publish').cid).toBe('a1');
    await net.current().reply(net.current().last('publish'), refusal);
    expect(client.discard('a1')).toBe(true);
    expect(await outbox.load()).toEqual([]);
  });
});

/** Some WebSockets hand over all frames of one read in one turn: answers must not wait for a promise. */
describe('frames that come in one turn', () => {
  const answer = (to: { id?: number }, members: object = {}): object => ({
    re: to.id,
    room: 'general',
    head: 0,
    floor: 1,
    epoch: 'e1',
    recovered: true,
    role: 'member',
    ...members,
  });

  it('delivers the entries right behind the answer to subscribe', async () => {
    const client = make();
    const got: number[] = [];
    client.on('entry', ({ seq }) => got.push(seq));
    await online(client);
    void client.subscribe('general', { since: 0 });
    const socket = net.current();
    socket.burst(answer(socket.last('subscribe'), { head: 2 }), entry(1), entry(2), entry(3));
    expect(got).toEqual([1, 2, 3]);
  });

  it('reports a gap and a detachment right behind the answer to subscribe, in order', async () => {
    const client = make();
    const got: string[] = [];
    client.on('subscribed', () => got.push('subscribed'));
    client.on('gap', ({ to }) => got.push(`gap to ${String(to)}`));
    client.on('entry', ({ seq }) => got.push(`entry ${String(seq)}`));
    client.on('detached', ({ error }) => got.push(error.code));
    await online(client);
    void client.subscribe('general', { since: 2 });
    const socket = net.current();
    socket.burst(
      answer(socket.last('subscribe'), { head: 9 }),
      { room: 'general', gap: { from: 3, to: 6 } },
      entry(7),
      { room: 'general', detached: { code: 'forbidden', message: 'kicked' } },
      entry(8),
    );
    expect(got).toEqual(['subscribed', 'gap to 6', 'entry 7', 'forbidden']);
  });

  it('subscribes once per room on a welcome, whoever asks during it, and takes what follows at once', async () => {
    const client = make();
    const got: number[] = [];
    client.on('entry', ({ seq }) => got.push(seq));
    client.on('session', () => void client.subscribe('general', { since: 0 }));
    client.connect();
    await settle();
    const socket = net.current();
    await socket.open();
    socket.burst({ re: socket.last('connect').id, ...SESSION });
    expect(client.state.status).toBe('online');
    expect(socket.ops('subscribe')).toHaveLength(1);
    socket.burst(answer(socket.last('subscribe')), entry(1));
    expect(got).toEqual([1]);
  });

  it('resubscribes a room behind a hole and goes on with what follows the second answer', async () => {
    const client = make();
    const got: number[] = [];
    client.on('entry', ({ seq }) => got.push(seq));
    await online(client);
    void client.subscribe('general', { since: 0 });
    const socket = net.current();
    socket.burst(answer(socket.last('subscribe')), entry(1), entry(3), entry(4));
    expect(socket.ops('subscribe')).toHaveLength(2);
    socket.burst(answer(socket.last('subscribe')), entry(2), entry(3));
    expect(got).toEqual([1, 2, 3]);
  });

  it('leaves a subscription that was replaced to its successor', async () => {
    const client = make();
    const got: number[] = [];
    client.on('entry', ({ seq }) => got.push(seq));
    await online(client);
    const first = client.subscribe('general', { since: 0 });
    const second = client.subscribe('general', { since: 2 });
    const socket = net.current();
    const [one, two] = socket.ops('subscribe');
    socket.burst(answer(one!), entry(1), answer(two!), entry(3));
    expect(got).toEqual([3]);
    await expect(Promise.all([first, second])).resolves.toHaveLength(2);
  });

  it('settles a publish before the next frame, and sends the next of the room in the same turn', async () => {
    const outbox = new MemoryOutbox();
    const client = make({ outbox });
    const got: string[] = [];
    client.on('sent', ({ item }) => got.push(`sent ${item.cid}`));
    client.on('failed', ({ item }) => got.push(`failed ${item.cid}`));
    client.on('entry', ({ seq }) => got.push(`entry ${String(seq)}`));
    await online(client);
    void client.subscribe('general', { since: 0 });
    void client.publish('general', {}, { cid: 'a' });
    client.publish('general', {}, { cid: 'b' }).catch(() => undefined);
    await settle();
    const socket = net.current();
    socket.burst(
      answer(socket.last('subscribe')),
      { re: socket.last('publish').id, seq: 1, ts: 5 },
      entry(1, { cid: 'a' }),
    );
    expect(socket.last('publish').cid).toBe('b');
    socket.burst({ re: socket.last('publish').id, error: { code: 'forbidden', message: 'no' } }, entry(2));
    expect(got).toEqual(['sent a', 'entry 1', 'failed b', 'entry 2']);
    expect(client.outbox().map(({ cid, error }) => [cid, error?.code])).toEqual([['b', 'forbidden']]);
  });

  it('counts a publish as answered when the line drops right behind the answer', async () => {
    const client = make();
    await online(client);
    const sent = client.publish('general', {}, { cid: 'a' });
    await settle();
    const socket = net.current();
    socket.burst({ re: socket.last('publish').id, seq: 1, ts: 5 });
    socket.onclose?.({ code: 1006, reason: '' } as never);
    await expect(sent).resolves.toMatchObject({ seq: 1 });
    await clock.advance(500);
    await welcome();
    expect(net.current().ops('publish')).toEqual([]);
  });

  it('names who is here before the changes that follow', async () => {
    const client = make();
    const got: string[] = [];
    client.on('presence', ({ count }) => got.push(`here ${String(count)}`));
    client.on('signal', ({ signal }) => got.push(signal));
    await online(client);
    void client.subscribe('general');
    await subscribed({ head: 0 });
    void client.presence('general');
    const socket = net.current();
    socket.burst(
      { re: socket.last('presence').id, room: 'general', count: 1, users: [] },
      { room: 'general', signal: 'presence', from: '', uid: '', body: { count: 2 } },
    );
    expect(got).toEqual(['here 1', 'presence']);
  });
});

describe('promises that nobody will keep any more', () => {
  it('end with unsubscribe, with a detachment and with the end of the client', async () => {
    const client = make();
    await online(client);
    const left = client.subscribe('a');
    client.unsubscribe('a');
    await expect(left).rejects.toMatchObject({ code: 'offline' });
    const kicked = client.subscribe('b');
    await net.current().frame({ room: 'b', detached: { code: 'forbidden', message: 'kicked' } });
    await expect(kicked).rejects.toMatchObject({ code: 'forbidden' });
    const other = make({ token: () => Promise.reject(new ParleyError('unauthorized', 'signed out')) });
    const never = other.subscribe('c');
    other.connect();
    await expect(never).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
