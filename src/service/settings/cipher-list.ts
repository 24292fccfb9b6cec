import { cipherList, SECURE_SUITES } from '../http/cipher-suites.js';

/** The ciphers of a cluster by OpenSSL's names; a document may have those of IANA, too. Undefined = none are given. */
export function toCipherList(text: string | undefined): string | undefined {
  const names = (text ?? '').split(/[\s,:]+/).filter((name) => name !== '');
  if (names.length === 0) return undefined;
  return names.every((name) => SECURE_SUITES.includes(name)) ? cipherList(names) : text;
}
