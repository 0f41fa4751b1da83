// Whatever could be Markdown, a link, a mention or an entity; over-careful on purpose.
const SPECIAL = /[*_`~[\]<>|\\&@\n]|:\/\/|www\.|^\s|^#|^[-+]\s|^[-=]{2,}|^\d+[.)]\s|\S@\S/;

/** Whether a text reads the same with and without Markdown. */
export function isPlain(text: string): boolean {
  return text.trim() !== '' && !SPECIAL.test(text);
}
