import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { Markdown } from './Markdown';
import { MessageText } from './MessageText';
import { isPlain } from './plain';
import { split } from './remark-mentions';

afterEach(cleanup);

const html = (text: string): string => render(<Markdown text={text} />).container.innerHTML;

describe('Markdown', () => {
  it('never makes elements out of HTML', () => {
    const made = html('<img src=x onerror=alert(1)> <script>alert(1)</script>\n\n<b>bold</b>');
    expect(made).not.toMatch(/<(img|script|b)[\s>]/);
  });

  it('drops addresses that are no web or mail addresses', () => {
    expect(html('[x](javascript:alert(1))')).not.toContain('javascript:');
    expect(html('[x](data:text/html,hi)')).not.toContain('data:');
  });

  it('opens links elsewhere, without telling where from', () => {
    render(<Markdown text="see https://example.org/a" />);
    const link = screen.getByRole('link');
    expect(link.getAttribute('href')).toBe('https://example.org/a');
    expect(link.getAttribute('rel')).toContain('noopener');
  });

  it('shows a picture as a link', () => {
    const made = html('![a cat](https://example.org/cat.png)');
    expect(made).not.toContain('<img');
    expect(made).toContain('href="https://example.org/cat.png"');
  });

  it('keeps line ends, code, tables and mentions', () => {
    expect(html('one\ntwo')).toContain('<br>');
    expect(html('```\n@ada <b>\n```')).toContain('@ada &lt;b&gt;');
    expect(html('| a |\n|---|\n| b |')).toContain('<table>');
    expect(html('hello @ada.')).toContain('<span class="mention">@ada</span>.');
  });

  it('has no headings of its own', () => {
    expect(html('# Title')).toContain('<p class="heading">Title</p>');
  });
});

describe('plain text', () => {
  it('is told from Markdown', () => {
    expect(isPlain('Good morning. All is well, 3 of 4 done!')).toBe(true);
    for (const text of [
      '*a*',
      '# a',
      '- a',
      '1. a',
      'a\nb',
      '@ada',
      'www.x.org',
      'https://x',
      'a@b.c',
      '> q',
    ]) {
      expect(isPlain(text), text).toBe(false);
    }
  });

  it('looks the same either way', () => {
    const text = 'Just words, (really) "so" they say - no more; 50% of it.';
    const fast = render(<MessageText text={text} edited={false} />).container.textContent;
    expect(fast).toBe(render(<Markdown text={text} />).container.textContent);
  });

  it('is split at mentions', () => {
    expect(split('a @bob, c').map((node) => node.type)).toEqual(['text', 'link', 'text']);
    expect(split('mail a@bob.org').map((node) => node.type)).toEqual(['text']);
  });
});
