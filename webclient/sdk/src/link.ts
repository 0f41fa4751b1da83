import { Backoff } from './backoff.js';
import { Connection, type Answer } from './connection.js';
import { ParleyError } from './errors.js';
import type { ConnectionState, LinkOptions } from './events.js';
import { globalSocket, systemClock, type Clock, type SocketConstructor } from './runtime.js';
import type { Session } from './types.js';

export interface LinkHandlers {
  state: (state: ConnectionState) => void;
  /** Taken in by the server: commands go through until `down`. Called after the state is `online`. */
  up: (session: Session) => void;
  /** The connection is about to be given up, or gone. May come without an `up`. */
  down: () => void;
  /** A frame that answers no command, with its length in characters. */
  frame: (frame: Record<string, unknown>, length: number) => void;
}

/** A connection counts as stable, and the back-off starts anew, after so long. */
const STABLE_AFTER = 10_000;
/** One that was taken in and lost before that counts as so many failures: a server that dies again and again is not stormed, and
 * one that was restarted twice is not waited for as long as one that was away all the time. */
const UNSTABLE_ATTEMPTS = 1;

/**
 * The way to the server over any number of connections: opens one after another with back-off, introduces itself, renews its token
 * before it runs out, and moves when the server says that it goes away.
 */
export class Link {
  private readonly WebSocket: SocketConstructor;
  private readonly clock: Clock;
  private readonly backoff: Backoff;
  private current: ConnectionState = { status: 'idle' };
  private connection: Connection | undefined;
  private guestToken: string | undefined;
  private renewNext = false;
  private refusals = 0;
  private generation = 0;
  private retryTimer: unknown;
  private stableTimer: unknown;
  private renewTimer: unknown;

  constructor(
    private readonly options: LinkOptions,
    private readonly handlers: LinkHandlers,
  ) {
    this.WebSocket = options.WebSocket ?? globalSocket();
    this.clock = options.clock ?? systemClock;
    this.backoff = new Backoff(options.random ?? Math.random, options.backoff);
  }

  get state(): ConnectionState {
    return this.current;
  }

  get online(): boolean {
    return this.current.status === 'online';
  }

  start(): void {
    this.refusals = 0;
    void this.open();
  }

  close(): void {
    this.generation++;
    this.clearTimers();
    this.giveUp();
    this.setState({ status: 'idle' });
  }

  /** Ends a pause between attempts; while connected, asks for a sign of life. */
  retryNow(): void {
    if (this.current.status === 'waiting') void this.open();
    else this.connection?.probe();
  }

  /** Moves to a new connection after so many milliseconds, unless this one is lost before. */
  moveAfter(ms: number): void {
    const connection = this.connection;
    this.clock.setTimeout(
      () => {
        if (!connection || connection !== this.connection) return;
        this.giveUp();
        void this.open();
      },
      Math.max(0, ms),
    );
  }

  /** Sends a command, or refuses it with `offline`. */
  command(op: string, members: Record<string, unknown>, answer: Answer): void {
    if (this.online && this.connection) this.connection.command(op, members, answer);
    else answer.refused(ParleyError.offline());
  }

  /** Sends a command that is not answered; says whether there was a connection for it. */
  tell(op: string, members: Record<string, unknown>): boolean {
    if (!this.online) return false;
    this.connection?.tell(op, members);
    return true;
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
        frame: this.handlers.frame,
        closed: (code, _reason, opened) => {
          this.lost(connection, code, opened);
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
    this.handlers.up(session);
  }

  private turnedAway(connection: Connection, error: ParleyError): void {
    if (error.code === 'unauthorized' && this.refusals++ === 0) {
      this.renewNext = true;
    } else if (!error.retry) {
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

  private lost(connection: Connection, code: number, opened: boolean): void {
    if (connection !== this.connection) return;
    this.giveUp();
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
    this.giveUp();
    this.setState({ status: 'stopped', error });
  }

  /** Forgets the connection before it is closed: what its end brings is no news any more. */
  private giveUp(): void {
    const connection = this.connection;
    this.connection = undefined;
    this.handlers.down();
    connection?.close();
  }

  private clearTimers(): void {
    for (const timer of [this.retryTimer, this.stableTimer, this.renewTimer]) this.clock.clearTimeout(timer);
  }

  private setState(state: ConnectionState): void {
    this.current = state;
    this.handlers.state(state);
  }
}
