import { MessageSquarePlus, SearchX, ShieldOff } from 'lucide-react';
import { ConnectionLine } from '../app/ConnectionLine';
import { go } from '../app/router';
import { useStore } from '../app/store';
import { Composer } from '../composer/Composer';
import { JoinBar } from '../rooms/JoinBar';
import { Empty } from '../ui/Empty';
import { Skeleton } from '../ui/Skeleton';
import { Header } from './Header';
import { Log } from './Log';
import { TypingLine } from './TypingLine';
import { loadNewest } from './actions';
import './conversation.css';

interface Props {
  name: string;
  details: boolean;
  onExpand: (() => void) | undefined;
}

export function Conversation({ name, details, onExpand }: Props) {
  const trouble = useStore((state) => state.trouble[name]);
  if (trouble) return <Trouble kind={trouble} />;
  return (
    <div className="conversation">
      <Header name={name} details={details} onExpand={onExpand} />
      <ConnectionLine />
      <div className="conversation-log">
        <Body name={name} />
      </div>
      <TypingLine room={name} />
      <JoinBar room={name} />
      <Composer room={name} />
    </div>
  );
}

function Body({ name }: { name: string }) {
  const loaded = useStore((state) => state.logs[name]?.loaded === true);
  const empty = useStore((state) => {
    const log = state.logs[name];
    return log !== undefined && log.items.length === 0 && log.pending.length === 0;
  });
  const error = useStore((state) => state.loading[name]?.error);
  if (loaded && !empty) return <Log name={name} />;
  if (loaded) return <NothingSaid name={name} />;
  if (error) {
    return (
      <Empty
        title="The messages could not be loaded"
        action={
          <button type="button" className="button" onClick={() => void loadNewest(name)}>
            Try again
          </button>
        }
      >
        {error}
      </Empty>
    );
  }
  return <Skeleton />;
}

function NothingSaid({ name }: { name: string }) {
  return (
    <Empty
      icon={<MessageSquarePlus size={40} strokeWidth={1.5} />}
      title={`This is the beginning of ${name}`}
    >
      Nobody has written here yet. What you write below is the first message.
    </Empty>
  );
}

function Trouble({ kind }: { kind: 'not_found' | 'forbidden' }) {
  const missing = kind === 'not_found';
  return (
    <Empty
      icon={missing ? <SearchX size={40} strokeWidth={1.5} /> : <ShieldOff size={40} strokeWidth={1.5} />}
      title={missing ? 'There is no such room' : 'You cannot read this room'}
      action={
        <button type="button" className="button" onClick={() => go('#/')}>
          Back to your rooms
        </button>
      }
    >
      {missing
        ? 'It may be private, or its name may be another one.'
        : 'You are not, or no longer, one of its members. Somebody in the room can invite you.'}
    </Empty>
  );
}
