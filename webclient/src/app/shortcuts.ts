import { useEffect } from 'react';
import { clearDivider } from '../conversation/actions';
import { roomOrder } from '../rooms/order';
import { markRead } from '../rooms/actions';
import { currentRoute, go, roomPath } from './router';
import type { Overlay } from './Shell';
import { get } from './store';

const apple = /Mac|iPhone|iPad/.test(navigator.platform);
export const MOD = apple ? '⌘' : 'Ctrl+';
export const ALT = apple ? '⌥' : 'Alt+';

/** The list of keys, as the keyboard map shows it. */
export const KEYS: { title: string; keys: [string, string][] }[] = [
  {
    title: 'Rooms',
    keys: [
      [`${MOD}K`, 'Go to a room'],
      [`${ALT}↑ / ${ALT}↓`, 'Previous or next room'],
      [`${ALT}Shift+↑ / ↓`, 'Previous or next unread room'],
      ['Esc', 'Mark the room as read, close what is open'],
    ],
  },
  {
    title: 'Writing',
    keys: [
      ['Enter', 'Send'],
      ['Shift+Enter', 'New line'],
      ['↑', 'Edit your last message'],
      [`${MOD}B / ${MOD}I`, 'Bold, italic'],
      [`${MOD}E`, 'Code'],
    ],
  },
  {
    title: 'Messages',
    keys: [
      ['Shift+Tab', 'From the message box into the log'],
      ['↑ / ↓', 'Previous or next message'],
      ['R', 'Reply to it'],
      ['E', 'Edit it'],
      ['+', 'React to it'],
      ['Delete', 'Delete it'],
    ],
  },
];

function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}

export function useShortcuts(setOverlay: (overlay: Overlay) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setOverlay('switch');
      } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
        event.preventDefault();
        step(event.key === 'ArrowDown' ? 1 : -1, event.shiftKey);
      } else if (event.key === 'Escape') {
        escape();
      } else if (event.key === '?' && !writing(event.target)) {
        event.preventDefault();
        setOverlay('keys');
      }
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, [setOverlay]);
}

/** To the room before or after this one in the list. */
function step(by: 1 | -1, unreadOnly: boolean): void {
  const { open, rooms } = get();
  const list = roomOrder(Object.values(rooms));
  const here = list.findIndex((room) => room.name === open);
  for (let i = 1; i <= list.length; i++) {
    const at = here < 0 && by < 0 ? list.length - i : here + by * i;
    const room = list[((at % list.length) + list.length) % list.length];
    if (room && room.name !== open && (!unreadOnly || room.unread > 0)) {
      go(roomPath(room.name));
      return;
    }
  }
}

function escape(): void {
  const { open, rooms } = get();
  const route = currentRoute();
  if (route.room !== undefined && route.details) {
    go(roomPath(route.room));
    return;
  }
  if (open === undefined) return;
  markRead(open, rooms[open]?.head ?? 0);
  clearDivider(open);
}
