import { ParleyError, type Grant, type RestClient, type User } from '@parley/sdk';

const USER_KEY = 'parley.user';
const GUEST_KEY = 'parley.guest';
/** A token this close to its end is renewed first. */
const MARGIN = 30_000;

interface Stored {
  read(key: string): string | null;
  write(key: string, value: string | null): void;
}

const browserStorage: Stored = {
  read: (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write: (key, value) => {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Without storage one signs in again after a reload.
    }
  },
};

/** One holder at a time among all tabs: a refresh cookie that is used twice counts as stolen. */
type Exclusive = <T>(task: () => Promise<T>) => Promise<T>;

const amongTabs: Exclusive = (task) => {
  const locks = (navigator as { locks?: LockManager }).locks;
  return locks ? (locks.request('parley-refresh', task) as ReturnType<typeof task>) : task();
};

/**
 * Who is signed in. The access token lives in memory only and comes anew from the refresh cookie. A guest
 * has no cookie, so a guest's token is kept, to come back as the same guest.
 */
export class SessionKeeper {
  private token: string | undefined;
  private expires = 0;
  private guest = false;
  private refreshing: Promise<string> | undefined;

  constructor(
    private readonly rest: Pick<RestClient, 'refresh'>,
    private readonly storage: Stored = browserStorage,
    private readonly exclusive: Exclusive = amongTabs,
    private readonly now: () => number = () => Date.now(),
  ) {
    const guest = parse<{ token: string }>(storage.read(GUEST_KEY));
    if (guest?.token) {
      this.token = guest.token;
      this.guest = true;
    }
  }

  /** Who was here last; painted from the cache before the server has answered. */
  remembered(): User | undefined {
    return parse<User>(this.storage.read(USER_KEY));
  }

  current(): string | undefined {
    return this.token;
  }

  accept(grant: Grant): void {
    this.token = grant.access_token;
    this.expires = this.now() + grant.expires_in * 1000;
    this.guest = grant.user.guest;
    this.storage.write(USER_KEY, JSON.stringify(grant.user));
    this.storage.write(GUEST_KEY, grant.user.guest ? JSON.stringify({ token: grant.access_token }) : null);
  }

  /** A token that is good for now. Throws `unauthorized` when one has to sign in again. */
  async access(renew = false): Promise<string> {
    if (this.guest && this.token) return this.token;
    if (!renew && this.token && this.expires - MARGIN > this.now()) return this.token;
    this.refreshing ??= this.exclusive(() => this.rest.refresh())
      .then((grant) => {
        this.accept(grant);
        return grant.access_token;
      })
      .finally(() => {
        this.refreshing = undefined;
      });
    return this.refreshing;
  }

  /** For REST: a token after one was refused, or nothing. */
  async renewed(): Promise<string | undefined> {
    try {
      return await this.access(true);
    } catch (cause) {
      if (ParleyError.from(cause).code === 'unauthorized') return undefined;
      throw cause;
    }
  }

  forget(): void {
    this.token = undefined;
    this.guest = false;
    this.expires = 0;
    this.storage.write(USER_KEY, null);
    this.storage.write(GUEST_KEY, null);
  }
}

function parse<T>(text: string | null): T | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}
