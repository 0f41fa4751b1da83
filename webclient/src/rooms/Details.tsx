import { ParleyError, type Member, type Person } from '@parley/sdk';
import { LogOut, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { rest } from '../app/broker';
import { go, roomPath } from '../app/router';
import { useStore } from '../app/store';
import { Avatar } from '../ui/Avatar';
import { IconButton } from '../ui/IconButton';
import { isGuest } from '../ui/identity';
import { Invite } from './Invite';
import { MemberMenu } from './MemberMenu';
import { Topic } from './Topic';
import { leaveRoom } from './actions';

const NOBODY: Person[] = [];
const ROLES: Record<string, string> = { owner: 'Owner', moderator: 'Moderator', banned: 'Banned' };

/** Who is in the room, who is here, and what can be changed about it. */
export function Details({ name }: { name: string }) {
  const room = useStore((state) => state.rooms[name]);
  const here = useStore((state) => state.people[name]?.users ?? NOBODY);
  const count = useStore((state) => state.people[name]?.count ?? 0);
  const [members, setMembers] = useState<Member[]>([]);
  const [problem, setProblem] = useState<string>();
  const size = room?.members;

  useEffect(() => {
    let wanted = true;
    rest
      .members(name, { limit: 200 })
      .then((page) => {
        if (wanted) setMembers(page.members);
      })
      .catch((cause: unknown) => {
        if (wanted) setProblem(ParleyError.from(cause).message);
      });
    return () => {
      wanted = false;
    };
  }, [name, size]);

  if (!room) return null;
  const present = new Set(here.map((person) => person.id));
  const owner = room.role === 'owner';
  const guests = here.filter((person) => !members.some((member) => member.id === person.id));
  const leave = (): void => {
    leaveRoom(name)
      .then(() => {
        go('#/');
      })
      .catch((cause: unknown) => {
        setProblem(ParleyError.from(cause).message);
      });
  };
  const changed = (member: Member): void => {
    setMembers((list) => [...list.filter(({ id }) => id !== member.id), member]);
  };

  return (
    <aside className="details" aria-label="Details">
      <header className="details-head">
        <h2>Details</h2>
        <IconButton label="Close details" onClick={() => go(roomPath(name))}>
          <X size={18} />
        </IconButton>
      </header>
      <div className="details-body">
        <Topic room={room} editable={owner} />
        <section>
          <h3>
            People <span>{count > 0 ? `${String(count)} here` : ''}</span>
          </h3>
          {owner || room.role === 'moderator' ? <Invite room={name} onInvited={changed} /> : null}
          <ul className="people">
            {sortMembers(members, present).map((member) => (
              <li key={member.id} className={present.has(member.id) ? 'here' : undefined}>
                <Avatar id={member.id} name={member.name} size={28} />
                <span className="person-name">{member.name}</span>
                <small>{ROLES[member.role] ?? ''}</small>
                <MemberMenu
                  room={room}
                  member={member}
                  onChanged={changed}
                  onRemoved={() => setMembers((list) => list.filter(({ id }) => id !== member.id))}
                  onProblem={setProblem}
                />
              </li>
            ))}
            {guests.map((person) => (
              <li key={person.id} className="here">
                <Avatar id={person.id} name={person.name} size={28} />
                <span className="person-name">{person.name}</span>
                <small>{isGuest(person.id) ? 'Guest' : 'Visiting'}</small>
              </li>
            ))}
          </ul>
        </section>
        {problem ? (
          <p className="form-error" role="alert">
            {problem}
          </p>
        ) : null}
        {room.role === 'guest' ? null : (
          <button type="button" className="button plain details-leave" onClick={leave}>
            <LogOut size={16} aria-hidden="true" />
            Leave room
          </button>
        )}
      </div>
    </aside>
  );
}

export function sortMembers(members: Member[], present: Set<string>): Member[] {
  const rank = (member: Member): number => (present.has(member.id) ? 0 : member.role === 'banned' ? 2 : 1);
  return [...members].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
