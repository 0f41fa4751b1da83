import { memo } from 'react';
import { hueOf, initials } from './identity';

interface Props {
  id: string;
  name: string;
  size?: number;
}

/** Initials on a colour of one's own; the name is always written beside it. */
export const Avatar = memo(function Avatar({ id, name, size = 36 }: Props) {
  const style = { '--size': `${String(size)}px`, '--hue': hueOf(id) } as React.CSSProperties;
  return (
    <span className="avatar" style={style} aria-hidden="true">
      {initials(name)}
    </span>
  );
});
