import { ParleyError, type Member } from '@parley/sdk';
import { useState } from 'react';
import { rest } from '../app/broker';

interface Props {
  room: string;
  onInvited: (member: Member) => void;
}

export function Invite({ room, onInvited }: Props) {
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();
  const invite = async (): Promise<void> => {
    const wanted = name.trim().replace(/^@/, '');
    if (!wanted) return;
    try {
      onInvited(await rest.setMember(room, `@${wanted}`, 'member'));
      setName('');
      setProblem(undefined);
    } catch (cause) {
      const error = ParleyError.from(cause);
      setProblem(error.code === 'not_found' ? `There is nobody called ${wanted}.` : error.message);
    }
  };
  return (
    <form
      className="invite"
      onSubmit={(event) => {
        event.preventDefault();
        void invite();
      }}
    >
      <input
        className="input"
        aria-label="Invite by name"
        placeholder="Invite by name"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={name}
        onChange={(event) => {
          setName(event.target.value);
        }}
      />
      <button type="submit" className="button" disabled={name.trim() === ''}>
        Invite
      </button>
      {problem ? (
        <p className="form-error" role="alert">
          {problem}
        </p>
      ) : null}
    </form>
  );
}
