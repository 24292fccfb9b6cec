/** Client certificates, as the configuration names them. */
import type { AccessCertificate } from '../document/schema/access-settings.js';

/** What is known of the certificate that a client has shown and the listener has verified. */
export interface ClientCertificate {
  /** `{ CN: 'ci', O: 'Example' }`; a list where a part stands several times. */
  readonly subject: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** SHA-256 in hexadecimal. */
  readonly fingerprint: string;
}

/** All that the configuration says about it must fit. */
export function matchesCertificate(certificate: ClientCertificate, expected: AccessCertificate): boolean {
  const { subject, fingerprint } = expected;
  if (subject === undefined && fingerprint === undefined) return false;
  if (fingerprint !== undefined && parseFingerprint(fingerprint) !== parseFingerprint(certificate.fingerprint)) {
    return false;
  }
  return subject === undefined || parseSubject(subject)?.join('\n') === listParts(certificate.subject).join('\n');
}

/** `CN=ci,O=Example` as sorted parts; a comma of a value has a backslash in front. undefined = malformed. */
export function parseSubject(text: string): string[] | undefined {
  const parts = text.split(/(?<!\\),/).map((part) => part.trim().replace(/\\,/g, ','));
  const isWellFormed = parts.every((part) => /^[A-Za-z][\w.]*\s*=\s*\S/.test(part) && !part.includes('\n'));
  return isWellFormed ? parts.map((part) => part.replace(/\s*=\s*/, '=')).sort() : undefined;
}

/** 64 hexadecimal digits in lower case; undefined = malformed. */
export function parseFingerprint(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
}

function listParts(subject: ClientCertificate['subject']): string[] {
  return Object.entries(subject)
    .flatMap(([key, value]) => {
      const values = typeof value === 'string' ? [value] : (value ?? []);
      return values.map((one) => `${key}=${one}`);
    })
    .sort();
}
