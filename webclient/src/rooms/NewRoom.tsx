import { ParleyError } from '@parley/sdk';
import { useId, useState, type FormEvent } from 'react';
import { go, roomPath } from '../app/router';
import { Dialog } from '../ui/Dialog';
import { createRoom } from './actions';
import { roomNameProblem } from './rules';

export function NewRoom({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const [hidden, setHidden] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const id = useId();

  const submit = async (): Promise<void> => {
    const found = roomNameProblem(name);
    setProblem(found);
    if (found) return;
    setBusy(true);
    try {
      const room = await createRoom({
        name,
        title: title.trim() || undefined,
        visibility: hidden ? 'private' : 'public',
      });
      onClose();
      go(roomPath(room.name));
    } catch (cause) {
      const error = ParleyError.from(cause);
      setProblem(error.code === 'conflict' ? 'A room of this name exists already.' : error.message);
      setBusy(false);
    }
  };

  return (
    <Dialog title="New room" onClose={onClose}>
      <form
        className="dialog-body"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="field">
          <label htmlFor={`${id}-name`}>Room name</label>
          <input
            id={`${id}-name`}
            className="input"
            value={name}
            onChange={(event) => {
              setName(event.target.value);
            }}
            placeholder="team/design"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
          <span className="hint">A slash makes a group. Devices know the room by this name too.</span>
        </div>
        <div className="field">
          <label htmlFor={`${id}-title`}>Topic</label>
          <input
            id={`${id}-title`}
            className="input"
            value={title}
            onChange={(event) => {
              setTitle(event.target.value);
            }}
            placeholder="What it is about"
            autoComplete="off"
          />
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={hidden}
            onChange={(event) => {
              setHidden(event.target.checked);
            }}
          />
          <span>
            Private
            <small>Only who is invited can find and read it.</small>
          </span>
        </label>
        {problem ? (
          <p className="form-error" role="alert">
            {problem}
          </p>
        ) : null}
        <div className="dialog-foot">
          <button className="button plain" type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button primary" type="submit" disabled={busy}>
            Create room
          </button>
        </div>
      </form>
    </Dialog>
  );
}
