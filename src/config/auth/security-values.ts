import type { PasswordText, PemSource } from '../values/parse-value.js';
import type { SecurityValues } from './connection-security.js';

/** What both tools' values have in common here. */
interface ConnectionValues {
  has(
    name:
      | 'user'
      | 'password'
      | 'tls-enable'
      | 'tls-crl-check'
      | 'tls-crl-check-all'
      | 'tls-log-session-info'
      | 'tls-keyfile-password',
  ): boolean;
  get(name: TextName | PemName | PasswordName | 'auth'): unknown;
}

type PemName = 'tls-cafile' | 'tls-keyfile' | 'tls-certfile';
type PasswordName = 'password' | 'tls-keyfile-password';
type TextName = 'user' | 'tls-name' | 'tls-capath' | 'tls-protocols' | 'tls-cipher-suite' | 'tls-cert-blacklist';

export function securityValues(v: ConnectionValues): SecurityValues {
  // The rows of these options are of the types that are asked for here; the generic `get` cannot say so for both
  // tables.
  const text = (name: TextName): string | undefined => v.get(name) as string | undefined;
  const password = (name: PasswordName): PasswordText | undefined => v.get(name) as PasswordText | undefined;
  const pem = (name: PemName): PemSource | undefined => v.get(name) as PemSource | undefined;
  return {
    user: text('user'),
    password: password('password'),
    passwordGiven: v.has('password'),
    auth: v.get('auth') as string,
    tlsEnable: v.has('tls-enable'),
    tlsName: text('tls-name'),
    caFile: pem('tls-cafile'),
    caPath: text('tls-capath'),
    protocols: text('tls-protocols'),
    cipherSuite: text('tls-cipher-suite'),
    crlCheck: v.has('tls-crl-check'),
    crlCheckAll: v.has('tls-crl-check-all'),
    blacklist: text('tls-cert-blacklist'),
    logSessionInfo: v.has('tls-log-session-info'),
    keyFile: pem('tls-keyfile'),
    keyPassword: password('tls-keyfile-password'),
    keyPasswordGiven: v.has('tls-keyfile-password'),
    certFile: pem('tls-certfile'),
  };
}

/** False: plain connections without a login. */
export function needsSecurity(values: SecurityValues): boolean {
  const { auth, ...rest } = values;
  return auth !== 'INTERNAL' || Object.values(rest).some((value) => value !== undefined && value !== false);
}
