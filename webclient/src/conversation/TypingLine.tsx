import { useStore } from '../app/store';

const NOBODY: Record<string, { name: string; until: number }> = {};

/** Always as high as one line, so that nothing moves when somebody begins to type. */
export function TypingLine({ room }: { room: string }) {
  const typing = useStore((state) => state.typing[room] ?? NOBODY);
  const text = typingText(Object.values(typing).map(({ name }) => name));
  return (
    <div className="typing" aria-live="off">
      {text ? (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {text}
        </>
      ) : null}
    </div>
  );
}

export function typingText(names: string[]): string {
  const [a, b] = names;
  if (a === undefined) return '';
  if (b === undefined) return `${a} is typing`;
  if (names.length === 2) return `${a} and ${b} are typing`;
  return `${a}, ${b} and ${String(names.length - 2)} more are typing`;
}
