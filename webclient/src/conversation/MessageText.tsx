import { memo } from 'react';
import { Markdown } from './Markdown';
import { isPlain } from './plain';

interface Props {
  text: string;
  edited: boolean;
}

/** Most messages are a line of plain words, and need no Markdown parser. */
export const MessageText = memo(function MessageText({ text, edited }: Props) {
  const mark = edited ? <span className="edited"> (edited)</span> : null;
  if (isPlain(text)) {
    return (
      <div className="markdown">
        <p>
          {text}
          {mark}
        </p>
      </div>
    );
  }
  return (
    <div className="markdown">
      <Markdown text={text} />
      {mark}
    </div>
  );
});
