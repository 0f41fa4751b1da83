import { ParleyError, type Grant } from '@parley/sdk';
import { describe, expect, it } from 'vitest';
import { SessionKeeper } from './session';
import { nameProblem, passwordProblem } from './rules';

const grant = (token: string, guest = false): Grant => ({
  user: { id: 'u_ada', name: 'ada', guest },
  access_token: token,
  expires_in: 900,
});

function storage(): {
  map: Map<string, string>;
  read: (k: string) => string | null;
  write: (k: string, v: string | null) => void;
} {
  const map = new Map<string, string>();
  return {
    map,
    read: (key) => map.get(key) ?? null,
    write: (key, value) => void (value === null ? map.delete(key) : map.set(key, value)),
  };
}

const alone = <T>(task: () => Promise<T>): Promise<T> => task();

describe('SessionKeeper', () => {
  it('asks once for many who want a token, and again only when it is about to end', async () => {
    let asked = 0;
    let now = 0;
    const rest = { refresh: () => Promise.resolve(grant(`t${String(++asked)}`)) };
    const keeper = new SessionKeeper(rest, storage(), alone, () => now);
    expect(await Promise.all([keeper.access(), keeper.access()])).toEqual(['t1', 't1']);
    now = 800_000;
    expect(await keeper.access()).toBe('t1');
    now = 880_000;
    expect(await keeper.access()).toBe('t2');
    expect(await keeper.access(true)).toBe('t3');
  });

  it('stores who is here, and never the token of an account', () => {
    const store = storage();
    const keeper = new SessionKeeper({ refresh: () => Promise.reject(new Error()) }, store, alone);
    keeper.accept(grant('secret'));
    expect(keeper.remembered()?.name).toBe('ada');
    expect([...store.map.values()].join()).not.toContain('secret');
  });

  it('brings a guest back after a reload as the same guest', async () => {
    const store = storage();
    const rest = { refresh: () => Promise.reject(new ParleyError('unauthorized', 'no cookie')) };
    new SessionKeeper(rest, store, alone).accept(grant('guest-token', true));
    expect(await new SessionKeeper(rest, store, alone).access()).toBe('guest-token');
  });

  it('says that one has to sign in again, and forgets', async () => {
    const store = storage();
    const rest = { refresh: () => Promise.reject(new ParleyError('unauthorized', 'expired')) };
    const keeper = new SessionKeeper(rest, store, alone);
    await expect(keeper.access()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await keeper.renewed()).toBeUndefined();
    keeper.accept(grant('t'));
    keeper.forget();
    expect(keeper.current()).toBeUndefined();
    expect(store.map.size).toBe(0);
  });
});

describe('a refresh among tabs and reloads', () => {
  const keeper = (store: ReturnType<typeof storage>, refresh: () => Promise<Grant>, waits: number[] = []) =>
    new SessionKeeper(
      { refresh },
      store,
      alone,
      () => 100_000,
      (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    );

  it('gives the cookie time that a page left in the midst of a refresh is about to get', async () => {
    const store = storage();
    await new Promise<void>((sent) => {
      const unanswered = (): Promise<Grant> => {
        sent();
        return new Promise(() => undefined);
      };
      void keeper(store, unanswered).access();
    });
    const waits: number[] = [];
    expect(await keeper(store, () => Promise.resolve(grant('t2')), waits).access()).toBe('t2');
    expect(waits).toEqual([2000]);
    expect(await keeper(store, () => Promise.resolve(grant('t3')), waits).access()).toBe('t3');
    expect(waits).toEqual([2000]);
  });

  it('waits for nothing when the mark is old or of another clock', async () => {
    for (const asked of ['97000', '200000', 'x']) {
      const store = storage();
      store.write('parley.refresh', asked);
      const waits: number[] = [];
      await keeper(store, () => Promise.resolve(grant('t')), waits).access();
      expect(waits).toEqual([]);
    }
  });

  it('does not go on in the name of somebody who signed in elsewhere', async () => {
    const store = storage();
    const other = { ...grant('t2'), user: { id: 'u_mira', name: 'mira', guest: false } };
    const mine = keeper(store, () => Promise.resolve(other));
    mine.accept(grant('t1'));
    await expect(mine.access(true)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(mine.current()).toBe('t1');
    expect(mine.isStranger(JSON.stringify(other.user))).toBe(true);
    expect(mine.isStranger(null)).toBe(true);
    expect(mine.isStranger(JSON.stringify({ ...grant('t').user, name: 'Ada' }))).toBe(false);
  });
});

describe('rules', () => {
  it('say what is wrong with a name or a password', () => {
    expect(nameProblem('ada.l-1')).toBeUndefined();
    expect(nameProblem('a')).toContain('2 to 32');
    expect(nameProblem('-ada')).toContain('letters');
    expect(passwordProblem('12345678')).toBeUndefined();
    expect(passwordProblem('1234567')).toContain('8');
  });
});
