/** The file of `--tls-cert-blacklist`: certificates that are refused, whoever has signed them. */
import type { BlacklistEntry } from '../../aerospike/config.js';
import { normalizeSerial } from '../../aerospike/connection/tls/blacklist.js';
import { OptionError } from '../option-error.js';

/**
 * Lines `SERIAL [ISSUER]`, `#` for comments; SERIAL in hex, ISSUER as in `/C=US/O=Example/CN=CA`. Throws OptionError.
 */
export function parseBlacklist(text: string, path: string): BlacklistEntry[] {
  const entries: BlacklistEntry[] = [];
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    const match = /^\s*(\S+)\s*(.*?)\s*$/.exec(line);
    if (match === null || line.startsWith('#')) return;
    const [, serial = '', issuer = ''] = match;
    // Skipping a malformed line would accept a certificate that the user wants to refuse.
    if (!/^(?:[0-9a-f]{1,2}:)*[0-9a-f]+$/i.test(serial) || (issuer !== '' && !issuer.startsWith('/'))) {
      const text = `Line ${index + 1} of ${path} is no certificate: expected SERIAL or SERIAL /C=.../CN=... there`;
      throw new OptionError('TLS_BLACKLIST', text);
    }
    entries.push({ serial: normalizeSerial(serial), ...(issuer === '' ? {} : { issuer }) });
  });
  return entries;
}
