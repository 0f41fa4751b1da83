import { Backoff, type BackoffOptions } from './backoff.js';
import { Connection, IGNORED, type Answer } from './connection.js';
import { Cursor } from './cursor.js';
import { Emitter } from './emitter.js';
import { ParleyError, fromWire, type WireError } from './errors.js';
import { MemoryOutbox, type Outbox, type OutboxItem } from './outbox.js';
import { Publisher } from './publisher.js';
import { globalSocket, makeCid, systemClock, type Clock, type SocketConstructor } from './runtime.js';
import type {
  Body,
  Entry,
  EntryType,
  Limits,
  Presence,
  Receipt,
  Session,
  Signal,
  Subscribed,
} from './types.js';

/** What the connection is doing. `waiting` says when it will try again. */
export type ConnectionState =
  | { status: 'idle' }
  | { status: 'connecting'; attempt: number }
  | { status: 'online'; session: Session }
  | { status: 'waiting'; attempt: number; retryAt: number }
  | { status: 'stopped'; error: ParleyError };

export interface ClientEvents {
  state: ConnectionState;
  /** Connected; comes again with every connection. */
  session: Session;
  /** The next entry of a room: each seq once, in order, whatever the connection went through. */
  entry: Entry;
  subscribed: Subscribed;
  /** What was seen before cannot be continued: load a page of history; live entries follow from `head`. */
  reset: Subscribed;
  gap: { room: string; from: number; to: number };
  detached: { room: string; error: ParleyError };
  signal: Signal;
  /** The answer to `presence`, after a reconnect too. */
  presence: Presence;
  queued: OutboxItem;
  sent: { item: OutboxItem; receipt: Receipt };
  failed: { item: OutboxItem; error: ParleyError };
  discarded: OutboxItem;
  unkept: { item: OutboxItem; cause: unknown };
  /** The server is going away; the client moves by itself. */
  goaway: { reason: string; after_ms: number };
  /** A command without an answer was refused. */
  refused: ParleyError;
}

export interface ClientOptions {
  /** `ws://host/ws` or `wss://host/ws`. */
  url: string;
  /** Asked before each connection; `renew` is set when the last token was refused or is about to expire.
   * Nothing means: come as a guest. Throw an `unauthorized` ParleyError to give up. */
  token?: (renew: boolean) => string | undefined | Promise<string | undefined>;
  /** A guest's wish for a name. */
  name?: string;
  /** Free text that names this program to the server. */
  client?: string;
  WebSocket?: SocketConstructor;
  outbox?: Outbox;
  clock?: Clock;
  random?: () => number;
  backoff?: BackoffOptions;
}

interface Subscription {
  cursor: Cursor;
  presence: boolean;
  /** The server has been asked and has not answered. */
  asked: boolean;
  ready: { resolve: (reply: Subscribed) => void; reject: (error: ParleyError) => void }[];
}

/** A connection counts as stable, and the back-off starts anew, after so long. */
const STABLE_AFTER = 10_000;
/** One that was taken in and lost before that counts as so many failures: a server that dies again and again is not stormed, and
 * one that was restarted twice is not waited for as long as one that was away all the time. */
const UNSTABLE_ATTEMPTS = 1;
const RESUBSCRIBE_AFTER = 2_000;

export class ParleyClient extends Emitter<ClientEvents> {
  private readonly WebSocket: SocketConstructor;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly backoff: Backoff;
  private readonly publisher: Publisher;
  private readonly subscriptions = new Map<string, Subscription>();
  private current: ConnectionState = { status: 'idle' };
  private connection: Connection | undefined;
  private limits: Limits = {};
  private guestToken: string | undefined;
  private renewNext = false;
  private refusals = 0;
  private generation = 0;
  private retryTimer: unknown;
  private stableTimer: unknown;
  private renewTimer: unknown;

  constructor(private readonly options: ClientOptions) {
    super();
    this.WebSocket = options.WebSocket ?? globalSocket();
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.backoff = new Backoff(this.random, options.backoff);
    this.publisher = new Publisher(options.outbox ?? new MemoryOutbox(), this.clock, this.random, {
      queued: (item) => this.emit('queued', item),
      sent: (item, receipt) => this.emit('sent', { item, receipt }),
      failed: (item, error) => this.emit('failed', { item, error }),
      discarded: (item) => this.emit('discarded', item),
      unkept: (item, cause) => this.emit('unkept', { item, cause }),
    });
  }

  get state(): ConnectionState {
    return this.current;
  }

  /** Starts connecting and keeps at it until `close`. */
  connect(): void {
    if (this.current.status !== 'idle' && this.current.status !== 'stopped') return;
    this.refusals = 0;
    void this.publisher.restore();
    void this.open();
  }

  close(): void {
    this.generation++;
    this.clearTimers();
    this.publisher.stop();
    const connection = this.connection;
    this.connection = undefined;
    connection?.close();
    this.detachAll();
    this.setState({ status: 'idle' });
  }

  /** Ends a pause between attempts; while connected, asks for a sign of life. For `online` and wake-ups. */
  retryNow(): void {
    if (this.current.status === 'waiting') void this.open();
    else this.connection?.probe();
  }

  /**
   * Follows a room. With `since` the entries after it come first; without, only what comes from now on.
   * The promise waits for a connection.
   */
  subscribe(room: string, from: { since?: number; epoch?: string } = {}): Promise<Subscribed> {
    const known = this.subscriptions.get(room);
    const subscription: Subscription = {
      cursor: new Cursor(from.since, from.epoch),
      presence: known?.presence ?? false,
      asked: false,
      ready: known?.ready ?? [],
    };
    this.subscriptions.set(room, subscription);
    return new Promise((resolve, reject) => {
      subscription.ready.push({ resolve, reject });
      if (this.current.status === 'online') this.attach(room, subscription);
    });
  }

  unsubscribe(room: string): void {
    const subscription = this.subscriptions.get(room);
    if (!subscription) return;
    this.subscriptions.delete(room);
    if (this.current.status === 'online') this.connection?.command('unsubscribe', { room }, IGNORED);
    rejectAll(subscription, new ParleyError('offline', 'Unsubscribed before the server answered.'));
  }

  isSubscribed(room: string): boolean {
    return this.subscriptions.has(room);
  }

  /**
   * Publishes, in order per room, with as many repeats as it takes. The promise ends with the server's
   * answer; listen to `sent` and `failed` to follow publishes across a restart of the program.
   */
  publish(
    room: string,
    body: Body,
    options: { cid?: string; type?: EntryType; target?: number } = {},
  ): Promise<Receipt> {
    const item: OutboxItem = {
      cid: options.cid ?? this.newCid(),
      room,
      type: options.type ?? 'message',
      body,
      created: this.clock.now(),
    };
    if (options.target !== undefined) item.target = options.target;
    return this.publisher.add(item);
  }

  retry(cid: string): boolean {
    return this.publisher.retry(cid);
  }

  discard(cid: string): boolean {
    return this.publisher.discard(cid);
  }

  /** Publishes without an answer so far. */
  outbox(): OutboxItem[] {
    return this.publisher.all();
  }

  newCid(): string {
    return makeCid(this.clock.now(), this.random);
  }

  /** Sends what may be lost, such as `typing`. Says whether there was a connection to send it on. */
  signal(room: string, type: string, body: Body = {}): boolean {
    if (this.current.status !== 'online') return false;
    this.connection?.tell('signal', { room, type, body });
    return true;
  }

  read(room: string, seq: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.command(
        'read',
        { room, seq },
        {
          accepted: (reply) => {
            resolve(typeof reply.seq === 'number' ? reply.seq : seq);
          },
          refused: reject,
        },
      );
    });
  }

  /** Asks who is here; the answer comes as the event `presence` too, and again after a reconnect. */
  presence(room: string): Promise<Presence> {
    const subscription = this.subscriptions.get(room);
    if (subscription) subscription.presence = true;
    return new Promise((resolve, reject) => {
      this.command(
        'presence',
        { room },
        {
          accepted: (reply) => {
            const presence = reply as unknown as Presence;
            this.emit('presence', presence);
            resolve(presence);
          },
          refused: reject,
        },
      );
    });
  }

  private command(op: string, members: Record<string, unknown>, answer: Answer): void {
    if (this.current.status === 'online' && this.connection) this.connection.command(op, members, answer);
    else answer.refused(ParleyError.offline());
  }

  private async open(): Promise<void> {
    const generation = ++this.generation;
    this.clearTimers();
    this.setState({ status: 'connecting', attempt: this.backoff.attempt });
    try {
      const token = await this.token();
      if (generation !== this.generation) return;
      const connection: Connection = new Connection(this.options.url, this.WebSocket, this.clock, {
        open: () => {
          this.greet(connection, token);
        },
        frame: (frame, length) => {
          this.receive(frame, length);
        },
        closed: (code, reason, opened) => {
          this.lost(connection, code, reason, opened);
        },
      });
      this.connection = connection;
    } catch (cause) {
      if (generation !== this.generation) return;
      const error = ParleyError.from(cause);
      if (error.retry) this.waitAndRetry();
      else this.stop(error);
    }
  }

  private async token(): Promise<string | undefined> {
    if (!this.options.token) return this.renewNext ? undefined : this.guestToken;
    const token = await this.options.token(this.renewNext);
    this.renewNext = false;
    return token;
  }

  private hello(token: string | undefined): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    if (token !== undefined) members.token = token;
    else if (this.options.name) members.name = this.options.name;
    if (this.options.client) members.client = this.options.client;
    return members;
  }

  private greet(connection: Connection, token: string | undefined): void {
    connection.command('connect', this.hello(token), {
      accepted: (reply) => {
        if (connection === this.connection) this.welcomed(connection, reply as unknown as Session);
      },
      refused: (error) => {
        if (connection === this.connection) this.turnedAway(connection, error);
      },
    });
  }

  private welcomed(connection: Connection, session: Session): void {
    this.refusals = 0;
    this.backoff.atMost(UNSTABLE_ATTEMPTS);
    this.limits = session.limits ?? {};
    if (session.token) {
      this.guestToken = session.token;
      this.renewNext = false;
    }
    connection.heartbeat((session.heartbeat || 0) * 1000);
    this.stableTimer = this.clock.setTimeout(() => {
      this.backoff.reset();
    }, STABLE_AFTER);
    this.scheduleRenewal(session.expires_in);
    this.setState({ status: 'online', session });
    this.emit('session', session);
    for (const [room, subscription] of this.subscriptions) {
      if (!subscription.asked) this.attach(room, subscription);
    }
    this.publisher.start((item, accepted, refused) => {
      const { room, type, cid, body, target } = item;
      const members: Record<string, unknown> = { room, type, cid, body };
      if (target !== undefined) members.target = target;
      connection.command('publish', members, {
        accepted: (reply) => {
          accepted(reply as unknown as Receipt);
        },
        refused,
      });
    });
  }

  private turnedAway(connection: Connection, error: ParleyError): void {
    if (error.code === 'unauthorized' && this.refusals++ === 0) {
      this.renewNext = true;
    } else if (!error.retry) {
      this.connection = undefined;
      connection.close();
      this.stop(error);
      return;
    }
    connection.close();
  }

  private scheduleRenewal(expiresIn: number | undefined): void {
    // A guest who came by himself has nothing to renew his token with.
    if (!expiresIn || !this.options.token) return;
    const delay = Math.min(expiresIn * 800, 2 ** 31 - 1);
    this.renewTimer = this.clock.setTimeout(() => void this.renew(), delay);
  }

  private async renew(): Promise<void> {
    const connection = this.connection;
    const refused = (error: ParleyError): void => {
      if (connection !== this.connection || error.code === 'offline') return;
      if (error.retry) this.scheduleRenewal(60);
      else this.renewNext = true;
    };
    let token: string | undefined;
    try {
      token = await this.options.token?.(true);
    } catch (cause) {
      const error = ParleyError.from(cause);
      // Not being reachable for tokens does not mean that the socket is lost.
      if (error.code === 'offline' && connection === this.connection) this.scheduleRenewal(60);
      refused(error);
      return;
    }
    if (!connection || connection !== this.connection || token === undefined) return;
    connection.command('connect', this.hello(token), {
      accepted: (reply) => {
        if (connection === this.connection) this.scheduleRenewal((reply as unknown as Session).expires_in);
      },
      refused,
    });
  }

  private attach(room: string, subscription: Subscription): void {
    const { cursor } = subscription;
    const members: Record<string, unknown> = { room };
    if (cursor.last !== undefined) {
      members.since = cursor.last;
      if (cursor.epoch) members.epoch = cursor.epoch;
    }
    const connection = this.connection;
    const current = (): boolean => this.subscriptions.get(room) === subscription;
    subscription.asked = true;
    this.command('subscribe', members, {
      accepted: (reply) => {
        subscription.asked = false;
        if (current()) this.attached(room, subscription, reply as unknown as Subscribed);
      },
      refused: (error) => {
        subscription.asked = false;
        if (!current() || error.code === 'offline') return;
        if (!error.retry) {
          this.end(room, subscription, error);
          return;
        }
        this.clock.setTimeout(() => {
          if (current() && connection === this.connection) this.attach(room, subscription);
        }, RESUBSCRIBE_AFTER);
      },
    });
  }

  private attached(room: string, subscription: Subscription, reply: Subscribed): void {
    const continues = subscription.cursor.attach(reply);
    this.emit('subscribed', reply);
    if (!continues) this.emit('reset', reply);
    subscription.ready.splice(0).forEach(({ resolve }) => {
      resolve(reply);
    });
    if (subscription.presence) this.presence(room).catch(() => undefined);
  }

  private end(room: string, subscription: Subscription, error: ParleyError): void {
    this.subscriptions.delete(room);
    rejectAll(subscription, error);
    this.emit('detached', { room, error });
  }

  private receive(frame: Record<string, unknown>, length: number): void {
    if (typeof frame.room === 'string') {
      this.receiveFromRoom(frame.room, frame, length);
    } else if (frame.goaway) {
      this.leave(frame.goaway as ClientEvents['goaway']);
    } else if (frame.error) {
      this.emit('refused', fromWire(frame.error as WireError));
    }
  }

  private receiveFromRoom(room: string, frame: Record<string, unknown>, length: number): void {
    const subscription = this.subscriptions.get(room);
    if (typeof frame.signal === 'string') {
      this.emit('signal', frame as unknown as Signal);
    } else if (!subscription) {
      return;
    } else if (typeof frame.seq === 'number') {
      this.receiveEntry(room, subscription, frame as unknown as Entry, length);
    } else if (frame.gap) {
      if (!subscription.cursor.attached) return;
      const { from, to } = frame.gap as { from: number; to: number };
      subscription.cursor.skip(to);
      this.emit('gap', { room, from, to });
    } else if (frame.detached) {
      this.end(room, subscription, fromWire(frame.detached as WireError));
    }
  }

  private receiveEntry(room: string, subscription: Subscription, entry: Entry, length: number): void {
    const { cursor } = subscription;
    // What an older cursor of this room still had under way comes again from the new one.
    if (!cursor.attached) return;
    const verdict = cursor.accept(entry.seq, length);
    if (verdict === 'deliver') this.emit('entry', entry);
    if (verdict === 'hole') {
      cursor.detach();
      this.attach(room, subscription);
      return;
    }
    const ack = cursor.ackDue(this.limits);
    if (ack !== undefined) this.connection?.tell('ack', { room, seq: ack });
  }

  private leave(goaway: ClientEvents['goaway']): void {
    const connection = this.connection;
    this.emit('goaway', goaway);
    this.clock.setTimeout(
      () => {
        if (!connection || connection !== this.connection) return;
        this.connection = undefined;
        this.publisher.stop();
        connection.close();
        this.detachAll();
        void this.open();
      },
      Math.max(0, goaway.after_ms),
    );
  }

  private lost(connection: Connection, code: number, _reason: string, opened: boolean): void {
    if (connection !== this.connection) return;
    this.connection = undefined;
    this.publisher.stop();
    this.detachAll();
    // 1008: the token ran out or was revoked, or this program misbehaves; 1013: too many are here already.
    if (code === 1008 && opened) this.renewNext = true;
    if (code === 1008) this.backoff.atLeast(1);
    if (code === 1013) this.backoff.atLeast(3);
    this.waitAndRetry();
  }

  private waitAndRetry(): void {
    this.clearTimers();
    const attempt = this.backoff.attempt + 1;
    const delay = this.backoff.next();
    this.setState({ status: 'waiting', attempt, retryAt: this.clock.now() + delay });
    this.retryTimer = this.clock.setTimeout(() => void this.open(), delay);
  }

  private stop(error: ParleyError): void {
    this.clearTimers();
    this.detachAll();
    this.setState({ status: 'stopped', error });
    for (const subscription of this.subscriptions.values()) rejectAll(subscription, error);
  }

  private detachAll(): void {
    for (const { cursor } of this.subscriptions.values()) cursor.detach();
  }

  private clearTimers(): void {
    for (const timer of [this.retryTimer, this.stableTimer, this.renewTimer]) this.clock.clearTimeout(timer);
  }

  private setState(state: ConnectionState): void {
    this.current = state;
    this.emit('state', state);
  }
}

function rejectAll(subscription: Subscription, error: ParleyError): void {
  subscription.ready.splice(0).forEach(({ reject }) => {
    reject(error);
  });
}
