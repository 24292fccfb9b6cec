import { ValueError } from './value-error.js';

/** The directories of a comma-separated list, in its order. Blanks belong to the names, and nothing is escaped. */
export function parseDirectories(list: string): string[] {
  const names = list.split(',');
  const empty = names.indexOf('');
  if (empty >= 0) throw new ValueError(`directory ${empty + 1} of ${names.length} has no name`);
  return names;
}

/** The parent stands before each name, also before one that begins with a slash (asrestore.md 3). */
export function withParent(names: readonly string[], parent: string | undefined): string[] {
  if (parent === undefined) return [...names];
  const start = parent === '' || parent.endsWith('/') ? parent : `${parent}/`;
  return names.map((name) => start + name);
}
