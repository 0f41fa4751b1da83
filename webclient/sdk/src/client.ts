import { Emitter } from './emitter.js';
import { fromWire, type WireError } from './errors.js';
import type { ClientEvents, ClientOptions, ConnectionState } from './events.js';
import { Link } from './link.js';
import { MemoryOutbox, type OutboxItem } from './outbox.js';
import { Publisher } from './publisher.js';
import { makeCid, systemClock, type Clock } from './runtime.js';
import { Subscriptions } from './subscriptions.js';
import type { Body, EntryType, Presence, Receipt, Session, Subscribed } from './types.js';

/** One door to the link, the rooms that are followed, and what is published. */
export class ParleyClient extends Emitter<ClientEvents> {
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly link: Link;
  private readonly publisher: Publisher;
  private readonly subscriptions: Subscriptions;

  constructor(options: ClientOptions) {
    super();
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.link = new Link(options, {
      state: (state) => {
        this.emit('state', state);
        if (state.status === 'stopped') this.subscriptions.fail(state.error);
      },
      up: (session) => {
        this.welcomed(session);
      },
      down: () => {
        this.publisher.stop();
        this.subscriptions.down();
      },
      frame: (frame, length) => {
        this.receive(frame, length);
      },
    });
    this.subscriptions = new Subscriptions(this.link, this.clock, (name, event) => {
      this.emit(name, event);
    });
    this.publisher = new Publisher(options.outbox ?? new MemoryOutbox(), this.clock, this.random, {
      queued: (item) => this.emit('queued', item),
      sent: (item, receipt) => this.emit('sent', { item, receipt }),
      failed: (item, error) => this.emit('failed', { item, error }),
      discarded: (item) => this.emit('discarded', item),
      unkept: (item, cause) => this.emit('unkept', { item, cause }),
    });
  }

  get state(): ConnectionState {
    return this.link.state;
  }

  /** Starts connecting and keeps at it until `close`. */
  connect(): void {
    if (this.state.status !== 'idle' && this.state.status !== 'stopped') return;
    void this.publisher.restore();
    this.link.start();
  }

  close(): void {
    this.link.close();
  }

  /** Ends a pause between attempts; while connected, asks for a sign of life. For `online` and wake-ups. */
  retryNow(): void {
    this.link.retryNow();
  }

  /**
   * Follows a room. With `since` the entries after it come first; without, only what comes from now on.
   * The promise waits for a connection.
   */
  subscribe(room: string, from: { since?: number; epoch?: string } = {}): Promise<Subscribed> {
    return this.subscriptions.add(room, from);
  }

  unsubscribe(room: string): void {
    this.subscriptions.remove(room);
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
    return this.link.tell('signal', { room, type, body });
  }

  read(room: string, seq: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.link.command(
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
    return this.subscriptions.presence(room);
  }

  private welcomed(session: Session): void {
    this.emit('session', session);
    this.subscriptions.up(session.limits ?? {});
    this.publisher.start((item, accepted, refused) => {
      const { room, type, cid, body, target } = item;
      const members: Record<string, unknown> = { room, type, cid, body };
      if (target !== undefined) members.target = target;
      this.link.command('publish', members, {
        accepted: (reply) => {
          accepted(reply as unknown as Receipt);
        },
        refused,
      });
    });
  }

  private receive(frame: Record<string, unknown>, length: number): void {
    if (typeof frame.room === 'string') {
      this.subscriptions.receive(frame.room, frame, length);
    } else if (frame.goaway) {
      const goaway = frame.goaway as ClientEvents['goaway'];
      this.emit('goaway', goaway);
      this.link.moveAfter(goaway.after_ms);
    } else if (frame.error) {
      this.emit('refused', fromWire(frame.error as WireError));
    }
  }
}
