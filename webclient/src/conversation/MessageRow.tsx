import type { Row } from '@parley/sdk';
import { Check, CircleAlert, Clock3 } from 'lucide-react';
import { memo, useEffect, useRef, useState } from 'react';
import { set, useStore } from '../app/store';
import { EditForm } from '../composer/EditForm';
import { Avatar } from '../ui/Avatar';
import { isGuest } from '../ui/identity';
import { dayName, fullTime, timeOf } from '../ui/time';
import { discard, retry } from './actions';
import { mentions, noticeText, textOf, type Line } from './lines';
import { DeleteDialog } from './DeleteDialog';
import { MessageActions } from './MessageActions';
import { MessageText } from './MessageText';
import { Reactions } from './Reactions';
import { useRowKeys } from './row-keys';

interface Props {
  line: Line;
  room: string;
}

export const MessageRow = memo(function MessageRow({ line, room }: Props) {
  const { row, first, day, unread } = line;
  return (
    <>
      {day ? (
        <div className="day-line" role="separator">
          <span>{dayName(row.ts)}</span>
        </div>
      ) : null}
      {unread ? (
        <div className="unread-line" role="separator" aria-label="New messages">
          <span>New</span>
        </div>
      ) : null}
      {row.type === 'message' ? <Message row={row} first={first} room={room} /> : <Notice row={row} />}
    </>
  );
});

function Message({ row, first, room }: { row: Row; first: boolean; room: string }) {
  const myName = useStore((state) => state.me?.name ?? '');
  const mine = useStore((state) => state.me?.id === row.uid);
  const editing = useStore((state) => state.editing?.room === room && state.editing.key === row.key);
  const [active, setActive] = useState(false);
  const [held, setHeld] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const element = useRef<HTMLElement>(null);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const onKeyDown = useRowKeys(row, room, mine);
  const text = row.deleted ? '' : textOf(row);
  const called = !mine && !row.deleted && mentions(text, myName);
  const classes = ['message', first ? 'first' : '', called ? 'called' : '', active ? 'active' : ''];

  const endPress = (): void => {
    clearTimeout(press.current);
  };
  return (
    // Focus goes from row to row by the arrow keys; a long press is the pointer's way to the actions.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      ref={element}
      className={classes.filter(Boolean).join(' ')}
      data-line
      data-seq={row.seq || undefined}
      data-cid={row.cid}
      data-state={row.state}
      tabIndex={-1}
      aria-label={`${row.from}${isGuest(row.uid) ? ', guest' : ''}, ${timeOf(row.ts)}`}
      onKeyDown={onKeyDown}
      onPointerEnter={(event) => {
        if (event.pointerType === 'mouse') setActive(true);
      }}
      onPointerLeave={(event) => {
        endPress();
        if (event.pointerType === 'mouse' && !held) setActive(false);
      }}
      onPointerDown={(event) => {
        if (event.pointerType === 'mouse') return;
        press.current = setTimeout(() => {
          setActive(true);
          element.current?.focus();
        }, 420);
      }}
      onPointerUp={endPress}
      onPointerCancel={endPress}
      onFocus={() => setActive(true)}
      onBlur={(event) => {
        if (!held && !event.currentTarget.contains(event.relatedTarget)) setActive(false);
      }}
    >
      {first ? (
        <>
          <Avatar id={row.uid} name={row.from} />
          <div className="message-head">
            <b>{row.from}</b>
            {isGuest(row.uid) ? <small className="message-guest">guest</small> : null}
            <Time row={row} />
          </div>
        </>
      ) : (
        <Time row={row} />
      )}
      <div className="message-body">
        {editing ? (
          <EditForm room={room} row={row} text={text} onDone={() => element.current?.focus()} />
        ) : row.deleted ? (
          <p className="message-gone">{goneText(row)}</p>
        ) : (
          <MessageText text={text} edited={row.edited === true} />
        )}
        <Reactions row={row} room={room} />
        <Trouble row={row} />
      </div>
      {active && !editing && !row.deleted && row.state === 'sent' && row.seq > 0 ? (
        <MessageActions
          row={row}
          room={room}
          mine={mine}
          onDelete={() => setDeleting(true)}
          onHold={(open) => {
            setHeld(open);
            if (!open && element.current?.matches(':hover, :focus-within') !== true) setActive(false);
          }}
        />
      ) : null}
      {deleting ? <DeleteDialog room={room} seq={row.seq} onClose={() => setDeleting(false)} /> : null}
    </article>
  );
}

/** True for a moment after one's own message has got its number. */
function useJustSent(state: Row['state']): boolean {
  const [sent, setSent] = useState(false);
  const before = useRef(state);
  useEffect(() => {
    const arrived = before.current === 'sending' && state === 'sent';
    before.current = state;
    if (!arrived) return;
    setSent(true);
    const timer = setTimeout(() => setSent(false), 2500);
    return () => {
      clearTimeout(timer);
    };
  }, [state]);
  return sent;
}

function Time({ row }: { row: Row }) {
  const justSent = useJustSent(row.state);
  if (justSent) {
    return (
      <span className="message-time pending" title="Sent">
        <Check size={13} aria-label="Sent" />
      </span>
    );
  }
  if (row.state === 'sending' || row.changing) {
    return (
      <span className="message-time pending" title="Sending">
        <Clock3 size={12} aria-label="Sending" />
      </span>
    );
  }
  return (
    <time className="message-time" dateTime={new Date(row.ts).toISOString()} title={fullTime(row.ts)}>
      {timeOf(row.ts)}
    </time>
  );
}

function goneText(row: Row): string {
  const by = row.deletedBy ?? '';
  return by ? `${by} deleted this message.` : 'This message was deleted.';
}

/** Why something of one's own did not go through, and what can be done about it. */
function Trouble({ row }: { row: Row }) {
  const cid = row.state === 'failed' ? row.cid : row.failedChange?.cid;
  if (cid === undefined) return null;
  const why = row.state === 'failed' ? row.error?.message : row.failedChange?.message;
  const what = row.state === 'failed' ? 'Not sent' : 'Not changed';
  return (
    <div className="message-trouble" role="alert">
      <CircleAlert size={14} aria-hidden="true" />
      <span>{why ? `${what}: ${why}` : `${what}.`}</span>
      <button type="button" className="link-button" onClick={() => retry(cid)}>
        Retry
      </button>
      <button
        type="button"
        className="link-button"
        onClick={() => {
          discard(cid);
          set({ editing: undefined });
        }}
      >
        {row.state === 'failed' ? 'Delete' : 'Dismiss'}
      </button>
    </div>
  );
}

function Notice({ row }: { row: Row }) {
  return (
    <div className="notice" data-line data-seq={row.seq} tabIndex={-1}>
      <span>
        <b>{row.from}</b> {noticeText(row)}
      </span>
      <Time row={row} />
    </div>
  );
}
