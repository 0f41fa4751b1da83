import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { typingText } from '../conversation/TypingLine';
import { reactionNames } from '../conversation/Reactions';
import { waitingText } from '../app/ConnectionLine';
import { initials } from '../ui/identity';
import { dayName } from '../ui/time';
import { TextBox } from './TextBox';
import { wrap } from './wrap';

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Harness({ onSubmit }: { onSubmit: (text: string) => void }) {
  const [text, setText] = useState('');
  return <TextBox label="Message" value={text} onChange={setText} onSubmit={() => onSubmit(text)} />;
}

describe('TextBox', () => {
  it('sends on Enter, and makes a line on Shift+Enter', async () => {
    const sent: string[] = [];
    render(<Harness onSubmit={(text) => sent.push(text)} />);
    await userEvent.type(
      screen.getByRole('textbox', { name: 'Message' }),
      'a{Shift>}{Enter}{/Shift}b{Enter}',
    );
    expect(sent).toEqual(['a\nb']);
  });

  it('marks what is selected', async () => {
    render(<Harness onSubmit={() => undefined} />);
    const box = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
    await userEvent.type(box, 'bold');
    box.setSelectionRange(0, 4);
    await userEvent.keyboard('{Control>}b{/Control}');
    expect(box.value).toBe('**bold**');
  });
});

describe('wrap', () => {
  it('puts marks on and takes them off', () => {
    const on = wrap({ text: 'a b c', start: 2, end: 3 }, '**');
    expect(on).toEqual({ text: 'a **b** c', start: 4, end: 5 });
    expect(wrap(on, '**')).toEqual({ text: 'a b c', start: 2, end: 3 });
  });
});

describe('words', () => {
  it('count people and messages', () => {
    expect(typingText([])).toBe('');
    expect(typingText(['ada'])).toBe('ada is typing');
    expect(typingText(['a', 'b'])).toBe('a and b are typing');
    expect(typingText(['a', 'b', 'c'])).toBe('a, b and 1 more are typing');
    expect(reactionNames({ key: 'x', count: 3, mine: false, names: ['a', 'b'] })).toBe('a, b and 1 more');
    expect(waitingText(1)).toBe('1 message waiting to be sent');
  });

  it('name people and days', () => {
    expect(initials('ada.lovelace')).toBe('AL');
    expect(initials('ørsted')).toBe('Ø');
    const now = new Date(2026, 2, 10, 12).getTime();
    expect(dayName(now, now)).toBe('Today');
    expect(dayName(now - 86_400_000, now)).toBe('Yesterday');
  });
});
