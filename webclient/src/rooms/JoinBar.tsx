import { ParleyError } from '@parley/sdk';
import { useState } from 'react';
import { signOut } from '../app/start';
import { useStore } from '../app/store';
import { joinRoom } from './actions';

/** For one who only looks in. */
export function JoinBar({ room }: { room: string }) {
  const visiting = useStore((state) => state.rooms[room]?.role === 'guest');
  const guest = useStore((state) => state.me?.guest === true);
  const [problem, setProblem] = useState<string>();
  if (!visiting) return null;
  if (guest) {
    return (
      <div className="join-bar">
        <span>You are here as a guest. With an account you can join rooms and keep them.</span>
        <button type="button" className="button" onClick={() => void signOut('register')}>
          Create account
        </button>
      </div>
    );
  }
  return (
    <div className="join-bar">
      <span>{problem ?? 'You are visiting. Join to keep this room in your list.'}</span>
      <button
        type="button"
        className="button"
        onClick={() => {
          joinRoom(room).catch((cause: unknown) => {
            setProblem(ParleyError.from(cause).message);
          });
        }}
      >
        Join room
      </button>
    </div>
  );
}
