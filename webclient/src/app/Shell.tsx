import * as Tooltip from '@radix-ui/react-tooltip';
import { Hash } from 'lucide-react';
import { Suspense, lazy, useEffect, useState } from 'react';
import { Conversation } from '../conversation/Conversation';
import { openRoom } from '../conversation/actions';
import { RoomList } from '../rooms/RoomList';
import { Welcome } from '../rooms/Welcome';
import { Empty } from '../ui/Empty';
import { useRoute } from './router';
import { checkLine, rememberRoom, wakeUp } from './start';
import { get, set, useStore } from './store';
import { useShortcuts } from './shortcuts';
import './shell.css';

const Details = lazy(() => import('../rooms/Details').then((m) => ({ default: m.Details })));
const Switcher = lazy(() => import('./Switcher').then((m) => ({ default: m.Switcher })));
const KeyboardMap = lazy(() => import('./KeyboardMap').then((m) => ({ default: m.KeyboardMap })));
const NewRoom = lazy(() => import('../rooms/NewRoom').then((m) => ({ default: m.NewRoom })));
const Browse = lazy(() => import('../rooms/Browse').then((m) => ({ default: m.Browse })));

export type Overlay = 'switch' | 'keys' | 'new' | 'browse';

export function Shell() {
  const { room, details } = useRoute();
  const [overlay, setOverlay] = useState<Overlay>();
  const [collapsed, setCollapsed] = useState(() => localStorage.getItem('parley.collapsed') === '1');
  const close = (): void => {
    setOverlay(undefined);
  };

  useEffect(() => {
    if (room === undefined) {
      set({ open: undefined });
      return;
    }
    rememberRoom(room);
    void openRoom(room);
  }, [room]);

  useEffect(() => {
    const visible = (): void => {
      if (document.visibilityState === 'visible') wakeUp();
    };
    window.addEventListener('online', wakeUp);
    window.addEventListener('offline', checkLine);
    document.addEventListener('visibilitychange', visible);
    return () => {
      window.removeEventListener('online', wakeUp);
      window.removeEventListener('offline', checkLine);
      document.removeEventListener('visibilitychange', visible);
    };
  }, []);

  useEffect(() => {
    localStorage.setItem('parley.collapsed', collapsed ? '1' : '0');
  }, [collapsed]);

  useShortcuts(setOverlay);
  useTitle(room);

  const toggleRooms = (): void => {
    setCollapsed(!collapsed);
  };
  const layout = ['shell', room === undefined ? 'at-rooms' : 'at-room', collapsed ? 'collapsed' : ''];
  return (
    <Tooltip.Provider delayDuration={400} skipDelayDuration={200}>
      <div className={layout.join(' ')}>
        <RoomList open={room} onOverlay={setOverlay} onCollapse={toggleRooms} />
        <main className="shell-main">
          {room === undefined ? (
            <Nothing onOverlay={setOverlay} />
          ) : (
            <Conversation
              key={room}
              name={room}
              details={details}
              onExpand={collapsed ? toggleRooms : undefined}
            />
          )}
        </main>
        <Suspense fallback={null}>
          {room !== undefined && details ? <Details key={room} name={room} /> : null}
          {overlay === 'switch' ? <Switcher onClose={close} onBrowse={() => setOverlay('browse')} /> : null}
          {overlay === 'keys' ? <KeyboardMap onClose={close} /> : null}
          {overlay === 'new' ? <NewRoom onClose={close} /> : null}
          {overlay === 'browse' ? <Browse onClose={close} onNew={() => setOverlay('new')} /> : null}
        </Suspense>
      </div>
    </Tooltip.Provider>
  );
}

function Nothing({ onOverlay }: { onOverlay: (overlay: Overlay) => void }) {
  const none = useStore((state) => state.roomsFresh && Object.keys(state.rooms).length === 0);
  if (none) return <Welcome onNew={() => onOverlay('new')} />;
  return (
    <Empty
      icon={<Hash size={40} strokeWidth={1.5} />}
      title="No room is open"
      action={
        <button className="button" type="button" onClick={() => onOverlay('switch')}>
          Go to a room
        </button>
      }
    />
  );
}

function useTitle(room: string | undefined): void {
  const unread = useStore((state) => Object.values(state.rooms).reduce((sum, { unread }) => sum + unread, 0));
  useEffect(() => {
    const title = room === undefined ? 'Parley' : `${get().rooms[room]?.name ?? room} · Parley`;
    document.title = unread > 0 ? `(${String(Math.min(unread, 999))}) ${title}` : title;
  }, [room, unread]);
}
