import { ParleyError, type Grant, type RestClient, type User } from '@parley/sdk';

const USER_KEY = 'parley.user';
const GUEST_KEY = 'parley.guest';
/** When the refresh that is under way was sent. */
const ASKED_KEY = 'parley.refresh';
/** How long the cookie of a refresh whose page was left is waited for. */
const COOKIE_AFTER = 2_000;
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
  private userId: string | undefined;

  constructor(
    private readonly rest: Pick<RestClient, 'refresh'>,
    private readonly storage: Stored = browserStorage,
    private readonly exclusive: Exclusive = amongTabs,
    private readonly now: () => number = () => Date.now(),
    private readonly sleep: (ms: number) => Promise<void> = (ms) =>
      new Promise((resolve) => setTimeout(resolve, ms)),
  ) {
    const guest = parse<{ token: string }>(storage.read(GUEST_KEY));
    if (guest?.token) {
      this.token = guest.token;
      this.guest = true;
    }
  }

  /** Who was here last; painted from the cache before the server has answered. */
  remembered(): User | undefined {
    const user = parse<User>(this.storage.read(USER_KEY));
    this.userId ??= user?.id;
    return user;
  }

  /** As it stands in the browser's storage, whichever tab wrote it. */
  stored(): string | null {
    return this.storage.read(USER_KEY);
  }

  /** Whether another tab has signed somebody else in, or this one out. */
  isStranger(stored: string | null): boolean {
    return parse<User>(stored)?.id !== this.userId;
  }

  /** Calls back when another tab of this browser signs in or out. */
  onStranger(changed: () => void): void {
    window.addEventListener('storage', ({ key, newValue }) => {
      if ((key === USER_KEY || key === null) && this.isStranger(newValue)) changed();
    });
  }

  current(): string | undefined {
    return this.token;
  }

  accept(grant: Grant): void {
    this.token = grant.access_token;
    this.expires = this.now() + grant.expires_in * 1000;
    this.guest = grant.user.guest;
    this.userId = grant.user.id;
    this.storage.write(USER_KEY, JSON.stringify(grant.user));
    this.storage.write(GUEST_KEY, grant.user.guest ? JSON.stringify({ token: grant.access_token }) : null);
  }

  /** A token that is good for now. Throws `unauthorized` when one has to sign in again. */
  async access(renew = false): Promise<string> {
    if (this.guest && this.token) return this.token;
    if (!renew && this.token && this.expires - MARGIN > this.now()) return this.token;
    this.refreshing ??= this.exclusive(() => this.refresh()).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async refresh(): Promise<string> {
    await this.cookieOfThePageBefore();
    this.storage.write(ASKED_KEY, String(this.now()));
    try {
      const grant = await this.rest.refresh();
      // Another tab signed somebody else in: nothing of this page may go out in that name.
      if (this.userId !== undefined && grant.user.id !== this.userId) {
        throw new ParleyError('unauthorized', 'Somebody else has signed in here.');
      }
      this.accept(grant);
      return grant.access_token;
    } finally {
      this.storage.write(ASKED_KEY, null);
    }
  }

  /**
   * A reload in the midst of a refresh leaves a request behind that still brings a new cookie. To ask with the
   * old one now would look like theft.
   */
  private async cookieOfThePageBefore(): Promise<void> {
    const since = this.now() - Number(this.storage.read(ASKED_KEY) ?? 0);
    if (since >= 0 && since < COOKIE_AFTER) await this.sleep(COOKIE_AFTER - since);
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
    this.userId = undefined;
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
