export interface Selection {
  text: string;
  start: number;
  end: number;
}

/** Puts marks around what is selected, or takes them away again. */
export function wrap({ text, start, end }: Selection, mark: string): Selection {
  const n = mark.length;
  if (text.slice(start - n, start) === mark && text.slice(end, end + n) === mark) {
    return {
      text: text.slice(0, start - n) + text.slice(start, end) + text.slice(end + n),
      start: start - n,
      end: end - n,
    };
  }
  return {
    text: text.slice(0, start) + mark + text.slice(start, end) + mark + text.slice(end),
    start: start + n,
    end: end + n,
  };
}
