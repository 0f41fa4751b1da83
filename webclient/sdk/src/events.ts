import type { BackoffOptions } from './backoff.js';
import type { ParleyError } from './errors.js';
import type { Outbox, OutboxItem } from './outbox.js';
import type { Clock, SocketConstructor } from './runtime.js';
import type { Entry, Presence, Receipt, Session, Signal, Subscribed } from './types.js';

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

/** Where to connect, and as whom. */
export interface LinkOptions {
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
  clock?: Clock;
  random?: () => number;
  backoff?: BackoffOptions;
}

export interface ClientOptions extends LinkOptions {
  outbox?: Outbox;
}
