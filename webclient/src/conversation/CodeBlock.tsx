import { Check, Copy } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';

export function CodeBlock({ children }: { children?: ReactNode }) {
  const block = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(block.current?.textContent ?? '');
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    } catch {
      // Without TLS there is no clipboard; the text can still be selected.
    }
  };
  return (
    <div className="code-block">
      <pre ref={block}>{children}</pre>
      <button
        type="button"
        className="icon-button"
        tabIndex={-1}
        aria-label={copied ? 'Copied' : 'Copy code'}
        onClick={() => void copy()}
      >
        {copied ? <Check size={14} /> : <Copy size={14} />}
      </button>
    </div>
  );
}
