import { useLayoutEffect, useRef, type KeyboardEvent } from 'react';
import { wrap } from './wrap';

interface Props {
  label: string;
  value: string;
  placeholder?: string;
  disabled?: boolean;
  /** Takes the focus when it appears, with the caret behind the text. */
  grabFocus?: boolean;
  onChange: (text: string) => void;
  onSubmit: () => void;
  onKeyDown?: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
}

const MARKS: Record<string, string> = { b: '**', i: '_', e: '`' };

/** A text box as high as its text, that sends on Enter where there is a keyboard. */
export function TextBox({
  label,
  value,
  placeholder,
  disabled,
  grabFocus,
  onChange,
  onSubmit,
  onKeyDown,
}: Props) {
  const box = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = '0';
    element.style.height = `${String(element.scrollHeight)}px`;
  }, [value]);

  useLayoutEffect(() => {
    const element = box.current;
    if (!grabFocus || !element) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, [grabFocus]);

  const keyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) return;
    const element = event.currentTarget;
    const mark =
      (event.ctrlKey || event.metaKey) && !event.altKey ? MARKS[event.key.toLowerCase()] : undefined;
    if (mark) {
      event.preventDefault();
      const next = wrap({ text: value, start: element.selectionStart, end: element.selectionEnd }, mark);
      onChange(next.text);
      requestAnimationFrame(() => element.setSelectionRange(next.start, next.end));
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey && !onScreenKeyboard()) {
      event.preventDefault();
      onSubmit();
    } else {
      onKeyDown?.(event);
    }
  };

  return (
    <textarea
      ref={box}
      rows={1}
      aria-label={label}
      placeholder={placeholder}
      disabled={disabled}
      value={value}
      enterKeyHint="enter"
      onChange={(event) => {
        onChange(event.target.value);
      }}
      onKeyDown={keyDown}
    />
  );
}

/** There Enter makes a new line, and a button sends. */
function onScreenKeyboard(): boolean {
  return window.matchMedia('(pointer: coarse) and (hover: none)').matches;
}
