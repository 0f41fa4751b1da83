import { ArrowLeft, Hash, Lock, PanelLeftOpen, PanelRight } from 'lucide-react';
import { go, roomPath } from '../app/router';
import { useStore } from '../app/store';
import { Avatar } from '../ui/Avatar';
import { IconButton } from '../ui/IconButton';

interface Props {
  name: string;
  details: boolean;
  onExpand: (() => void) | undefined;
}

export function Header({ name, details, onExpand }: Props) {
  const room = useStore((state) => state.rooms[name]);
  const people = useStore((state) => state.people[name]);
  const shown = people?.users.slice(0, 3) ?? [];
  const toggle = (): void => {
    go(roomPath(name, !details));
  };
  return (
    <header className="head">
      <IconButton label="Back to rooms" className="head-back" onClick={() => go('#/')}>
        <ArrowLeft size={20} />
      </IconButton>
      {onExpand ? (
        <IconButton label="Show rooms" className="head-expand" onClick={onExpand}>
          <PanelLeftOpen size={18} />
        </IconButton>
      ) : null}
      <div className="head-words">
        <h1>
          {room?.visibility === 'private' ? <Lock size={16} /> : <Hash size={17} />}
          <span>{name}</span>
        </h1>
        {room?.title ? <p>{room.title}</p> : null}
      </div>
      {people && people.count > 0 ? (
        <button type="button" className="head-people" onClick={toggle} aria-label={hereText(people.count)}>
          <span className="head-faces" aria-hidden="true">
            {shown.map((person) => (
              <Avatar key={person.id} id={person.id} name={person.name} size={22} />
            ))}
          </span>
          <span className="head-count" aria-hidden="true">
            {people.count} here
          </span>
        </button>
      ) : null}
      <IconButton label="Details" aria-pressed={details} onClick={toggle}>
        <PanelRight size={18} />
      </IconButton>
    </header>
  );
}

function hereText(count: number): string {
  return count === 1 ? '1 person is here' : `${String(count)} people are here`;
}
