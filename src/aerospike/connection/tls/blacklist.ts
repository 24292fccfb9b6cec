/** Certificates that are refused, whoever has signed them. */
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import type { BlacklistEntry } from '../../config.js';

/** The first certificate of the chain, from the server's own upwards, that is listed. */
export function findBlacklisted(
  list: readonly BlacklistEntry[],
  peer: DetailedPeerCertificate,
): { serial: string; issuer: string } | undefined {
  const seen = new Set<string>();
  let next = peer as DetailedPeerCertificate | undefined;
  // A root names itself as its issuer, and a chain may end without one.
  while (next !== undefined && !seen.has(next.fingerprint256)) {
    const certificate: DetailedPeerCertificate = next;
    next = certificate.issuerCertificate;
    seen.add(certificate.fingerprint256);
    const { serialNumber, issuer: issuerLines } = new X509Certificate(certificate.raw);
    const serial = normalizeSerial(serialNumber);
    const issuer = issuerLines
      .split('\n')
      .map((part) => `/${part}`)
      .join('');
    if (list.some((entry) => entry.serial === serial && (entry.issuer === undefined || entry.issuer === issuer))) {
      return { serial, issuer };
    }
  }
  return undefined;
}

/** The serial number of a certificate as upper-case hex without colons and leading zeros. */
export function normalizeSerial(text: string): string {
  return text
    .replaceAll(':', '')
    .replace(/^0+(?=.)/, '')
    .toUpperCase();
}
