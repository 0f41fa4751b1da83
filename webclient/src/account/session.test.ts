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

describe('rules', () => {
  it('say what is wrong with a name or a password', () => {
    expect(nameProblem('ada.l-1')).toBeUndefined();
    expect(nameProblem('a')).toContain('2 to 32');
    expect(nameProblem('-ada')).toContain('letters');
    expect(passwordProblem('12345678')).toBeUndefined();
    expect(passwordProblem('1234567')).toContain('8');
  });
});
