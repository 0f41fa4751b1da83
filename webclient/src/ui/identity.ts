// Hues that differ for people who see few colours too; yellow is left out, white does not stand on it.
const HUES = [2, 16, 30, 92, 118, 146, 166, 184, 198, 212, 228, 246, 262, 278, 294, 312, 330, 346];

export function hueOf(id: string): number {
  let hash = 2166136261;
  for (const char of id) {
    hash ^= char.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 16777619);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  hash ^= hash >>> 13;
  return HUES[(hash >>> 0) % HUES.length] ?? 208;
}

/** A guest's name was a wish: anybody may have wished for it. */
export function isGuest(id: string): boolean {
  return id.startsWith('g_');
}

/** One or two letters of a name: "ada.lovelace" is AL, "ada" is A. */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const second = words.length > 1 ? [...(words.at(-1) ?? '')][0] : '';
  return (first + (second ?? '')).toLocaleUpperCase();
}
