import type { OptionTable } from '../config/schema/option-spec.js';
import { tokenize, type Token } from './args/tokenizer.js';

const SECRET = new Set(['password', 'tls-keyfile-password']);

/**
 * A password that is typed as an argument can be read by every user of the host in the list of processes. Where the
 * system allows it, the arguments are replaced by the same ones without it. What was seen before stays seen: a prompt,
 * `env:` or `file:` is better.
 */
export function hidePassword(name: string, table: OptionTable, argv: readonly string[]): void {
  // Not for a caller that merely uses this program as a library.
  if (argv.length === 0 || argv.some((word, i) => process.argv[i + 2] !== word)) return;
  const title = titleWithoutPassword(name, table, argv);
  if (title !== undefined) process.title = title;
}

/** Undefined: there is nothing to hide. */
export function titleWithoutPassword(name: string, table: OptionTable, argv: readonly string[]): string | undefined {
  const words = tokenize(argv, table);
  if (!words.some(holdsSecret)) return undefined;
  const parts = words.map((word) => {
    // What could not be read may be anything.
    if (word.kind !== 'option') return '?';
    const { spelling, argument } = word;
    if (argument === undefined) return spelling;
    return `${spelling} ${holdsSecret(word) ? '***' : argument}`;
  });
  return [name, ...parts].join(' ');
}

function holdsSecret(word: Token): boolean {
  if (word.kind !== 'option' || word.argument === undefined) return false;
  return SECRET.has(word.spec.name) && !/^(?:env|file|secrets):/.test(word.argument);
}
