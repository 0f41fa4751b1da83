import { broker } from '../app/broker';
import { get, set } from '../app/store';
import { quote } from '../conversation/lines';

let saving: ReturnType<typeof setTimeout> | undefined;

/** What is written but not sent stays with its room, over a reload too. */
export function setDraft(room: string, text: string): void {
  set((state) => ({ drafts: { ...state.drafts, [room]: text } }));
  saving ??= setTimeout(() => {
    saving = undefined;
    broker()
      ?.cache.saveDrafts(get().drafts)
      .catch(() => undefined);
  }, 500);
}

export function quoteInto(room: string, name: string, text: string): void {
  setDraft(room, quote(name, text) + (get().drafts[room] ?? ''));
  focusComposer();
}

/** Puts the caret behind the text of the message box. */
export function focusComposer(): void {
  requestAnimationFrame(() => {
    const box = document.querySelector<HTMLTextAreaElement>('.composer textarea');
    box?.focus();
    box?.setSelectionRange(box.value.length, box.value.length);
  });
}
