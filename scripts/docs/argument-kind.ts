import type { OptionSpec, OptionTable } from '../../src/config/schema/option-spec.js';

/** What a shell can offer after an option: one of some words, the name of a file or of a directory, or nothing. */
export type ArgumentKind =
  { readonly kind: 'words'; readonly words: readonly string[] } | { readonly kind: 'file' | 'directory' | 'any' };

/** For options with an argument. Lists of paths are completed as far as their first element. */
export function argumentKind(spec: OptionSpec): ArgumentKind {
  const { value, placeholder } = spec;
  if (value.type === 'choice') return { kind: 'words', words: value.values };
  if (placeholder === 'dir' || placeholder === 'dir,...') return { kind: 'directory' };
  if (value.type === 'path' || value.type === 'pem' || value.type === 'input') return { kind: 'file' };
  return { kind: 'any' };
}

/**
 * What completion offers, each by its main name: what a run would refuse is not, and old spellings are not learned
 * anew.
 */
export function completable(table: OptionTable): readonly OptionSpec[] {
  return table.filter((spec) => spec.removed === undefined);
}
