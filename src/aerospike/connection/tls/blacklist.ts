/** `--tls-cert-blacklist`: certificates that are refused whoever has signed them. */
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import { ToolError } from '../../../core/errors.js';
import type { BlacklistEntry } from '../../config.js';

/** Lines `SERIAL [ISSUER]`, `#` for comments; SERIAL in hex, ISSUER as in `/C=US/O=Example/CN=CA`. Throws ToolError. */
export function parseBlacklist(text: string, path: string): BlacklistEntry[] {
  const entries: BlacklistEntry[] = [];
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    const match = /^\s*(\S+)\s*(.*?)\s*$/.exec(line);
    if (match === null || line.startsWith('#')) return;
    const [, serial = '', issuer = ''] = match;
    // A line that is skipped would let in what it was meant to keep out.
    if (!/^(?:[0-9a-f]{1,2}:)*[0-9a-f]+$/i.test(serial) || (issuer !== '' && !issuer.startsWith('/'))) {
      const text = `Line ${index + 1} of ${path} is no certificate: expected SERIAL or SERIAL /C=.../CN=... there.`;
      throw new ToolError('TLS_BLACKLIST', text);
    }
    entries.push({ serial: normalSerial(serial), ...(issuer === '' ? {} : { issuer }) });
  });
  return entries;
}

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
    const serial = normalSerial(serialNumber);
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

function normalSerial(text: string): string {
  return text
    .replaceAll(':', '')
    .replace(/^0+(?=.)/, '')
    .toUpperCase();
}
