/** What the client takes from its surroundings, so that tests can give it something else. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => {
    globalThis.clearTimeout(handle as ReturnType<typeof globalThis.setTimeout>);
  },
};

export function globalSocket(): SocketConstructor {
  const found = (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  if (!found) {
    throw new Error(
      'No WebSocket here: pass one as the option WebSocket (Node before 22 has none; the package ws does).',
    );
  }
  return found;
}

/** An id for a publish: unique, short, and in the order of its making. */
export function makeCid(now: number, random: () => number): string {
  let tail = '';
  while (tail.length < 12) tail += Math.floor(random() * 36).toString(36);
  return `${Math.max(0, Math.floor(now)).toString(36)}-${tail}`;
}
