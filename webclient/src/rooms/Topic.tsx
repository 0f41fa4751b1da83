import { ParleyError, type Room } from '@parley/sdk';
import { useState } from 'react';
import { rest } from '../app/broker';
import { peopleText } from './PublicRooms';
import { putRoom } from './actions';

const since = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

/** What the room is about; its owner may say it otherwise. */
export function Topic({ room, editable }: { room: Room; editable: boolean }) {
  const [draft, setDraft] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const save = async (): Promise<void> => {
    if (draft === undefined) return;
    try {
      putRoom(await rest.changeRoom(room.name, { title: draft.trim() }));
      setDraft(undefined);
      setProblem(undefined);
    } catch (cause) {
      setProblem(ParleyError.from(cause).message);
    }
  };
  return (
    <section>
      <h3>
        Topic
        {editable && draft === undefined ? (
          <button type="button" className="link-button" onClick={() => setDraft(room.title)}>
            Change
          </button>
        ) : null}
      </h3>
      {draft === undefined ? (
        <p className={room.title ? 'topic' : 'topic none'}>{room.title || 'Nobody has set one.'}</p>
      ) : (
        <form
          className="invite"
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <input
            className="input"
            aria-label="Topic"
            value={draft}
            onChange={(event) => {
              setDraft(event.target.value);
            }}
          />
          <button type="submit" className="button">
            Save
          </button>
        </form>
      )}
      {problem ? (
        <p className="form-error" role="alert">
          {problem}
        </p>
      ) : null}
      <p className="topic facts">
        {room.visibility === 'private' ? 'Private' : 'Public'} · {peopleText(room.members)} · since{' '}
        {since.format(room.created)}
      </p>
    </section>
  );
}
