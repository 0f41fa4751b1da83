const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{1,31}$/u;

/** What is wrong with a user's name, as a sentence; the server has the last word. */
export function nameProblem(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  if ([...name].length < 2 || [...name].length > 32) return 'A name has 2 to 32 characters.';
  return 'A name is made of letters, digits, dots, hyphens and underscores.';
}

export function passwordProblem(password: string): string | undefined {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes < 8) return 'A password has at least 8 characters.';
  return bytes > 256 ? 'This password is too long.' : undefined;
}
