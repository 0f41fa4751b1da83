import type { Row } from '@parley/sdk';
import { useState } from 'react';
import { set } from '../app/store';
import { editMessage } from '../conversation/actions';
import { TextBox } from './TextBox';
import { focusComposer } from './drafts';

interface Props {
  room: string;
  row: Row;
  text: string;
  onDone: () => void;
}

/** Edits a message in its place. */
export function EditForm({ room, row, text, onDone }: Props) {
  const [draft, setDraft] = useState(text);
  const close = (): void => {
    set({ editing: undefined });
    if (window.matchMedia('(hover: hover)').matches) focusComposer();
    else onDone();
  };
  const save = (): void => {
    const next = draft.trim();
    if (next !== '' && next !== text) editMessage(room, row.seq, next);
    close();
  };
  return (
    <div className="edit-form">
      <TextBox
        label="Edit message"
        value={draft}
        grabFocus
        onChange={setDraft}
        onSubmit={save}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          close();
        }}
      />
      <div className="edit-foot">
        <span>Esc to cancel, Enter to save</span>
        <button type="button" className="button plain" onClick={close}>
          Cancel
        </button>
        <button type="button" className="button primary" onClick={save}>
          Save
        </button>
      </div>
    </div>
  );
}
