import { Dialog } from '../ui/Dialog';
import { PublicRooms } from './PublicRooms';

interface Props {
  onClose: () => void;
  onNew: () => void;
}

export function Browse({ onClose, onNew }: Props) {
  return (
    <Dialog title="Browse rooms" onClose={onClose}>
      <div className="dialog-body">
        <PublicRooms onOpened={onClose} onNew={onNew} />
      </div>
    </Dialog>
  );
}
