import { useEffect, useRef, useState } from 'react';
import { textOf, type Line } from './lines';

interface Props {
  lines: Line[];
  me: string;
  /** The seq up to which the log has been applied. */
  since: number;
}

/**
 * Says new messages of others aloud, once and in order. Apart from the list, because a list that only holds
 * what is in view would have its history read out while one scrolls.
 */
export function Announcer({ lines, me, since }: Props) {
  const heard = useRef(since);
  const [said, setSaid] = useState<{ key: string; text: string }[]>([]);
  useEffect(() => {
    const from = heard.current;
    if (since <= from) return;
    heard.current = since;
    const fresh = lines
      .filter(({ row }) => row.type === 'message' && row.seq > from && row.uid !== me && !row.deleted)
      .map(({ row }) => ({ key: row.key, text: `${row.from}: ${textOf(row)}` }));
    // Many at once are a catching up, not a conversation.
    if (fresh.length > 0 && fresh.length <= 5) setSaid((before) => [...before, ...fresh].slice(-8));
  }, [lines, me, since]);
  // What has been heard need not stand twice on the page.
  useEffect(() => {
    if (said.length === 0) return;
    const timer = setTimeout(() => {
      setSaid([]);
    }, 4000);
    return () => {
      clearTimeout(timer);
    };
  }, [said]);
  return (
    <div className="visually-hidden" aria-live="polite" aria-relevant="additions">
      {said.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
