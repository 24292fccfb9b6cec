/** Tokens of the API. Only their hashes are kept: a token has so many random bits that nobody can guess it from one. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccessToken } from '../document/schema/access-settings.js';

const TOKEN_BYTES = 32;
const PREFIX = 'asb_';
const MAX_TOKEN_LENGTH = 512;

export interface NewToken {
  token: string;
  /** For the configuration. */
  hash: string;
}

export function createToken(): NewToken {
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  return { token, hash: `sha256:${digestToken(token).toString('hex')}` };
}

/**
 * The name of the entry that a token belongs to; undefined = none. All entries are compared, each in the same time, so
 * that the time tells nothing about them.
 */
export function findToken(
  token: string,
  entries: Readonly<Record<string, AccessToken>>,
  nowMs: number,
): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const digest = digestToken(token);
  let found: string | undefined;
  for (const [name, { hash, expires }] of Object.entries(entries)) {
    const isValid = expires === undefined || nowMs < Date.parse(expires);
    const expected = Buffer.from(hash.replace(/^sha256:/, ''), 'hex');
    if (expected.length === digest.length && timingSafeEqual(expected, digest) && isValid) found = name;
  }
  return found;
}

function digestToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
