import { useState } from 'react';
import { EMOJI } from './emoji';

/** A short list of the reactions that people use, found by name. */
export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLowerCase();
  const found = EMOJI.filter(([, words]) => words.includes(wanted));
  return (
    <div className="emoji">
      <input
        className="input"
        aria-label="Find a reaction"
        placeholder="Find a reaction"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
        }}
        onKeyDown={(event) => {
          const best = found[0];
          if (event.key === 'Enter' && best) onPick(best[0]);
        }}
      />
      <div className="emoji-grid">
        {found.map(([emoji, words]) => (
          <button key={emoji} type="button" aria-label={words} onClick={() => onPick(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
      {found.length === 0 ? <p className="rooms-none">Nothing of this name.</p> : null}
    </div>
  );
}
