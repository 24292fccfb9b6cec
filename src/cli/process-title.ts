import type { Token } from './args/tokenizer.js';

const SECRET = new Set(['password', 'tls-keyfile-password']);

/**
 * A password on the command line can be read by every user of the host in the list of processes. Where the system
 * allows it, the arguments are replaced by the same ones without the password; it was visible before that, so that a
 * prompt, `env:` or `file:` is better.
 */
export function hidePassword(name: string, argv: readonly string[], tokens: readonly Token[]): void {
  // Not in a process that merely calls the command.
  if (argv.length === 0 || argv.some((word, i) => process.argv[i + 2] !== word)) return;
  const title = titleWithoutPassword(name, tokens);
  if (title !== undefined) process.title = title;
}

/** Undefined: there is nothing to hide. */
export function titleWithoutPassword(name: string, tokens: readonly Token[]): string | undefined {
  if (!tokens.some(holdsSecret)) return undefined;
  const parts = tokens.map((token) => {
    // What could not be read may be anything.
    if (token.kind !== 'option') return '?';
    const { spelling, argument } = token;
    if (argument === undefined) return spelling;
    return `${spelling} ${holdsSecret(token) ? '***' : argument}`;
  });
  return [name, ...parts].join(' ');
}

function holdsSecret(token: Token): boolean {
  if (token.kind !== 'option' || token.argument === undefined) return false;
  return SECRET.has(token.spec.name) && !/^(?:env|file|secrets):/.test(token.argument);
}
