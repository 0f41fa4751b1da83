import { memo, type ComponentProps } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkBreaks from 'remark-breaks';
import remarkGfm from 'remark-gfm';
import { useStore } from '../app/store';
import { CodeBlock } from './CodeBlock';
import { remarkMentions } from './remark-mentions';

function Link({ href, children, title }: ComponentProps<'a'>) {
  if (href?.startsWith('mention:')) return <Mention name={href.slice(8)} />;
  return (
    <a href={href} title={title} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function Mention({ name }: { name: string }) {
  const mine = useStore((state) => state.me?.name.toLowerCase() === name.toLowerCase());
  return <span className={mine ? 'mention mine' : 'mention'}>@{name}</span>;
}

const COMPONENTS: Components = {
  a: Link,
  // A picture from elsewhere would tell its host who reads, and when: it is a link until one opens it.
  img: ({ src, alt }) => {
    if (typeof src !== 'string' || src === '') return <>{alt}</>;
    return <Link href={src}>{alt || src}</Link>;
  },
  pre: CodeBlock,
  input: ({ checked }) => (
    <input type="checkbox" checked={checked} disabled aria-label={checked ? 'Done' : 'Not done'} readOnly />
  ),
  table: ({ children }) => (
    <div className="table-box">
      <table>{children}</table>
    </div>
  ),
};

// Headings of chat messages are bold lines: the page has its own headings.
for (const level of ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'] as const) {
  COMPONENTS[level] = ({ children }) => <p className="heading">{children}</p>;
}

const PLUGINS = [remarkGfm, remarkBreaks, remarkMentions];

function safeUrl(url: string): string {
  return /^(https?:|mailto:|mention:)/i.test(url) ? url : '';
}

/** Markdown without raw HTML. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} urlTransform={safeUrl} skipHtml={false}>
      {text}
    </ReactMarkdown>
  );
});
