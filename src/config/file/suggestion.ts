import { closestMatch } from '../did-you-mean.js';

/** How the sentence on an unknown key ends: with the key that was probably meant, if there is one. */
export function suggestion(typed: string, candidates: readonly string[]): string {
  const found = closestMatch(typed, candidates);
  return found === undefined ? '.' : `; did you mean ${found}?`;
}
