/** What the options for logins and TLS need around them to have an effect: certificates, a revocation list, a user. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from './certificate-authority.js';

const root = mkdtempSync(join(tmpdir(), 'asbackup-samples-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));
const ca = new Authority(root, 'ca');
const { cert, key } = ca.sign('client', { usage: 'clientAuth' });
const caFile = join(root, 'ca-and-crl.pem');
writeFileSync(caFile, readFileSync(ca.cert, 'latin1') + readFileSync(ca.crl(), 'latin1'));
const caPath = join(root, 'authorities');
mkdirSync(caPath);
writeFileSync(join(caPath, 'ca.pem'), readFileSync(ca.cert, 'latin1'));
const blacklist = join(root, 'blacklist');
writeFileSync(blacklist, '01\n');

const TLS = ['--tls-enable', `--tls-cafile=${caFile}`];

export const ACCESS_COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  password: ['-U', 'me'],
  auth: ['-U', 'me', '-P', 'x'],
  'tls-enable': [`--tls-cafile=${caFile}`],
  'tls-cafile': ['--tls-enable'],
  'tls-capath': ['--tls-enable'],
  'tls-protocols': TLS,
  'tls-cipher-suite': TLS,
  'tls-crl-check': TLS,
  'tls-crl-check-all': TLS,
  'tls-cert-blacklist': TLS,
  'tls-log-session-info': TLS,
  'tls-keyfile': [...TLS, `--tls-certfile=${cert}`],
  'tls-keyfile-password': [...TLS, `--tls-certfile=${cert}`, `--tls-keyfile=${key}`],
  'tls-certfile': [...TLS, `--tls-keyfile=${key}`],
};

export const ACCESS_TEXTS: Readonly<Record<string, readonly string[]>> = {
  'tls-cafile': [caFile],
  'tls-capath': [caPath],
  'tls-protocols': ['-all +TLSv1.2'],
  'tls-cert-blacklist': [blacklist],
  'tls-keyfile': [key],
  'tls-certfile': [cert],
};
