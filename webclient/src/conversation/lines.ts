import type { Row } from '@parley/sdk';
import { dayOf } from '../ui/time';

const GROUP_SPAN = 5 * 60_000;
const SHOWN = new Set(['message', 'join', 'leave', 'member', 'room', 'pin']);

/** A row with what its place among the others adds to it. */
export interface Line {
  row: Row;
  /** Begins a group: with picture, name and time. */
  first: boolean;
  /** The first of its day. */
  day: boolean;
  /** The unread line stands above it. */
  unread: boolean;
}

export interface LineContext {
  me: string;
  /** The read mark behind which the unread line stands. */
  divider: number | undefined;
}

/** Rows as lines; a line that is as it was stays the same object. */
export function toLines(rows: Row[], { me, divider }: LineContext, before: Line[] = []): Line[] {
  const known = new Map(before.map((line) => [line.row.key, line]));
  const lines: Line[] = [];
  let previous: Row | undefined;
  let marked = false;
  for (const row of rows) {
    if (!SHOWN.has(row.type)) continue;
    const day = previous === undefined || dayOf(previous.ts) !== dayOf(row.ts);
    const foreign = row.type === 'message' && row.uid !== me && row.seq > 0;
    const unread: boolean = !marked && divider !== undefined && foreign && row.seq > divider;
    marked ||= unread;
    const first = day || unread || previous === undefined || !continues(previous, row);
    const old = known.get(row.key);
    const same = old?.row === row && old.first === first && old.day === day && old.unread === unread;
    lines.push(same ? old : { row, first, day, unread });
    previous = row;
  }
  return lines;
}

function continues(previous: Row, row: Row): boolean {
  if (previous.type !== 'message' || row.type !== 'message') return previous.type === row.type;
  return previous.uid === row.uid && Math.abs(row.ts - previous.ts) < GROUP_SPAN;
}

/**
 * The index of the first line for a list that grows at both ends: it goes down by as many as were put in
 * front, so that the list keeps its place.
 */
export function firstIndex(before: { first: number; key: string | undefined }, lines: Line[]): number {
  if (before.key === undefined) return before.first;
  const moved = lines.findIndex((line) => line.row.key === before.key);
  return moved > 0 ? before.first - moved : before.first;
}

/** The text of a message, whatever its body is. */
export function textOf(row: Pick<Row, 'body' | 'content_type'>): string {
  const { text, base64 } = row.body;
  if (typeof text === 'string') return text;
  if (typeof base64 === 'string') {
    const bytes = Math.floor((base64.length * 3) / 4);
    return `*${row.content_type ?? 'Binary data'}, ${String(bytes)} bytes*`;
  }
  return `\`\`\`json\n${JSON.stringify(row.body, null, 2)}\n\`\`\``;
}

export function mentions(text: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\p{L}\\p{N}_])@${escaped}(?![\\p{L}\\p{N}_-])`, 'iu').test(text);
}

/** A message as the beginning of an answer to it. */
export function quote(name: string, text: string): string {
  const lines = text.trim().split('\n');
  const kept = lines.slice(0, 4);
  if (lines.length > kept.length) kept.push('…');
  return `> **${name}:** ${kept.join('\n> ')}\n\n`;
}

const ROLE_NOTICES: Record<string, (who: string) => string> = {
  owner: (who) => `made ${who} an owner`,
  moderator: (who) => `made ${who} a moderator`,
  member: (who) => `added ${who}`,
  banned: (who) => `banned ${who}`,
  guest: (who) => `removed ${who}`,
};

/** What the server noted, as it goes on behind the name of who did it. */
export function noticeText({ type, body }: Pick<Row, 'type' | 'body'>): string {
  switch (type) {
    case 'join':
      return 'joined';
    case 'leave':
      return 'left';
    case 'pin':
      return body.on === false ? 'unpinned a message' : 'pinned a message';
    case 'member': {
      const who = (body.user as { name?: string } | undefined)?.name ?? 'somebody';
      return ROLE_NOTICES[String(body.role)]?.(who) ?? `changed the role of ${who}`;
    }
    default:
      if (typeof body.title === 'string') {
        return body.title ? `changed the topic to “${body.title}”` : 'removed the topic';
      }
      if (typeof body.visibility === 'string') return `made the room ${body.visibility}`;
      return 'changed the room';
  }
}
