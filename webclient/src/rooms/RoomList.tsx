import { Compass, Hash, Lock, PanelLeftClose, Plus, Search } from 'lucide-react';
import { memo, useMemo } from 'react';
import { AccountMenu } from '../account/AccountMenu';
import type { Overlay } from '../app/Shell';
import { MOD } from '../app/shortcuts';
import { roomPath } from '../app/router';
import { useStore } from '../app/store';
import { IconButton } from '../ui/IconButton';
import { refreshRooms } from './actions';
import { roomOrder } from './order';
import './rooms.css';

interface Props {
  open: string | undefined;
  onOverlay: (overlay: Overlay) => void;
  onCollapse: () => void;
}

export function RoomList({ open, onOverlay, onCollapse }: Props) {
  const rooms = useStore((state) => state.rooms);
  const fresh = useStore((state) => state.roomsFresh);
  const error = useStore((state) => state.roomsError);
  const list = useMemo(() => roomOrder(Object.values(rooms)), [rooms]);
  const visited = open !== undefined && rooms[open]?.role === 'guest' ? rooms[open] : undefined;
  return (
    <div className="rooms">
      <header className="rooms-head">
        <img src="/favicon.svg" alt="" width={24} height={24} />
        <strong>Parley</strong>
        <IconButton label="New room" onClick={() => onOverlay('new')}>
          <Plus size={18} />
        </IconButton>
        <IconButton label="Hide rooms" className="rooms-collapse" onClick={onCollapse}>
          <PanelLeftClose size={18} />
        </IconButton>
      </header>
      <button type="button" className="rooms-search" onClick={() => onOverlay('switch')}>
        <Search size={15} aria-hidden="true" />
        <span>Go to a room</span>
        <kbd>{MOD}K</kbd>
      </button>
      <nav className="rooms-list" aria-label="Rooms">
        <ul>
          {list.map(({ name, visibility, unread }) => (
            <RoomLink
              key={name}
              name={name}
              hidden={visibility === 'private'}
              unread={unread}
              active={name === open}
            />
          ))}
        </ul>
        {error && list.length === 0 ? (
          <p className="rooms-none">
            Your rooms could not be loaded.{' '}
            <button type="button" className="link-button" onClick={() => void refreshRooms()}>
              Try again
            </button>
          </p>
        ) : null}
        {fresh && list.length === 0 ? <p className="rooms-none">You are in no room yet.</p> : null}
        {visited ? (
          <>
            <h2 className="rooms-label">Visiting</h2>
            <ul>
              <RoomLink name={visited.name} hidden={false} unread={0} active />
            </ul>
          </>
        ) : null}
        <button type="button" className="room-link" onClick={() => onOverlay('browse')}>
          <Compass size={16} aria-hidden="true" />
          <span className="room-name">Browse rooms</span>
        </button>
      </nav>
      <footer className="rooms-foot">
        <AccountMenu onShowKeys={() => onOverlay('keys')} />
      </footer>
    </div>
  );
}

interface LinkProps {
  name: string;
  hidden: boolean;
  unread: number;
  active: boolean;
}

const RoomLink = memo(function RoomLink({ name, hidden, unread, active }: LinkProps) {
  const Icon = hidden ? Lock : Hash;
  const cut = name.lastIndexOf('/') + 1;
  const draft = useStore((state) => (state.drafts[name] ?? '') !== '');
  return (
    <li>
      <a
        className={unread > 0 ? 'room-link unread' : 'room-link'}
        href={roomPath(name)}
        aria-current={active ? 'page' : undefined}
        aria-label={unread > 0 ? `${name}, ${String(unread)} unread` : name}
      >
        <Icon size={16} aria-hidden="true" />
        <span className="room-name">
          {cut > 0 ? <span className="room-folder">{name.slice(0, cut)}</span> : null}
          <span className="room-leaf">{name.slice(cut)}</span>
        </span>
        {draft && !active ? <span className="room-draft">Draft</span> : null}
        {unread > 0 ? <span className="badge">{unread >= 1000 ? '999+' : unread}</span> : null}
      </a>
    </li>
  );
});
