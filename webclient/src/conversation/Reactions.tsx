import type { Reaction, Row } from '@parley/sdk';
import * as Tooltip from '@radix-ui/react-tooltip';
import { react } from './actions';

export function Reactions({ row, room }: { row: Row; room: string }) {
  if (!row.reactions?.length || row.deleted) return null;
  return (
    <div className="reactions" role="group" aria-label="Reactions">
      {row.reactions.map((reaction) => (
        <Tooltip.Root key={reaction.key}>
          <Tooltip.Trigger asChild>
            <button
              type="button"
              className="reaction"
              aria-pressed={reaction.mine}
              aria-label={`${reaction.key}, ${String(reaction.count)}`}
              onClick={() => react(room, row.seq, reaction.key, !reaction.mine)}
            >
              <span>{reaction.key}</span>
              <span className="reaction-count">{reaction.count}</span>
            </button>
          </Tooltip.Trigger>
          <Tooltip.Portal>
            <Tooltip.Content className="tooltip" side="top" sideOffset={4}>
              {reactionNames(reaction)}
            </Tooltip.Content>
          </Tooltip.Portal>
        </Tooltip.Root>
      ))}
    </div>
  );
}

export function reactionNames({ names, count }: Reaction): string {
  const more = count - names.length;
  return more > 0 ? `${names.join(', ')} and ${String(more)} more` : names.join(', ');
}
