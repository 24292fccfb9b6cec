/** A key that the user keeps, and that a store needs with each request for bytes of an object. It stores no copy. */
import { createHash } from 'node:crypto';
import { StorageError } from '../errors.js';

const KEY_BYTES = 32;

export interface CustomerKey {
  /** Base64 of 32 bytes, for AES-256. */
  key: string;
  /** Base64 of the SHA-256 of the key. */
  sha256: string;
}

/** `code` is of the error, which does not repeat the text. Throws StorageError. */
export function readCustomerKey(text: string | undefined, code: string): CustomerKey | undefined {
  if (text === undefined) return undefined;
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text.trim()) {
    throw new StorageError(code, 'The customer key of the storage is not the base64 of 32 bytes');
  }
  return { key: text.trim(), sha256: createHash('sha256').update(key).digest('base64') };
}
