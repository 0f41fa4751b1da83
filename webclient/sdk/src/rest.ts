import { ParleyError, type ErrorCode } from './errors.js';
import type {
  Body,
  EntryType,
  Grant,
  Keep,
  Member,
  Page,
  Person,
  Receipt,
  Role,
  Room,
  ServerInfo,
  User,
  Visibility,
} from './types.js';

export interface RestOptions {
  /** Where the server is, without `/api/v1`; empty for the page's own origin. */
  base?: string;
  /** The access token for the next request. */
  token?: () => string | undefined;
  /** Called when a token was refused; a new one makes the request go out once more. */
  renew?: () => Promise<string | undefined>;
  fetch?: typeof globalThis.fetch;
}

interface Problem {
  code?: ErrorCode;
  title?: string;
  detail?: string;
  retry?: boolean;
}

interface Call {
  body?: unknown;
  query?: Query;
  /** Goes without a token. */
  open?: boolean;
  keepalive?: boolean;
}

type Query = Record<string, string | number | undefined>;

/** Everything that is asked once. Each method is one request; refusals are thrown as ParleyError. */
export class RestClient {
  constructor(private readonly options: RestOptions = {}) {}

  info(): Promise<ServerInfo> {
    return this.call('GET', '/info', { open: true });
  }
  register(name: string, password: string): Promise<Grant> {
    return this.call('POST', '/register', { body: { name, password }, open: true });
  }
  login(name: string, password: string): Promise<Grant> {
    return this.call('POST', '/login', { body: { name, password }, open: true });
  }
  guest(name?: string): Promise<Grant> {
    return this.call('POST', '/guest', { body: name ? { name } : {}, open: true });
  }
  /** Goes on when the page is left: the new cookie must arrive, since the old one is void from then on. */
  refresh(): Promise<Grant> {
    return this.call('POST', '/refresh', { open: true, keepalive: true });
  }
  logout(): Promise<void> {
    return this.call('POST', '/logout', { open: true });
  }
  async me(): Promise<User> {
    return (await this.call<{ user: User }>('GET', '/me')).user;
  }

  rooms(
    query: { scope?: 'mine' | 'public'; q?: string; after?: string; limit?: number } = {},
  ): Promise<{ rooms: Room[]; next?: string }> {
    return this.call('GET', '/rooms', { query });
  }
  createRoom(room: { name: string; title?: string; visibility?: Visibility; keep?: Keep }): Promise<Room> {
    return this.call('POST', '/rooms', { body: room });
  }
  room(room: string): Promise<Room> {
    return this.call('GET', path(room));
  }
  changeRoom(room: string, change: { title?: string; visibility?: Visibility; keep?: Keep }): Promise<Room> {
    return this.call('PATCH', path(room), { body: change });
  }
  join(room: string): Promise<Room> {
    return this.call('POST', path(room, '/join'));
  }
  leave(room: string): Promise<void> {
    return this.call('POST', path(room, '/leave'));
  }

  members(
    room: string,
    query: { after?: string; limit?: number } = {},
  ): Promise<{ members: Member[]; next?: string }> {
    return this.call('GET', path(room, '/members'), { query });
  }
  /** Invite, promote or ban. `user` is an id or `@name`. */
  setMember(room: string, user: string, role: Role): Promise<Member> {
    return this.call('PUT', path(room, `/members/${encodeURIComponent(user)}`), { body: { role } });
  }
  removeMember(room: string, user: string): Promise<void> {
    return this.call('DELETE', path(room, `/members/${encodeURIComponent(user)}`));
  }

  messages(room: string, query: { before?: number; after?: number; limit?: number } = {}): Promise<Page> {
    return this.call('GET', path(room, '/messages'), { query });
  }
  publish(
    room: string,
    message: { body: Body; cid?: string; type?: EntryType; target?: number },
  ): Promise<Receipt> {
    return this.call('POST', path(room, '/messages'), { body: message });
  }
  edit(room: string, seq: number, body: Body, cid?: string): Promise<Receipt> {
    return this.call('PATCH', path(room, `/messages/${String(seq)}`), { body: { body, cid } });
  }
  remove(room: string, seq: number): Promise<Receipt> {
    return this.call('DELETE', path(room, `/messages/${String(seq)}`));
  }
  read(room: string, seq: number): Promise<{ seq: number; unread: number }> {
    return this.call('PUT', path(room, '/read'), { body: { seq } });
  }
  signal(room: string, type: string, body: Body = {}): Promise<void> {
    return this.call('POST', path(room, '/signals'), { body: { type, body } });
  }
  presence(room: string): Promise<{ count: number; users: Person[] }> {
    return this.call('GET', path(room, '/presence'));
  }

  private async call<T>(
    method: string,
    where: string,
    { body, query, open = false, keepalive = false }: Call = {},
  ): Promise<T> {
    const token = open ? undefined : this.options.token?.();
    try {
      return await this.send<T>(method, where, query, body, token, keepalive);
    } catch (cause) {
      const error = ParleyError.from(cause);
      if (open || error.code !== 'unauthorized' || !this.options.renew) throw error;
      const renewed = await this.options.renew();
      if (renewed === undefined || renewed === token) throw error;
      return this.send<T>(method, where, query, body, renewed);
    }
  }

  private async send<T>(
    method: string,
    where: string,
    query: Query | undefined,
    body: unknown,
    token: string | undefined,
    keepalive = false,
  ): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (token !== undefined) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const init: RequestInit = { method, headers, credentials: 'same-origin' };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (keepalive) init.keepalive = true;
    const url = `${this.options.base ?? ''}/api/v1${where}${queryString(query)}`;
    let response: Response;
    try {
      response = await (this.options.fetch ?? globalThis.fetch)(url, init);
    } catch (cause) {
      throw ParleyError.offline(cause instanceof Error ? cause.message : 'The server cannot be reached.');
    }
    const text = await response.text();
    if (!response.ok) throw problem(response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

function path(room: string, rest = ''): string {
  return `/rooms/${encodeURIComponent(room)}${rest}`;
}

function queryString(query: Query | undefined): string {
  const set = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');
  if (set.length === 0) return '';
  return `?${new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString()}`;
}

const CODES: Record<number, ErrorCode> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
  503: 'unavailable',
};

/** A proxy in between may answer with something that is no problem document. */
function problem(status: number, text: string): ParleyError {
  let found: Problem = {};
  try {
    found = JSON.parse(text) as Problem;
  } catch {
    // The status has to do.
  }
  const gateway = status === 502 || status === 504;
  const code = found.code ?? CODES[status] ?? (gateway ? 'unavailable' : 'internal');
  const retry = found.retry ?? (status >= 500 || status === 429);
  return new ParleyError(code, found.detail ?? found.title ?? `HTTP ${String(status)}`, retry, status);
}
