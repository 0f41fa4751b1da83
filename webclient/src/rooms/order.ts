import type { Room } from '@parley/sdk';

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** One's rooms as the list shows them: by name, so that nothing jumps when a message arrives. */
export function roomOrder(rooms: Room[]): Room[] {
  return rooms
    .filter((room) => room.role !== 'guest')
    .sort((a, b) => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
}

/** For the switcher: unread ones first without a query; else those where the letters come in order. */
export function matchRooms(rooms: Room[], query: string): Room[] {
  const wanted = query.trim().toLocaleLowerCase();
  const list = roomOrder(rooms);
  if (!wanted) {
    return [...list].sort((a, b) => Number(b.unread > 0) - Number(a.unread > 0) || b.last_ts - a.last_ts);
  }
  return list
    .map((room) => ({ room, score: score(`${room.name} ${room.title}`.toLocaleLowerCase(), wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ room }) => room);
}

function score(text: string, wanted: string): number {
  if (text.startsWith(wanted)) return 4;
  const at = text.indexOf(wanted);
  if (at > 0) return /[\s/._-]/.test(text[at - 1] ?? '') ? 3 : 2;
  let from = 0;
  for (const char of wanted) {
    from = text.indexOf(char, from) + 1;
    if (from === 0) return 0;
  }
  return 1;
}
