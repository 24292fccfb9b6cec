/** Reads what the TLS options name: certificates, revocation lists, the blacklist. */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsOptions } from '../../aerospike/config.js';
import { parseBlacklist } from '../../aerospike/connection/tls/blacklist.js';
import { DEFAULT_TLS_RANGE, parseTlsProtocols } from '../../aerospike/connection/tls/protocols.js';
import { systemErrorText } from '../../core/errors.js';
import { OptionError } from '../option-error.js';
import type { PemSource } from '../values/parse-value.js';
import type { SecurityValues } from '../auth/connection-security.js';

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
    throw bad(
      '--tls-enable needs to know whom to trust: give --tls-cafile or --tls-capath (the authorities that the system ' +
        'trusts are often in /etc/ssl/certs).',
    );
  }
  const trust: Trust = { certificates: new Set(), crls: new Set() };
  if (caFile !== undefined) {
    const text = await readPem(caFile, '--tls-cafile');
    if (collect(text, trust) === 0) throw bad(`There is no PEM certificate in ${nameOf(caFile)} of --tls-cafile.`);
    check(trust.certificates, nameOf(caFile), '--tls-cafile');
  }
  if (caPath !== undefined) await collectDirectory(caPath, trust);
  const certificate = await certificateOf(values);
  const checkCrl = values.crlCheck || values.crlCheckAll;
  if (checkCrl && trust.crls.size === 0) {
    const option = values.crlCheckAll ? '--tls-crl-check-all' : '--tls-crl-check';
    throw bad(`${option} finds no revocation list ("X509 CRL" in PEM) in --tls-cafile or --tls-capath.`);
  }
  return {
    ca: [...trust.certificates],
    ...(protocols === undefined ? DEFAULT_TLS_RANGE : parseTlsProtocols(protocols)),
    ...(certificate === undefined ? {} : { certificate }),
    ...(cipherSuite === undefined ? {} : { ciphers: cipherSuite }),
    ...(checkCrl ? { crls: [...trust.crls] } : {}),
    ...(blacklist === undefined
      ? {}
      : { blacklist: parseBlacklist(await read(blacklist, '--tls-cert-blacklist'), blacklist) }),
    ...(values.logSessionInfo ? { logSessions: true } : {}),
  };
}

async function certificateOf({ keyFile, certFile }: SecurityValues): Promise<TlsOptions['certificate']> {
  if (keyFile === undefined && certFile === undefined) return undefined;
  if (keyFile === undefined || certFile === undefined) {
    throw bad('--tls-certfile and --tls-keyfile go together; both may name the same file.');
  }
  const [chain, key] = [await readPem(certFile, '--tls-certfile'), await readPem(keyFile, '--tls-keyfile')];
  const certificates = chain.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw bad(`There is no PEM certificate in ${nameOf(certFile)} of --tls-certfile.`);
  check(certificates, nameOf(certFile), '--tls-certfile');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    throw bad(`There is no PEM private key in ${nameOf(keyFile)} of --tls-keyfile.`);
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
      check(text.match(CERTIFICATE) ?? [], file, '--tls-capath');
      found += collect(text, trust);
    }
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw bad(`Cannot read the directory of --tls-capath: ${systemErrorText(error)}.`);
  }
  if (found === 0) throw bad(`There is no PEM certificate in a file of the directory ${path} of --tls-capath.`);
}

/** Returns the number of certificates. */
function collect(text: string, { certificates, crls }: Trust): number {
  const found = text.match(CERTIFICATE) ?? [];
  for (const certificate of found) certificates.add(certificate);
  for (const crl of text.match(CRL) ?? []) crls.add(crl);
  return found.length;
}

/** Node.js leaves out a certificate that it cannot read, without a word. */
function check(certificates: Iterable<string>, file: string, option: string): void {
  let number = 0;
  for (const certificate of certificates) {
    number++;
    try {
      new X509Certificate(certificate);
    } catch {
      throw bad(`Certificate number ${number} in ${file} of ${option} cannot be read.`);
    }
  }
}

async function readPem(source: PemSource, option: string): Promise<string> {
  return 'path' in source ? read(source.path, option) : source.content;
}

async function read(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    throw bad(`Cannot read the file of ${option}: ${systemErrorText(error)}.`);
  }
}

function nameOf(source: PemSource): string {
  return 'path' in source ? source.path : 'the secret';
}

function bad(message: string): OptionError {
  return new OptionError('OPTION_TLS', message);
}
