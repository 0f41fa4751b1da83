import { ParleyError, fromWire, type WireError } from './errors.js';
import type { Clock, SocketConstructor, SocketLike } from './runtime.js';

export type Reply = Record<string, unknown>;

/** What becomes of a command. One of the two is called, in the turn in which its answer arrives. */
export interface Answer {
  accepted: (reply: Reply) => void;
  refused: (error: ParleyError) => void;
}

export interface ConnectionHandlers {
  open: () => void;
  /** A frame that is no answer, with its length in characters. */
  frame: (frame: Record<string, unknown>, length: number) => void;
  /** Called once; `opened` says whether the handshake had succeeded. */
  closed: (code: number, reason: string, opened: boolean) => void;
}

/** For commands whose answer changes nothing. */
export const IGNORED: Answer = { accepted: () => undefined, refused: () => undefined };

const OPEN_TIMEOUT = 10_000;
const PONG_TIMEOUT = 8_000;

/**
 * One WebSocket from its opening to its end: matches answers to commands, and notices a dead line by asking
 * for a sign of life when the server has been silent.
 */
export class Connection {
  private readonly socket: SocketLike;
  private readonly pending = new Map<number, Answer>();
  private nextId = 1;
  private opened = false;
  private ended = false;
  private lastHeard: number;
  private watch: unknown;
  private silence = 0;
  private probing = false;

  constructor(
    url: string,
    WebSocket: SocketConstructor,
    private readonly clock: Clock,
    private readonly handlers: ConnectionHandlers,
  ) {
    this.lastHeard = clock.now();
    this.socket = new WebSocket(url, ['parley.v1']);
    this.socket.onopen = () => {
      this.opened = true;
      this.heard();
      handlers.open();
    };
    this.socket.onmessage = (event: { data: unknown }) => {
      if (!this.ended) this.receive(String(event.data));
    };
    this.socket.onclose = (event: { code?: number; reason?: string }) => {
      this.end(event.code ?? 1006, event.reason ?? '');
    };
    this.socket.onerror = () => undefined;
    this.watch = clock.setTimeout(() => {
      this.drop('No answer to the handshake.');
    }, OPEN_TIMEOUT);
  }

  /** From now on the line counts as dead after so many silent milliseconds and an unanswered ping. */
  heartbeat(ms: number): void {
    this.silence = ms;
    this.listen();
  }

  /**
   * Sends a command. Its answer takes effect before the next frame is looked at: several frames may come in
   * one turn, and what follows an answer often depends on it, as entries do on the answer to `subscribe`.
   */
  command(op: string, members: Record<string, unknown>, answer: Answer): void {
    if (this.ended) {
      answer.refused(ParleyError.offline());
      return;
    }
    const id = this.nextId++;
    this.pending.set(id, answer);
    this.write({ op, id, ...members });
  }

  /** Sends a command that is not answered. */
  tell(op: string, members: Record<string, unknown>): void {
    if (!this.ended) this.write({ op, ...members });
  }

  close(code = 1000): void {
    if (this.ended) return;
    this.socket.close(code);
    this.end(code, '');
  }

  private write(command: Record<string, unknown>): void {
    try {
      this.socket.send(JSON.stringify(command));
    } catch {
      this.drop('The socket refused the frame.');
    }
  }

  private receive(text: string): void {
    this.heard();
    let frame: Record<string, unknown>;
    try {
      frame = JSON.parse(text) as Record<string, unknown>;
    } catch {
      this.drop('A frame that is no JSON.');
      return;
    }
    if (typeof frame.re !== 'number') {
      this.handlers.frame(frame, text.length);
      return;
    }
    const waiting = this.pending.get(frame.re);
    this.pending.delete(frame.re);
    if (frame.error) waiting?.refused(fromWire(frame.error as WireError));
    else waiting?.accepted(frame);
  }

  private heard(): void {
    this.probing = false;
    this.lastHeard = this.clock.now();
  }

  private listen(): void {
    this.clock.clearTimeout(this.watch);
    if (this.silence <= 0 || this.ended) return;
    const left = Math.max(0, this.lastHeard + this.silence - this.clock.now());
    this.watch = this.clock.setTimeout(() => {
      if (this.clock.now() - this.lastHeard < this.silence) this.listen();
      else this.probe();
    }, left);
  }

  /** Is anybody there? A laptop that slept finds its line dead without any close. */
  probe(): void {
    if (this.ended || !this.opened) return;
    this.probing = true;
    this.command('ping', {}, IGNORED);
    this.clock.clearTimeout(this.watch);
    this.watch = this.clock.setTimeout(() => {
      if (this.probing) this.drop('No sign of life.');
      else this.listen();
    }, PONG_TIMEOUT);
  }

  private drop(reason: string): void {
    if (this.ended) return;
    try {
      this.socket.close();
    } catch {
      // Nothing to close any more.
    }
    this.end(1006, reason);
  }

  private end(code: number, reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.clock.clearTimeout(this.watch);
    this.handlers.closed(code, reason, this.opened);
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { refused } of pending) refused(ParleyError.offline());
  }
}
