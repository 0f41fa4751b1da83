const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const thisYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const anyYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

export function timeOf(ts: number): string {
  return clock.format(ts);
}

export function fullTime(ts: number): string {
  return full.format(ts);
}

/** A number that is the same for all moments of a local day. */
export function dayOf(ts: number): number {
  const date = new Date(ts);
  return date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate();
}

export function dayName(ts: number, now = Date.now()): string {
  if (dayOf(ts) === dayOf(now)) return capital(relative.format(0, 'day'));
  if (dayOf(ts) === dayOf(now - 86_400_000)) return capital(relative.format(-1, 'day'));
  return new Date(ts).getFullYear() === new Date(now).getFullYear()
    ? thisYear.format(ts)
    : anyYear.format(ts);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
