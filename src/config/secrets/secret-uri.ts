import { ValueError } from '../values/value-error.js';

const PREFIX = 'secrets:';

/** `secrets:RESOURCE:KEY`, the place of a value in the secret agent. */
export interface SecretReference {
  /** As it was written. */
  readonly text: string;
  readonly resource?: string;
  readonly key: string;
}

/** Case-sensitive, as in the C tools (asbackup.md 4.1). */
export function isReference(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Split at the last colon, so that a resource may contain some; without a resource the agent uses its default. */
export function parseReference(text: string): SecretReference {
  const path = text.slice(PREFIX.length);
  const colon = path.lastIndexOf(':');
  const resource = path.slice(0, Math.max(colon, 0));
  const key = path.slice(colon + 1);
  if (key === '') throw new ValueError('the reference names no key; expected secrets:RESOURCE:KEY');
  return { text, key, ...(resource === '' ? {} : { resource }) };
}
