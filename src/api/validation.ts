/** Settings that backups and restores share. */
import { accessValues } from '../config/auth/security-values.js';
import { type ConnectionSecurity, resolveSecurity } from '../config/auth/connection-security.js';
import { OptionError } from '../config/option-error.js';
import type { OptionValues } from '../config/option-values.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import type { OptionToken } from '../cli/args/tokenizer.js';
import type { Log } from '../core/log.js';
import {
  bad,
  flag,
  toApiMessage,
  number,
  path,
  pem,
  type Rule,
  type Rules,
  text,
  toToken,
  toTokens,
} from './settings-to-config.js';
import type { ClusterSettings, Credentials, HostAddress, StorageSettings, TlsSettings } from './settings.js';

const hosts: Rule = {
  option: 'host',
  word: (value, name) => {
    if (typeof value === 'string') return value;
    if (!Array.isArray(value) || value.length === 0) throw bad(name, 'expected a text or a list of hosts');
    return (value as (string | HostAddress)[]).map((host) => hostText(host)).join(',');
  },
};

function hostText(host: string | HostAddress): string {
  if (typeof host === 'string') return host;
  const { host: address, tlsName, port } = host;
  const bracketed = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
  return [bracketed, ...(tlsName === undefined ? [] : [tlsName]), ...(port === undefined ? [] : [port])].join(':');
}

export const clusterRules: Rules = { hosts, port: number('port'), servicesAlternate: flag('services-alternate') };

/** The variables of an environment of our own, so that no password is taken for a reference to one. */
const PASSWORD = 'password';
const KEY_PASSWORD = 'key-password';

const authRules: Rules = {
  user: text('user'),
  password: { option: 'password', word: () => `env:${PASSWORD}` },
  mode: text('auth'),
};

const tlsRules: Rules = {
  ca: pem('tls-cafile'),
  caFile: path('tls-cafile'),
  caPath: path('tls-capath'),
  cert: pem('tls-certfile'),
  certFile: path('tls-certfile'),
  key: pem('tls-keyfile'),
  keyFile: path('tls-keyfile'),
  keyPassword: {
    option: 'tls-keyfile-password',
    word: (value, name) => {
      if (typeof value !== 'string') throw bad(name, 'expected a text');
      return value;
    },
  },
  name: text('tls-name'),
  protocols: text('tls-protocols'),
  ciphers: text('tls-cipher-suite'),
  crlCheck: { option: 'tls-crl-check', word: () => undefined },
};

const encryptRules: Rules = {
  mode: text('encrypt'),
  keyFile: path('encryption-key-file'),
  keyPem: pem('encryption-key-file'),
  keyEnv: text('encryption-key-env'),
};

/** Words for `auth`, `tls` and `encrypt`, which have settings of their own. */
export function nestedWords(
  { auth, tls, encrypt }: { [K in 'auth' | 'tls' | 'encrypt']: (ClusterSettings & StorageSettings)[K] | undefined },
  table: OptionTable,
): OptionToken[] {
  const words: OptionToken[] = [];
  if (auth !== undefined) words.push(...toTokens(auth, authRules, table, 'auth.'));
  if (encrypt !== undefined) words.push(...toTokens(encrypt, encryptRules, table, 'encrypt.'));
  if (tls !== undefined) {
    const { keyPassword, ...others } = tls;
    words.push(toToken(table, 'tls-enable', 'tls'), ...toTokens(others, tlsRules, table, 'tls.'));
    if (tls.crlCheck !== undefined) {
      if (!['leaf', 'all'].includes(tls.crlCheck)) throw bad('tls.crlCheck', 'expected "leaf" or "all"');
      words.push(toToken(table, tls.crlCheck === 'all' ? 'tls-crl-check-all' : 'tls-crl-check', 'tls.crlCheck'));
    }
    // Only that of a key in a file may be a reference.
    const given = tls.keyFile === undefined ? keyPassword : `env:${KEY_PASSWORD}`;
    if (keyPassword !== undefined) words.push(toToken(table, 'tls-keyfile-password', 'tls.keyPassword', given));
  }
  return words;
}

/** Reads certificates. Nobody is asked for a password. */
export async function accessOf<T extends OptionTable>(
  values: OptionValues<T>,
  words: readonly OptionToken[],
  { auth, tls }: { auth?: Credentials; tls?: TlsSettings },
  log: Log,
): Promise<ConnectionSecurity> {
  if (auth === undefined && tls === undefined) return {};
  const env: Record<string, string> = {};
  if (auth?.password !== undefined) env[PASSWORD] = auth.password;
  if (tls?.keyPassword !== undefined) env[KEY_PASSWORD] = tls.keyPassword;
  const ask = (): Promise<string> => {
    throw new OptionError('OPTION_PASSWORD', 'There is no password: give auth.password with auth.user.');
  };
  try {
    return await resolveSecurity(accessValues(values), {
      ask,
      env,
      note: (line) => log.info(toApiMessage(line, words)),
    });
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(
      error.code,
      toApiMessage(error.message, words).replace(/the environment variable [a-z-]+ is /, 'the password is '),
    );
  }
}
