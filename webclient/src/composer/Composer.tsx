import { SendHorizontal } from 'lucide-react';
import { useEffect, useRef, type KeyboardEvent } from 'react';
import { broker } from '../app/broker';
import { get, set, useStore } from '../app/store';
import { sendMessage } from '../conversation/actions';
import { IconButton } from '../ui/IconButton';
import { TextBox } from './TextBox';
import { focusComposer, setDraft } from './drafts';
import './composer.css';

const TYPING_EVERY = 3000;
/** Room is left for what surrounds the text in a frame. */
const LONGEST = 60_000;

export function Composer({ room }: { room: string }) {
  const text = useStore((state) => state.drafts[room] ?? '');
  const readOnly = useStore((state) => state.readOnly[room] === true);
  const signalled = useRef(0);
  const tooLong = text.length > LONGEST / 4 && new TextEncoder().encode(text).length > LONGEST;

  useEffect(() => {
    if (window.matchMedia('(hover: hover)').matches) focusComposer();
  }, [room]);

  if (readOnly) {
    return <div className="composer-closed">You can read this room but not write in it.</div>;
  }

  const change = (next: string): void => {
    setDraft(room, next);
    const now = Date.now();
    if (next.trim() === '' || now - signalled.current < TYPING_EVERY) return;
    if (broker()?.client.signal(room, 'typing')) signalled.current = now;
  };
  const submit = (): void => {
    const message = text.trim();
    if (message === '' || tooLong) return;
    sendMessage(room, message);
    setDraft(room, '');
    signalled.current = 0;
  };
  const keyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== 'ArrowUp' || event.altKey || text !== '') return;
    const { logs, me } = get();
    const last = [...(logs[room]?.items ?? [])]
      .reverse()
      .find((item) => item.uid === me?.id && item.type === 'message' && !item.deleted);
    if (!last) return;
    event.preventDefault();
    set({ editing: { room, key: last.key } });
  };

  return (
    <form
      className="composer"
      aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="composer-box">
        <TextBox
          label="Message"
          placeholder={`Message ${room}`}
          value={text}
          onChange={change}
          onSubmit={submit}
          onKeyDown={keyDown}
        />
        <IconButton
          label="Send"
          keys="Enter"
          side="top"
          type="submit"
          className="composer-send"
          disabled={text.trim() === '' || tooLong}
        >
          <SendHorizontal size={18} />
        </IconButton>
      </div>
      {tooLong ? (
        <p className="composer-note" role="alert">
          This message is too long to be sent. Split it, or put it into a file.
        </p>
      ) : null}
    </form>
  );
}
