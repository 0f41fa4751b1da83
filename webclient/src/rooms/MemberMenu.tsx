import { ParleyError, type Member, type Role, type Room } from '@parley/sdk';
import * as Menu from '@radix-ui/react-dropdown-menu';
import { Ellipsis } from 'lucide-react';
import { rest } from '../app/broker';
import { useStore } from '../app/store';

interface Props {
  room: Room;
  member: Member;
  onChanged: (member: Member) => void;
  onRemoved: () => void;
  onProblem: (text: string) => void;
}

/** What an owner or a moderator may do about somebody. */
export function MemberMenu({ room, member, onChanged, onRemoved, onProblem }: Props) {
  const me = useStore((state) => state.me?.id);
  const owner = room.role === 'owner';
  const may = owner || (room.role === 'moderator' && member.role !== 'owner' && member.role !== 'moderator');
  if (!may || member.id === me) return null;
  const failed = (cause: unknown): void => {
    onProblem(ParleyError.from(cause).message);
  };
  const give = (role: Role): void => {
    rest.setMember(room.name, member.id, role).then(onChanged).catch(failed);
  };
  const remove = (): void => {
    rest.removeMember(room.name, member.id).then(onRemoved).catch(failed);
  };
  const banned = member.role === 'banned';
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-button" aria-label={`Actions for ${member.name}`}>
        <Ellipsis size={16} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {owner && !banned && member.role !== 'moderator' ? (
            <Menu.Item className="menu-item" onSelect={() => give('moderator')}>
              Make moderator
            </Menu.Item>
          ) : null}
          {owner && member.role === 'moderator' ? (
            <Menu.Item className="menu-item" onSelect={() => give('member')}>
              Make member
            </Menu.Item>
          ) : null}
          <Menu.Item className="menu-item" onSelect={remove}>
            {banned ? 'Lift the ban' : 'Remove from room'}
          </Menu.Item>
          {banned ? null : (
            <Menu.Item className="menu-item danger" onSelect={() => give('banned')}>
              Ban
            </Menu.Item>
          )}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
