import type { Member, Room } from '@parley/sdk';
import { describe, expect, it } from 'vitest';
import { parseRoute, roomPath } from '../app/router';
import { sortMembers } from './Details';
import { matchRooms, roomOrder } from './order';
import { roomNameProblem } from './rules';

const room = (name: string, more: Partial<Room> = {}): Room =>
  ({ name, title: '', role: 'member', unread: 0, last_ts: 0, ...more }) as Room;

describe('the list', () => {
  it('is in the order of names, without rooms one only visits', () => {
    const list = [room('team/b'), room('general'), room('Team/a'), room('x', { role: 'guest' })];
    expect(roomOrder(list).map((r) => r.name)).toEqual(['general', 'Team/a', 'team/b']);
  });

  it('is searched by beginnings, parts and letters in order', () => {
    const list = [room('team/design'), room('design'), room('redesign'), room('dns', { title: 'x' })];
    expect(matchRooms(list, 'design').map((r) => r.name)).toEqual(['design', 'team/design', 'redesign']);
    expect(matchRooms(list, 'tdg').map((r) => r.name)).toEqual(['team/design']);
    expect(matchRooms([room('a'), room('b', { unread: 2 })], '')[0]?.name).toBe('b');
  });
});

describe('names', () => {
  it('are checked as topics', () => {
    expect(roomNameProblem('team/dev')).toBeUndefined();
    for (const name of ['', 'a+b', 'a#', '$SYS', ' a', 'é'.repeat(300)]) {
      expect(roomNameProblem(name), name).toBeDefined();
    }
  });

  it('travel in the address as one segment, byte for byte', () => {
    for (const name of ['general', 'team/dev', '/a', 'a b%20', 'ü/ö?', '~details']) {
      expect(parseRoute(roomPath(name))).toEqual({ room: name, details: false });
      expect(parseRoute(roomPath(name, true))).toEqual({ room: name, details: true });
    }
    expect(parseRoute('#/r/%E0%A4%A')).toEqual({ details: false });
    expect(parseRoute('')).toEqual({ details: false });
  });
});

describe('members', () => {
  it('who are here come first, who are banned last', () => {
    const member = (id: string, role: Member['role'] = 'member'): Member => ({
      id,
      name: id,
      role,
      joined: 0,
    });
    const list = [member('d', 'banned'), member('c'), member('b'), member('a')];
    expect(sortMembers(list, new Set(['c'])).map((m) => m.id)).toEqual(['c', 'a', 'b', 'd']);
  });
});
