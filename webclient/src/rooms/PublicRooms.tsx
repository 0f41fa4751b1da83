import { ParleyError, type Room } from '@parley/sdk';
import { Hash } from 'lucide-react';
import { useEffect, useState } from 'react';
import { rest } from '../app/broker';
import { go, roomPath } from '../app/router';
import { joinRoom, putRoom } from './actions';

interface Props {
  onOpened?: () => void;
  onNew: () => void;
}

/** The public rooms, to look into or to join. */
export function PublicRooms({ onOpened, onNew }: Props) {
  const [query, setQuery] = useState('');
  const [rooms, setRooms] = useState<Room[]>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    let wanted = true;
    const ask = (): void => {
      rest
        .rooms({ scope: 'public', q: query.trim(), limit: 50 })
        .then((page) => {
          if (!wanted) return;
          setRooms(page.rooms);
          setProblem(undefined);
        })
        .catch((cause: unknown) => {
          if (wanted) setProblem(ParleyError.from(cause).message);
        });
    };
    const timer = setTimeout(ask, query ? 200 : 0);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [query]);

  const open = (room: Room): void => {
    putRoom(room);
    onOpened?.();
    go(roomPath(room.name));
  };
  const join = (room: Room): void => {
    joinRoom(room.name)
      .then(() => {
        onOpened?.();
        go(roomPath(room.name));
      })
      .catch((cause: unknown) => {
        setProblem(ParleyError.from(cause).message);
      });
  };

  return (
    <div className="public-rooms">
      <input
        className="input"
        type="search"
        aria-label="Find a room"
        placeholder="Find a room"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
        }}
      />
      {problem ? (
        <p className="form-error" role="alert">
          {problem}
        </p>
      ) : null}
      <ul>
        {rooms?.map((room) => (
          <li key={room.name}>
            <button type="button" className="public-room" onClick={() => open(room)}>
              <Hash size={16} aria-hidden="true" />
              <span>
                <strong>{room.name}</strong>
                <small>{[room.title, peopleText(room.members)].filter(Boolean).join(' · ')}</small>
              </span>
            </button>
            {room.role === 'guest' ? (
              <button
                type="button"
                className="button"
                aria-label={`Join ${room.name}`}
                onClick={() => join(room)}
              >
                Join
              </button>
            ) : (
              <span className="public-joined">Joined</span>
            )}
          </li>
        ))}
      </ul>
      {rooms?.length === 0 ? (
        <p className="rooms-none">
          {query ? 'No public room has this name.' : 'There is no public room yet.'}{' '}
          <button type="button" className="link-button" onClick={onNew}>
            Make one
          </button>
        </p>
      ) : null}
    </div>
  );
}

export function peopleText(count: number): string {
  return count === 1 ? '1 member' : `${String(count)} members`;
}
