import { useEffect, useState, type RefObject } from 'react';
import type { Line } from './lines';

/** How many messages of others stand behind `seq`. */
export function newMessages(lines: Line[], seq: number, me: string): number {
  let count = 0;
  for (let i = lines.length - 1; i >= 0; i--) {
    const row = lines[i]?.row;
    if (!row || (row.seq > 0 && row.seq <= seq)) break;
    if (row.type === 'message' && row.uid !== me && row.seq > 0) count++;
  }
  return count;
}

/**
 * Whoever is at the bottom stays there when the room for the log changes: a column opens, a line appears, the
 * keyboard comes up. `pinned` is only given up by scrolling.
 */
export function useStayAtBottom(box: RefObject<HTMLElement | null>, startsThere: boolean): void {
  useEffect(() => {
    const element = box.current;
    // The viewport is as high as its box; what grows is the list in it.
    const content =
      element?.querySelector('[data-testid="virtuoso-item-list"]') ?? element?.firstElementChild;
    if (!element || !content) return;
    let pinned = startsThere;
    let before = element.scrollTop;
    const onScroll = (): void => {
      const top = element.scrollTop;
      if (element.scrollHeight - top - element.clientHeight < 48) pinned = true;
      // Away from the bottom by growth alone is no wish of the reader's.
      else if (top < before) pinned = false;
      before = top;
    };
    const observer = new ResizeObserver(() => {
      if (pinned) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    observer.observe(content);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [box, startsThere]);
}

/** The day of the uppermost line in view, for the day line that sticks; nothing where a day begins. */
export function useTopDay(
  box: RefObject<HTMLElement | null>,
  lines: Line[],
  first: number,
): number | undefined {
  const [day, setDay] = useState<number>();
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let frame = 0;
    const look = (): void => {
      frame = 0;
      const top = element.getBoundingClientRect().top;
      for (const row of element.querySelectorAll<HTMLElement>('[data-item-index]')) {
        const { bottom } = row.getBoundingClientRect();
        if (bottom <= top + 24) continue;
        const line = lines[Number(row.dataset.itemIndex) - first];
        setDay(line && !line.day ? line.row.ts : undefined);
        return;
      }
    };
    const onScroll = (): void => {
      frame ||= requestAnimationFrame(look);
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      element.removeEventListener('scroll', onScroll);
      cancelAnimationFrame(frame);
    };
  }, [box, lines, first]);
  return day;
}
