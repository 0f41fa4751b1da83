import { WifiOff } from 'lucide-react';
import { useDelayed, useNow } from '../ui/hooks';
import { broker } from './broker';
import { useStore } from './store';

/** What the connection is doing, in one quiet line; nothing while all is well. */
export function ConnectionLine() {
  const connection = useStore((state) => state.connection);
  const unsent = useStore((state) => state.unsent);
  // The first connect of a page is not worth a word unless it drags on.
  const settled = useDelayed(1200);
  const waiting = connection.status === 'waiting';
  const now = useNow(500, waiting);
  const status = connection.status;
  if (status === 'online' || status === 'idle' || !settled) return null;
  const seconds = waiting ? Math.max(0, Math.ceil((connection.retryAt - now) / 1000)) : 0;
  const text =
    status === 'stopped'
      ? connection.error.message
      : seconds > 0
        ? `Reconnecting in ${String(seconds)} s`
        : 'Connecting';
  return (
    <div className="connection-line" role="status">
      <WifiOff size={14} aria-hidden="true" />
      <span>{text}</span>
      {unsent > 0 ? <span>· {waitingText(unsent)}</span> : null}
      {waiting ? (
        <>
          <span aria-hidden="true">·</span>
          <button type="button" className="link-button" onClick={() => broker()?.client.retryNow()}>
            Retry now
          </button>
        </>
      ) : null}
    </div>
  );
}

export function waitingText(count: number): string {
  return count === 1 ? '1 message waiting to be sent' : `${String(count)} messages waiting to be sent`;
}
