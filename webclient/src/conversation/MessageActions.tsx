import type { Row } from '@parley/sdk';
import * as Menu from '@radix-ui/react-dropdown-menu';
import * as Popover from '@radix-ui/react-popover';
import { Copy, Ellipsis, Link2, Pencil, Reply, SmilePlus, Trash2 } from 'lucide-react';
import { Suspense, lazy, useState } from 'react';
import { roomPath } from '../app/router';
import { set, useStore } from '../app/store';
import { quoteInto } from '../composer/drafts';
import { IconButton } from '../ui/IconButton';
import { react } from './actions';
import { textOf } from './lines';

const EmojiPicker = lazy(() => import('../ui/EmojiPicker').then((m) => ({ default: m.EmojiPicker })));

interface Props {
  row: Row;
  room: string;
  mine: boolean;
  /** Something of the bar is open, and must not vanish with the pointer. */
  onHold: (open: boolean) => void;
  onDelete: () => void;
}

/** The small floating bar of a message. */
export function MessageActions({ row, room, mine, onHold, onDelete }: Props) {
  const role = useStore((state) => state.rooms[room]?.role);
  const [picking, setPicking] = useState(false);
  const mayDelete = mine || role === 'owner' || role === 'moderator';
  const text = textOf(row);

  const hold = (open: boolean): void => {
    onHold(open);
  };
  return (
    <div className="actions" role="toolbar" aria-label="Message actions">
      <Popover.Root
        open={picking}
        onOpenChange={(open) => {
          setPicking(open);
          hold(open);
        }}
      >
        <Popover.Trigger asChild>
          <IconButton label="React" keys="+" side="top">
            <SmilePlus size={16} />
          </IconButton>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className="menu" side="top" align="end" sideOffset={4} collisionPadding={8}>
            <Suspense fallback={null}>
              <EmojiPicker
                onPick={(key) => {
                  const mineNow = row.reactions?.find((reaction) => reaction.key === key)?.mine === true;
                  react(room, row.seq, key, !mineNow);
                  setPicking(false);
                  hold(false);
                }}
              />
            </Suspense>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      <IconButton label="Reply" keys="R" side="top" onClick={() => quoteInto(room, row.from, text)}>
        <Reply size={16} />
      </IconButton>
      {mine ? (
        <IconButton label="Edit" keys="E" side="top" onClick={() => set({ editing: { room, key: row.key } })}>
          <Pencil size={16} />
        </IconButton>
      ) : null}
      <Menu.Root onOpenChange={hold}>
        <Menu.Trigger asChild>
          <IconButton label="More" side="top">
            <Ellipsis size={16} />
          </IconButton>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
            <Menu.Item className="menu-item" onSelect={() => void copy(text)}>
              <Copy size={16} />
              Copy text
            </Menu.Item>
            <Menu.Item
              className="menu-item"
              onSelect={() => void copy(`${location.origin}${location.pathname}${roomPath(room)}`)}
            >
              <Link2 size={16} />
              Copy link to the room
            </Menu.Item>
            {mayDelete ? (
              <>
                <Menu.Separator className="menu-line" />
                <Menu.Item className="menu-item danger" onSelect={onDelete}>
                  <Trash2 size={16} />
                  Delete
                </Menu.Item>
              </>
            ) : null}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      {mayDelete ? (
        <button
          type="button"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="Delete message"
          onClick={onDelete}
        />
      ) : null}
    </div>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages without TLS have no clipboard; the text can still be selected.
  }
}
