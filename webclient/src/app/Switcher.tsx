import { Compass, Hash, Lock } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { matchRooms } from '../rooms/order';
import { Dialog } from '../ui/Dialog';
import { go, roomPath } from './router';
import { useStore } from './store';

interface Props {
  onClose: () => void;
  onBrowse: () => void;
}

/** Type a part of a room's name, press Enter. */
export function Switcher({ onClose, onBrowse }: Props) {
  const rooms = useStore((state) => state.rooms);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const found = matchRooms(Object.values(rooms), query).slice(0, 12);
  const index = Math.min(active, Math.max(0, found.length - 1));

  const choose = (name: string): void => {
    onClose();
    go(roomPath(name));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const by = event.key === 'ArrowDown' ? 1 : -1;
      setActive(found.length === 0 ? 0 : (index + by + found.length) % found.length);
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const room = found[index];
      if (room) choose(room.name);
      else onBrowse();
    }
  };

  return (
    <Dialog title="Go to a room" onClose={onClose} bare className="switcher">
      <input
        className="switcher-input"
        role="combobox"
        aria-label="Go to a room"
        aria-expanded="true"
        aria-controls="switcher-list"
        aria-activedescendant={found[index] ? `switch-${String(index)}` : undefined}
        placeholder="Go to a room"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKey}
      />
      <ul className="switcher-list" id="switcher-list" role="listbox" aria-label="Rooms found">
        {found.map((room, i) => (
          // The input keeps the focus and takes the keys.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li
            key={room.name}
            id={`switch-${String(i)}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === index}
            className="switcher-item"
            onMouseMove={() => setActive(i)}
            onClick={() => choose(room.name)}
          >
            {room.visibility === 'private' ? <Lock size={16} /> : <Hash size={16} />}
            <span>{room.name}</span>
            {room.unread > 0 ? <b>{room.unread}</b> : <small>{room.title}</small>}
          </li>
        ))}
      </ul>
      <button type="button" className="switcher-foot" onClick={onBrowse}>
        <Compass size={16} />
        {found.length === 0 ? 'No room of yours has this name. Browse public rooms' : 'Browse public rooms'}
      </button>
    </Dialog>
  );
}
