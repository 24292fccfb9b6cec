import { writeFileSync } from 'node:fs';
import type { Token } from './args/tokenizer.js';

const SECRET = new Set([
  'password',
  'tls-keyfile-password',
  's3-secret-access-key',
  's3-customer-key',
  'gcp-customer-key',
  'azure-customer-key',
  'azure-account-key',
  'azure-client-secret',
  // It may carry a SAS.
  'azure-endpoint',
]);

/**
 * Names the process after the command, so that `pgrep -x`, `pidof` and `killall` find it, and removes passwords from
 * the list of processes, where every user of the host can read them. They were visible before that, so that a prompt,
 * `env:` or `file:` is better.
 */
export function setProcessTitle(name: string, tokens: readonly Token[]): void {
  process.title = processTitle(name, tokens);
  try {
    // The title is the name of the process, too, cut after 15 characters: asbackup without its arguments.
    writeFileSync('/proc/self/comm', name);
  } catch {
    // Not Linux.
  }
}

/** The command line without its passwords. */
export function processTitle(name: string, tokens: readonly Token[]): string {
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
  // A URL may have a login.
  if (token.spec.name === 'config') return token.argument.includes('@');
  return SECRET.has(token.spec.name) && !/^(?:env|file|secrets):/.test(token.argument);
}
