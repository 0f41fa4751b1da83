import { rows } from '@parley/sdk';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { Virtuoso, type VirtuosoHandle } from 'react-virtuoso';
import { get, useStore } from '../app/store';
import { markRead } from '../rooms/actions';
import { dayName } from '../ui/time';
import { Announcer } from './Announcer';
import { MessageRow } from './MessageRow';
import { loadOlder } from './actions';
import { firstIndex, toLines, type Line } from './lines';
import { newMessages, useStayAtBottom, useTopDay } from './log-hooks';

const BASE = 1_000_000_000;
const NO_ROWS = { id: '', name: '' };

/** The room's messages: a window onto a list that grows at both ends and keeps its place. */
export function Log({ name }: { name: string }) {
  const log = useStore((state) => state.logs[name]);
  const me = useStore((state) => state.me) ?? NO_ROWS;
  const divider = useStore((state) => state.dividers[name]);
  const older = useStore((state) => state.loading[name]?.older === true);
  const list = useRef<VirtuosoHandle>(null);
  const box = useRef<HTMLElement | null>(null);
  const kept = useRef<{ lines: Line[]; first: number; key: string | undefined }>({
    lines: [],
    first: BASE,
    key: undefined,
  });
  const [atBottom, setAtBottom] = useState(true);
  const [seenTo, setSeenTo] = useState(0);

  const { lines, first } = useMemo(() => {
    const next = toLines(log ? rows(log, me) : [], { me: me.id, divider }, kept.current.lines);
    kept.current = { lines: next, first: firstIndex(kept.current, next), key: next[0]?.row.key };
    return kept.current;
  }, [log, me, divider]);

  // Where to begin is decided once; afterwards the reader decides.
  const [start] = useState(() => {
    const unread = lines.findIndex((line) => line.unread);
    return unread > 0
      ? { index: unread, align: 'start' as const, offset: -96 }
      : { index: 'LAST' as const, align: 'end' as const };
  });
  const last = log?.last ?? 0;
  const topDay = useTopDay(box, lines, first);
  const fresh = newMessages(lines, seenTo, me.id);

  useMarkRead(name, atBottom, last);
  useStayAtBottom(box, start.index === 'LAST');

  const toBottom = useCallback(() => {
    list.current?.scrollToIndex({ index: 'LAST', align: 'end' });
  }, []);

  // One's own message is always worth seeing.
  const own = lines.at(-1)?.row;
  const ownKey = own?.uid === me.id && own.state === 'sending' ? own.key : undefined;
  useEffect(() => {
    if (ownKey) toBottom();
  }, [ownKey, toBottom]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    if (event.altKey || !(event.target instanceof HTMLElement)) return;
    const row = event.target.closest<HTMLElement>('[data-index]');
    if (event.target.closest('textarea, input, [role=menu]')) return;
    event.preventDefault();
    const by = event.key === 'ArrowDown' ? 1 : -1;
    const index = row ? Number(row.dataset.index) + by : lines.length - 1;
    focusLine(list.current, box.current, Math.min(Math.max(index, 0), lines.length - 1));
  };

  return (
    <>
      {/* The arrow keys go from message to message. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        className="log"
        role="log"
        aria-live="off"
        aria-label={`Messages in ${name}`}
        aria-busy={older}
        onKeyDown={onKeyDown}
      >
        <Virtuoso
          ref={list}
          scrollerRef={(element) => {
            box.current = element instanceof HTMLElement ? element : null;
          }}
          data={lines}
          firstItemIndex={first}
          initialTopMostItemIndex={start}
          computeItemKey={(_, line) => line.row.key}
          itemContent={(_, line) => <MessageRow line={line} room={name} />}
          followOutput={(bottom) => (bottom ? 'auto' : false)}
          atBottomThreshold={48}
          atBottomStateChange={(bottom) => {
            setAtBottom(bottom);
            setSeenTo(get().logs[name]?.last ?? 0);
          }}
          startReached={() => void loadOlder(name)}
          increaseViewportBy={{ top: 800, bottom: 400 }}
          components={{ Header: Top, Footer: Bottom }}
          context={{ name }}
        />
      </div>
      {topDay && !atBottom ? (
        <div className="log-day" aria-hidden="true">
          <span>{dayName(topDay)}</span>
        </div>
      ) : null}
      {atBottom ? null : (
        <button type="button" className="log-latest" onClick={toBottom}>
          <ArrowDown size={16} aria-hidden="true" />
          {fresh > 0 ? `${String(fresh)} new` : 'Jump to latest'}
        </button>
      )}
      <Announcer lines={lines} me={me.id} since={last} />
    </>
  );
}

function Top({ context }: { context?: { name: string } }) {
  const name = context?.name ?? '';
  const more = useStore((state) => state.logs[name]?.more);
  const error = useStore((state) => state.loading[name]?.error);
  if (more && error) {
    return (
      <div className="log-top">
        Older messages could not be loaded.{' '}
        <button type="button" className="link-button" onClick={() => void loadOlder(name)}>
          Try again
        </button>
      </div>
    );
  }
  if (more) return <div className="log-top">Loading older messages</div>;
  return (
    <div className="log-top beginning">
      <strong>{name}</strong>
      This is the beginning of the room.
    </div>
  );
}

function Bottom() {
  return <div className="log-bottom" />;
}

/** Marks what is in view as read, at most so often: in a busy room too. */
const MARK_EVERY = 400;

function useMarkRead(name: string, atBottom: boolean, last: number): void {
  const fresh = useStore((state) => state.roomsFresh);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const seen = useRef({ atBottom, last });
  useEffect(() => {
    seen.current = { atBottom, last };
    if (!fresh || !atBottom || last === 0) return;
    const mark = (): void => {
      const now = seen.current;
      if (now.atBottom && document.visibilityState === 'visible' && document.hasFocus()) {
        markRead(name, now.last);
      }
    };
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      mark();
    }, MARK_EVERY);
    window.addEventListener('focus', mark);
    return () => {
      window.removeEventListener('focus', mark);
    };
  }, [name, atBottom, last, fresh]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
}

function focusLine(list: VirtuosoHandle | null, box: HTMLElement | null, index: number): void {
  const focus = (): boolean => {
    const row = box?.querySelector<HTMLElement>(`[data-index="${String(index)}"] [data-line]`);
    row?.focus();
    return row !== null && row !== undefined;
  };
  if (focus()) return;
  list?.scrollIntoView({ index, done: () => void focus() });
}
