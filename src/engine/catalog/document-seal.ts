/** What shows that a document was changed: a checksum, and with a key an HMAC that nobody can make without it. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { deriveManifestKey, type EncryptionKey } from '../../codecs/key.js';

/** The text of a document with its seal. `key`: of an encrypted backup. */
export function sealDocument(fields: object, key: EncryptionKey | undefined): string {
  const hmac = key === undefined ? {} : { hmac: computeHmac(fields, key) };
  return `${JSON.stringify({ ...fields, ...hmac, checksum: computeChecksum(fields) }, undefined, 1)}\n`;
}

/**
 * What is wrong with the seal of a document, for a message; undefined = nothing. `key`: the document is accepted only
 * with the right HMAC.
 */
export function checkSeal(document: Record<string, unknown>, key: EncryptionKey | undefined): string | undefined {
  const { checksum, hmac, ...fields } = document;
  if (checksum !== computeChecksum(fields)) return 'its checksum does not match its contents';
  if (key !== undefined && !isHmac(hmac, fields, key)) {
    return 'it was changed by somebody without the encryption key, or belongs to another key';
  }
  return undefined;
}

/** Of all fields in their order, without blanks. */
function computeChecksum(fields: object): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/** Of the same text as the checksum, under a key that only those have who can decrypt the backup. */
function computeHmac(fields: object, key: EncryptionKey): string {
  return createHmac('sha256', deriveManifestKey(key)).update(JSON.stringify(fields)).digest('hex');
}

function isHmac(found: unknown, fields: object, key: EncryptionKey): boolean {
  const expected = Buffer.from(computeHmac(fields, key));
  const given = Buffer.from(typeof found === 'string' ? found : '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
