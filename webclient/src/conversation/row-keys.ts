import type { Row } from '@parley/sdk';
import type { KeyboardEvent } from 'react';
import { set } from '../app/store';
import { quoteInto } from '../composer/drafts';
import { textOf } from './lines';

/** What the keys do on a focused message: the same as its small bar. */
export function useRowKeys(
  row: Row,
  room: string,
  mine: boolean,
): (event: KeyboardEvent<HTMLElement>) => void {
  return (event) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (row.deleted || row.state !== 'sent' || row.seq === 0) return;
    const press = (label: string): void => {
      event.preventDefault();
      event.currentTarget.querySelector<HTMLElement>(`[aria-label="${label}"]`)?.click();
    };
    switch (event.key) {
      case 'e':
        if (!mine) return;
        event.preventDefault();
        set({ editing: { room, key: row.key } });
        return;
      case 'r':
        event.preventDefault();
        quoteInto(room, row.from, textOf(row));
        return;
      case '+':
        press('React');
        return;
      case 'Enter':
        press('More');
        return;
      case 'Delete':
        press('Delete message');
        return;
    }
  };
}
