import type { Clock, SocketLike } from '../src/index.js';

/** A clock that only moves when told to. */
export class FakeClock implements Clock {
  private time = 1_700_000_000_000;
  private timers: { at: number; run: () => void; id: number }[] = [];
  private nextId = 1;

  now(): number {
    return this.time;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const id = this.nextId++;
    this.timers.push({ at: this.time + ms, run: callback, id });
    return id;
  }

  clearTimeout(handle: unknown): void {
    this.timers = this.timers.filter((timer) => timer.id !== handle);
  }

  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (!due) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export type Command = Record<string, unknown> & { op: string; id?: number };

/** The server's end of a socket, played by the test. */
export class FakeSocket implements SocketLike {
  readyState = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: Command[] = [];
  closedWith: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Command);
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closedWith = code ?? 1005;
  }

  async open(): Promise<void> {
    this.readyState = 1;
    this.onopen?.({} as never);
    await settle();
  }

  async frame(frame: object): Promise<void> {
    this.onmessage?.({ data: JSON.stringify(frame) } as never);
    await settle();
  }

  /** Frames of one read: all of them in one turn, with no promise going on in between. */
  burst(...frames: object[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) } as never);
  }

  async hangUp(code = 1006): Promise<void> {
    this.readyState = 3;
    this.onclose?.({ code, reason: '' } as never);
    await settle();
  }

  ops(op: string): Command[] {
    return this.sent.filter((command) => command.op === op);
  }

  last(op: string): Command {
    const found = this.ops(op).at(-1);
    if (!found) throw new Error(`no ${op} was sent`);
    return found;
  }

  async reply(to: Command, members: object): Promise<void> {
    await this.frame({ re: to.id, ...members });
  }
}

/** Makes sockets and remembers them. */
export function socketFactory(): {
  sockets: FakeSocket[];
  WebSocket: new (url: string, protocols: string[]) => FakeSocket;
  current: () => FakeSocket;
} {
  const sockets: FakeSocket[] = [];
  class Recorded extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  return {
    sockets,
    WebSocket: Recorded,
    current: () => {
      const socket = sockets.at(-1);
      if (!socket) throw new Error('no socket was opened');
      return socket;
    },
  };
}

export function entry(seq: number, more: object = {}): import('../src/index.js').Entry {
  return {
    room: 'general',
    seq,
    type: 'message',
    from: 'ada',
    uid: 'u_ada',
    ts: 1_700_000_000_000 + seq,
    n: seq,
    body: { text: `m${String(seq)}` },
    ...more,
  };
}
