import { ParleyError } from '@parley/sdk';
import { useState } from 'react';
import { useStore } from '../app/store';
import { joinRoom } from './actions';

/** For one who only looks in. */
export function JoinBar({ room }: { room: string }) {
  const visiting = useStore((state) => state.rooms[room]?.role === 'guest');
  const [problem, setProblem] = useState<string>();
  if (!visiting) return null;
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
