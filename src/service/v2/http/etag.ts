import { createHmac, randomBytes, createHash } from 'node:crypto';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import { V2Error } from '../errors.js';

const RANDOM_KEY = randomBytes(32);
const TAG_LENGTH = 22;

/**
 * The tag of a part of a document with its secrets. It is keyed, so that nobody can try secrets on it: with the hashes
 * of the tokens, which all replicas have and nobody is shown, or else at random.
 */
export function makeTag(part: unknown, { access }: ServiceDocument): string {
  const hashes = Object.values(access?.tokens ?? {}).map(({ hash }) => hash);
  const key = hashes.length === 0 ? RANDOM_KEY : createHash('sha256').update(hashes.join()).digest();
  const digest = createHmac('sha256', key).update(JSON.stringify(part)).digest('base64url');
  return `"${digest.slice(0, TAG_LENGTH)}"`;
}

export interface Preconditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** Throws V2Error precondition-failed. `part`: undefined = there is none. */
export function checkPreconditions(
  { ifMatch, ifNoneMatch }: Preconditions,
  part: unknown,
  document: ServiceDocument,
): void {
  const tag = part === undefined ? undefined : makeTag(part, document);
  const matches = (header: string): boolean =>
    header
      .split(',')
      .map((one) => one.trim())
      .some((one) => (one === '*' ? tag !== undefined : one === tag));
  if (ifMatch !== undefined && !matches(ifMatch)) {
    const message = tag === undefined ? 'it does not exist' : 'it was changed meanwhile';
    throw new V2Error('precondition-failed', message, tag === undefined ? {} : { facts: { etag: tag } });
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch)) {
    throw new V2Error('precondition-failed', 'it exists', tag === undefined ? {} : { facts: { etag: tag } });
  }
}
