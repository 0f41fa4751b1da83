import type { Row } from '@parley/sdk';
import { describe, expect, it } from 'vitest';
import { firstIndex, mentions, quote, textOf, toLines, noticeText } from './lines';

const NOON = new Date(2026, 2, 10, 12, 0).getTime();
const row = (seq: number, more: Partial<Row> = {}): Row => ({
  key: `s:${String(seq)}`,
  seq,
  type: 'message',
  uid: 'u_ada',
  from: 'ada',
  ts: NOON + seq * 1000,
  body: { text: 'x' },
  folded: seq,
  state: 'sent',
  ...more,
});
const context = { me: 'u_me', divider: undefined };

describe('toLines', () => {
  it('groups what one person says within five minutes', () => {
    const lines = toLines(
      [row(1), row(2), row(3, { uid: 'u_bob' }), row(4), row(5, { ts: NOON + 10 * 60_000 })],
      context,
    );
    expect(lines.map((line) => line.first)).toEqual([true, false, true, true, true]);
  });

  it('begins a day, and a group with it', () => {
    const lines = toLines([row(1), row(2, { ts: NOON + 24 * 3_600_000 })], context);
    expect(lines.map((line) => line.day)).toEqual([true, true]);
  });

  it('puts one unread line before the first message of somebody else behind the mark', () => {
    const list = [row(1), row(2), row(3, { uid: 'u_me' }), row(4), row(5)];
    const lines = toLines(list, { me: 'u_me', divider: 2 });
    expect(lines.map((line) => line.unread)).toEqual([false, false, false, true, false]);
  });

  it('leaves out what it does not know, and keeps the lines that did not change', () => {
    const list = [row(1), row(2, { type: 'hologram' }), row(3)];
    const lines = toLines(list, context);
    expect(lines.map((line) => line.row.seq)).toEqual([1, 3]);
    const next = toLines([...list, row(4)], context, lines);
    expect(next[0]).toBe(lines[0]);
    expect(next[1]).toBe(lines[1]);
  });
});

describe('firstIndex', () => {
  it('goes down by what was put in front, and stays when something is added behind', () => {
    const lines = toLines([row(1), row(2), row(3)], context);
    expect(firstIndex({ first: 100, key: 's:3' }, lines)).toBe(98);
    expect(firstIndex({ first: 100, key: 's:1' }, lines)).toBe(100);
    expect(firstIndex({ first: 100, key: 's:99' }, lines)).toBe(100);
  });
});

describe('texts', () => {
  it('shows whatever a body is', () => {
    expect(textOf(row(1, { body: { text: 'hi' } }))).toBe('hi');
    expect(textOf(row(1, { body: { base64: 'AAAA' }, content_type: 'image/png' }))).toBe(
      '*image/png, 3 bytes*',
    );
    expect(textOf(row(1, { body: { t: 21.5 } }))).toContain('"t": 21.5');
  });

  it('knows when one is spoken to', () => {
    expect(mentions('hey @Ada, look', 'ada')).toBe(true);
    expect(mentions('mail ada@ada.org', 'ada')).toBe(false);
    expect(mentions('@adamant', 'ada')).toBe(false);
  });

  it('quotes the beginning', () => {
    expect(quote('ada', 'one\ntwo')).toBe('> **ada:** one\n> two\n\n');
    expect(quote('ada', '1\n2\n3\n4\n5')).toContain('> …');
  });
});

describe('noticeText', () => {
  it('says what the server noted', () => {
    const user = { id: 'u_lea', name: 'lea' };
    const say = (type: string, body: Record<string, unknown> = {}): string => noticeText({ type, body });
    expect(say('join')).toBe('joined');
    expect(say('member', { user, role: 'member' })).toBe('added lea');
    expect(say('member', { user, role: 'guest' })).toBe('removed lea');
    expect(say('member', { user, role: 'later' })).toBe('changed the role of lea');
    expect(say('room', { title: 'Ships' })).toBe('changed the topic to “Ships”');
    expect(say('room', { visibility: 'private' })).toBe('made the room private');
    expect(say('room', { keep: 'acked' })).toBe('changed the room');
    expect(say('pin', { on: false })).toBe('unpinned a message');
  });
});
