/** From options to what a cluster object needs to get in: who logs in, and how the connection is encrypted. */
import { loginOf } from '../../aerospike/connection/auth/credential.js';
import type { AuthOptions, TlsOptions } from '../../aerospike/config.js';
import { OptionError } from '../option-error.js';
import type { PemSource } from '../values/parse-value.js';
import { passwordFrom } from './password.js';
import { toTlsOptions } from '../tls/tls-config.js';

/** The values of both tools that it is made of. Absent = not given. */
export interface SecurityValues {
  user: string | undefined;
  /** `password` is the text of the option; asked for if there is none. */
  password: string | undefined;
  passwordGiven: boolean;
  auth: string;
  tlsEnable: boolean;
  tlsName: string | undefined;
  caFile: PemSource | undefined;
  caPath: string | undefined;
  protocols: string | undefined;
  cipherSuite: string | undefined;
  crlCheck: boolean;
  crlCheckAll: boolean;
  blacklist: string | undefined;
  logSessionInfo: boolean;
  keyFile: PemSource | undefined;
  /** Given without a text: asked for. */
  keyPassword: string | undefined;
  keyPasswordGiven: boolean;
  certFile: PemSource | undefined;
}

/** For ClusterOptions. */
export interface ConnectionSecurity {
  auth?: AuthOptions;
  tls?: TlsOptions;
}

export interface SecurityContext {
  /** Asks a person; standard input if nobody is there. */
  ask: (prompt: string) => Promise<string>;
  env: NodeJS.ProcessEnv;
  /** Takes what is not as the person may think. */
  note: (text: string) => void;
}

/**
 * Reads files and asks for passwords, each once for the whole run (asbackup.md fault 10, asrestore.md fault 35). Throws
 * OptionError or ToolError.
 */
export async function resolveSecurity(values: SecurityValues, aids: SecurityContext): Promise<ConnectionSecurity> {
  const tls = values.tlsEnable ? await toTlsOptions(values) : undefined;
  const auth = await toAuthOptions(values, tls, aids);
  if (tls?.certificate !== undefined) {
    const passphrase = await keyPasswordOf(values, aids);
    if (passphrase !== undefined) tls.certificate.passphrase = passphrase;
  }
  tellIdle(values, aids);
  return { ...(auth === undefined ? {} : { auth }), ...(tls === undefined ? {} : { tls }) };
}

async function toAuthOptions(
  values: SecurityValues,
  tls: TlsOptions | undefined,
  aids: SecurityContext,
): Promise<AuthOptions | undefined> {
  const { user, password, auth } = values;
  if (auth === 'PKI') {
    if (tls?.certificate === undefined) {
      throw conflict(
        '--auth PKI logs in with the client certificate: give --tls-enable, --tls-certfile and --tls-keyfile.',
      );
    }
    return { mode: auth };
  }
  if (user === undefined) return undefined;
  if (user === '') throw conflict('The name of --user is empty.');
  if (auth === 'EXTERNAL' && tls === undefined) {
    throw conflict('--auth EXTERNAL needs --tls-enable; EXTERNAL_INSECURE sends the password unencrypted.');
  }
  const text =
    password === undefined ? await aids.ask('Enter Password: ') : await passwordFrom(password, '--password', aids.env);
  return loginOf(auth === 'EXTERNAL' || auth === 'EXTERNAL_INSECURE' ? auth : 'INTERNAL', user, text);
}

/** As in the C tools: with a key from the secret agent, the text is the password whatever it begins with. */
async function keyPasswordOf(values: SecurityValues, aids: SecurityContext): Promise<string | undefined> {
  const { keyFile, keyPassword, keyPasswordGiven } = values;
  if (!keyPasswordGiven) return undefined;
  const isFile = keyFile !== undefined && 'path' in keyFile;
  if (keyPassword === undefined) return isFile ? aids.ask('Enter TLS-Keyfile Password: ') : undefined;
  return isFile ? passwordFrom(keyPassword, '--tls-keyfile-password', aids.env) : keyPassword;
}

/** An option that does nothing is no error, as in the C tools, but somebody may count on it. */
function tellIdle(values: SecurityValues, { note }: SecurityContext): void {
  if (values.auth === 'PKI' && values.user !== undefined) {
    note('Warning: --user has no effect with --auth PKI; the client certificate says who logs in');
  } else if (values.passwordGiven && values.user === undefined) {
    note('Warning: --password has no effect without --user');
  }
  if (values.tlsEnable) return;
  const idle = (
    [
      ['tls-name', values.tlsName],
      ['tls-cafile', values.caFile],
      ['tls-capath', values.caPath],
      ['tls-protocols', values.protocols],
      ['tls-cipher-suite', values.cipherSuite],
      ['tls-crl-check', values.crlCheck || undefined],
      ['tls-crl-check-all', values.crlCheckAll || undefined],
      ['tls-cert-blacklist', values.blacklist],
      ['tls-keyfile', values.keyFile],
      ['tls-certfile', values.certFile],
    ] as const
  ).filter(([, value]) => value !== undefined);
  if (idle.length > 0) {
    note(`Warning: without --tls-enable there is no effect of ${idle.map(([name]) => `--${name}`).join(', ')}`);
  }
}

function conflict(message: string): OptionError {
  return new OptionError('OPTION_CONFLICT', message);
}
