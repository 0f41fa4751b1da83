import { Dialog } from '../ui/Dialog';
import { deleteMessage } from './actions';

interface Props {
  room: string;
  seq: number;
  onClose: () => void;
}

export function DeleteDialog({ room, seq, onClose }: Props) {
  return (
    <Dialog title="Delete this message?" onClose={onClose}>
      <div className="dialog-body">
        <p>It is gone for everybody, and cannot be brought back.</p>
        <div className="dialog-foot">
          <button type="button" className="button plain" onClick={onClose}>
            Keep it
          </button>
          <button
            type="button"
            className="button danger"
            onClick={() => {
              onClose();
              deleteMessage(room, seq);
            }}
          >
            Delete
          </button>
        </div>
      </div>
    </Dialog>
  );
}
