import { IGNORED } from './connection.js';
import { Cursor } from './cursor.js';
import { ParleyError, fromWire, type WireError } from './errors.js';
import type { ClientEvents } from './events.js';
import type { Link } from './link.js';
import type { Clock } from './runtime.js';
import type { Entry, Limits, Presence, Signal, Subscribed } from './types.js';

interface Subscription {
  cursor: Cursor;
  presence: boolean;
  /** The server has been asked and has not answered. */
  asked: boolean;
  ready: { resolve: (reply: Subscribed) => void; reject: (error: ParleyError) => void }[];
}

const RESUBSCRIBE_AFTER = 2_000;

/** The rooms that are followed: each with the cursor that makes one sequence out of any number of connections. */
export class Subscriptions {
  private readonly rooms = new Map<string, Subscription>();
  private limits: Limits = {};
  /** Counts connections, so that a timer of an earlier one is known for what it is. */
  private connections = 0;

  constructor(
    private readonly link: Pick<Link, 'online' | 'command' | 'tell'>,
    private readonly clock: Clock,
    private readonly emit: <Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]) => void,
  ) {}

  has(room: string): boolean {
    return this.rooms.has(room);
  }

  add(room: string, from: { since?: number; epoch?: string }): Promise<Subscribed> {
    const known = this.rooms.get(room);
    const subscription: Subscription = {
      cursor: new Cursor(from.since, from.epoch),
      presence: known?.presence ?? false,
      asked: false,
      ready: known?.ready ?? [],
    };
    this.rooms.set(room, subscription);
    return new Promise((resolve, reject) => {
      subscription.ready.push({ resolve, reject });
      if (this.link.online) this.attach(room, subscription);
    });
  }

  remove(room: string): void {
    const subscription = this.rooms.get(room);
    if (!subscription) return;
    this.rooms.delete(room);
    if (this.link.online) this.link.command('unsubscribe', { room }, IGNORED);
    rejectAll(subscription, new ParleyError('offline', 'Unsubscribed before the server answered.'));
  }

  /** Asks who is here, now and, in a room that is followed, after each reconnect. */
  presence(room: string): Promise<Presence> {
    const subscription = this.rooms.get(room);
    if (subscription) subscription.presence = true;
    return new Promise((resolve, reject) => {
      this.link.command(
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

  /** A connection is there: asks for everything that follows what was seen. */
  up(limits: Limits): void {
    this.limits = limits;
    for (const [room, subscription] of this.rooms) {
      if (!subscription.asked) this.attach(room, subscription);
    }
  }

  /** The connection is gone. */
  down(): void {
    this.connections++;
    for (const { cursor } of this.rooms.values()) cursor.detach();
  }

  /** There will be no connection: who waits for one is told. */
  fail(error: ParleyError): void {
    for (const subscription of this.rooms.values()) rejectAll(subscription, error);
  }

  /** A frame that names a room. `length` in characters. */
  receive(room: string, frame: Record<string, unknown>, length: number): void {
    const subscription = this.rooms.get(room);
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
    if (ack !== undefined) this.link.tell('ack', { room, seq: ack });
  }

  private attach(room: string, subscription: Subscription): void {
    const { cursor } = subscription;
    const members: Record<string, unknown> = { room };
    if (cursor.last !== undefined) {
      members.since = cursor.last;
      if (cursor.epoch) members.epoch = cursor.epoch;
    }
    const connection = this.connections;
    const current = (): boolean => this.rooms.get(room) === subscription;
    subscription.asked = true;
    this.link.command('subscribe', members, {
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
          if (current() && connection === this.connections) this.attach(room, subscription);
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
    this.rooms.delete(room);
    rejectAll(subscription, error);
    this.emit('detached', { room, error });
  }
}

function rejectAll(subscription: Subscription, error: ParleyError): void {
  subscription.ready.splice(0).forEach(({ reject }) => {
    reject(error);
  });
}
