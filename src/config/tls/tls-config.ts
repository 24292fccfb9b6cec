/** Reads what the TLS options name: certificates, revocation lists, the blacklist. */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsOptions } from '../../aerospike/config.js';
import { systemErrorText } from '../../core/errors.js';
import { OptionError } from '../option-error.js';
import { mentions, type OptionMention, type OptionText, optionText } from '../option-text.js';
import { tlsOptions } from '../schema/connection.js';
import type { PemSource } from '../values/parse-value.js';
import type { SecurityValues } from '../auth/connection-security.js';
import { parseBlacklist } from './blacklist.js';
import { DEFAULT_TLS_RANGE, parseTlsProtocols } from './protocols.js';

const option = mentions(tlsOptions);
const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const CRL = /-----BEGIN X509 CRL-----[\s\S]*?-----END X509 CRL-----/g;

interface Trust {
  certificates: Set<string>;
  crls: Set<string>;
}

/** Without the password of the key. Throws OptionError, or ToolError of the parsers. */
export async function toTlsOptions(values: SecurityValues): Promise<TlsOptions> {
  const { caFile, caPath, protocols, cipherSuite, blacklist } = values;
  if (caFile === undefined && caPath === undefined) {
    throw invalidTls(
      optionText`${option('tls-enable')} needs certificates to trust: give ${option('tls-cafile')} or ${option('tls-capath')} (those of the system are often in /etc/ssl/certs)`,
    );
  }
  const trust: Trust = { certificates: new Set(), crls: new Set() };
  if (caFile !== undefined) {
    const text = await readPem(caFile, option('tls-cafile'));
    if (collect(text, trust) === 0)
      throw invalidTls(optionText`There is no PEM certificate in ${sourceName(caFile)} of ${option('tls-cafile')}`);
    check(trust.certificates, sourceName(caFile), option('tls-cafile'));
  }
  if (caPath !== undefined) await collectDirectory(caPath, trust);
  const certificate = await readClientCertificate(values);
  const checkCrl = values.crlCheck || values.crlCheckAll;
  if (checkCrl && trust.crls.size === 0) {
    const check = option(values.crlCheckAll ? 'tls-crl-check-all' : 'tls-crl-check');
    throw invalidTls(
      optionText`${check} finds no revocation list ("X509 CRL" in PEM) in ${option('tls-cafile')} or ${option('tls-capath')}`,
    );
  }
  return {
    ca: [...trust.certificates],
    ...(protocols === undefined ? DEFAULT_TLS_RANGE : parseTlsProtocols(protocols)),
    ...(certificate === undefined ? {} : { certificate }),
    ...(cipherSuite === undefined ? {} : { ciphers: cipherSuite }),
    ...(checkCrl ? { crls: [...trust.crls] } : {}),
    ...(blacklist === undefined
      ? {}
      : { blacklist: parseBlacklist(await read(blacklist, option('tls-cert-blacklist')), blacklist) }),
    ...(values.logSessionInfo ? { logSessions: true } : {}),
  };
}

async function readClientCertificate({ keyFile, certFile }: SecurityValues): Promise<TlsOptions['certificate']> {
  if (keyFile === undefined && certFile === undefined) return undefined;
  if (keyFile === undefined || certFile === undefined) {
    throw invalidTls(
      optionText`${option('tls-certfile')} and ${option('tls-keyfile')} go together; both may name the same file`,
    );
  }
  const [chain, key] = [await readPem(certFile, option('tls-certfile')), await readPem(keyFile, option('tls-keyfile'))];
  const certificates = chain.match(CERTIFICATE) ?? [];
  if (certificates.length === 0)
    throw invalidTls(optionText`There is no PEM certificate in ${sourceName(certFile)} of ${option('tls-certfile')}`);
  check(certificates, sourceName(certFile), option('tls-certfile'));
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    throw invalidTls(optionText`There is no PEM private key in ${sourceName(keyFile)} of ${option('tls-keyfile')}`);
  }
  return { chain: certificates.join('\n'), key };
}

/** Every file of the directory that holds certificates or revocation lists; OpenSSL's hashed names are not needed. */
async function collectDirectory(path: string, trust: Trust): Promise<void> {
  let found = 0;
  try {
    for (const name of (await readdir(path)).sort()) {
      const file = join(path, name);
      const info = await stat(file).catch(() => undefined);
      // Links to nowhere are common in such directories.
      if (info?.isFile() !== true) continue;
      const text = await readFile(file, 'latin1');
      check(text.match(CERTIFICATE) ?? [], file, option('tls-capath'));
      found += collect(text, trust);
    }
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw invalidTls(optionText`Cannot read the directory of ${option('tls-capath')}: ${systemErrorText(error)}`);
  }
  if (found === 0)
    throw invalidTls(
      optionText`There is no PEM certificate in a file of the directory ${path} of ${option('tls-capath')}`,
    );
}

/** Returns the number of certificates. */
function collect(text: string, { certificates, crls }: Trust): number {
  const found = text.match(CERTIFICATE) ?? [];
  for (const certificate of found) certificates.add(certificate);
  for (const crl of text.match(CRL) ?? []) crls.add(crl);
  return found.length;
}

/** Node.js silently ignores a certificate that it cannot read. */
function check(certificates: Iterable<string>, file: string, mention: OptionMention): void {
  let number = 0;
  for (const certificate of certificates) {
    number++;
    try {
      new X509Certificate(certificate);
    } catch {
      throw invalidTls(optionText`Certificate number ${number} in ${file} of ${mention} cannot be read`);
    }
  }
}

async function readPem(source: PemSource, mention: OptionMention): Promise<string> {
  return 'path' in source ? read(source.path, mention) : source.content;
}

async function read(path: string, mention: OptionMention): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    throw invalidTls(optionText`Cannot read the file of ${mention}: ${systemErrorText(error)}`);
  }
}

function sourceName(source: PemSource): string {
  return 'path' in source ? source.path : 'the secret';
}

function invalidTls(text: OptionText): OptionError {
  return new OptionError('OPTION_TLS', text);
}
