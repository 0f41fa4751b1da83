import * as Radix from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Leaves out the visible head; the title is still read aloud. */
  bare?: boolean;
  className?: string;
}

export function Dialog({ title, onClose, children, bare = false, className = '' }: Props) {
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="scrim" />
        <Radix.Content
          className={`dialog ${className}`}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            // To the first field or answer, not to the cross in the corner.
            const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>('input, .button');
            if (!first) return;
            event.preventDefault();
            first.focus();
          }}
        >
          {bare ? (
            <Radix.Title className="visually-hidden">{title}</Radix.Title>
          ) : (
            <div className="dialog-head">
              <Radix.Title>{title}</Radix.Title>
              <Radix.Close className="icon-button" aria-label="Close">
                <X size={18} />
              </Radix.Close>
            </div>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
