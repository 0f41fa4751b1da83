import { useStore } from '../app/store';
import { PublicRooms } from './PublicRooms';

/** For somebody who is in no room yet: what there is, and how to make another. */
export function Welcome({ onNew }: { onNew: () => void }) {
  const name = useStore((state) => state.me?.name);
  return (
    <div className="welcome">
      <h1>Welcome, {name}</h1>
      <p>Join a room to follow it, or make a new one and invite others.</p>
      <PublicRooms onNew={onNew} />
      <button type="button" className="button primary" onClick={onNew}>
        Create a room
      </button>
    </div>
  );
}
