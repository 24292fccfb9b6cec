/** `--tls-protocols`: the syntax of Apache's SSLProtocol, as the C client reads it (asbackup.md 1.2). */
import type { TlsVersion } from '../../aerospike/config.js';
import { OptionError } from '../option-error.js';

const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

export interface TlsRange {
  minVersion: TlsVersion;
  maxVersion: TlsVersion;
}

/** wire.md 4: older versions are broken, and servers have had 1.2 since they had TLS. */
export const DEFAULT_TLS_RANGE: TlsRange = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' };

/**
 * Words separated by blanks: `all` or a version, with `+` to add and `-` to take away; one without a sign may only come
 * first. Throws an OptionError for what Node.js cannot do: SSL, and versions with a gap between them.
 */
export function parseTlsProtocols(text: string): TlsRange {
  const enabled = new Set<TlsVersion>();
  for (const word of text.split(/[ \t,]+/).filter((part) => part !== '')) {
    const sign = /^[+-]/.exec(word)?.[0];
    const name = sign === undefined ? word : word.slice(1);
    const versions = parseVersions(name, sign);
    if (sign === undefined && enabled.size > 0) {
      throw invalidProtocols(`"${word}" would undo what stands before it; put + or - in front of it`);
    }
    for (const version of versions) {
      if (sign === '-') enabled.delete(version);
      else enabled.add(version);
    }
  }
  const first = VERSIONS.findIndex((version) => enabled.has(version));
  const last = VERSIONS.findLastIndex((version) => enabled.has(version));
  const minVersion = VERSIONS[first];
  const maxVersion = VERSIONS[last];
  if (minVersion === undefined || maxVersion === undefined) throw invalidProtocols(`"${text}" leaves no TLS version`);
  const gap = VERSIONS.slice(first, last).find((version) => !enabled.has(version));
  if (gap !== undefined) {
    throw invalidProtocols(
      `${gap} cannot be left out between ${minVersion} and ${maxVersion}; name versions that follow each other`,
    );
  }
  return { minVersion, maxVersion };
}

function parseVersions(name: string, sign: string | undefined): readonly TlsVersion[] {
  const lower = name.toLowerCase();
  if (lower === 'all') return VERSIONS;
  if (lower === 'sslv2' || lower === 'sslv3') {
    // It is never on, so it can be switched off.
    if (sign === '-') return [];
    throw invalidProtocols(`${name} is insecure and cannot be used; TLSv1.2 and TLSv1.3 can`);
  }
  const found = VERSIONS.find((version) => version.toLowerCase() === lower);
  if (found === undefined)
    throw invalidProtocols(`"${name}" is not known; expected all, ${VERSIONS.join(', ')} with + or -`);
  return [found];
}

function invalidProtocols(reason: string): OptionError {
  return new OptionError('TLS_PROTOCOLS', `Invalid value for --tls-protocols: ${reason}.`);
}
