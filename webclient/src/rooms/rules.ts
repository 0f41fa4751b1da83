/** What is wrong with a room's name, as a sentence; the server has the last word. */
export function roomNameProblem(name: string): string | undefined {
  if (name === '') return 'A room needs a name.';
  if (new TextEncoder().encode(name).length > 512) return 'This name is too long.';
  if (/[+#\0]/.test(name)) return 'A name cannot contain + or #.';
  if (name.startsWith('$')) return 'A name cannot begin with $.';
  if (name.trim() !== name) return 'A name cannot begin or end with a space.';
  return undefined;
}
