/** From options to what a cluster object needs to get in: who logs in, and how the connection is encrypted. */
import { createAuthOptions } from '../../aerospike/protocol/credential.js';
import type { AuthOptions, TlsOptions } from '../../aerospike/config.js';
import { OptionError } from '../option-error.js';
import { isReadableByEverybody } from '../exposed-file.js';
import { joinMentions, type OptionMention, mentions, type OptionText, optionText } from '../option-text.js';
import { connectionOptions, tlsOptions } from '../schema/connection.js';
import type { PasswordText, PemSource } from '../values/parse-value.js';
import { passwordFrom } from './password.js';
import { toTlsOptions } from '../tls/tls-config.js';

const option = mentions([...connectionOptions, ...tlsOptions]);

/** The values of both tools that it is made of. Absent = not given. */
export interface SecurityValues {
  user: string | undefined;
  /** `password` is the text of the option; asked for if there is none. */
  password: PasswordText | undefined;
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
  keyPassword: PasswordText | undefined;
  keyPasswordGiven: boolean;
  certFile: PemSource | undefined;
}

/** For ClusterOptions. */
export interface ConnectionSecurity {
  auth?: AuthOptions;
  tls?: TlsOptions;
}

export interface SecurityContext {
  /** Prompts for a password. */
  ask: (prompt: string) => Promise<string>;
  env: NodeJS.ProcessEnv;
  /** Called with each warning. */
  note: (text: OptionText) => void;
}

/**
 * Reads files and asks for passwords, each once for the whole run (asbackup.md fault 10, asrestore.md fault 35). Throws
 * OptionError or ToolError.
 */
export async function resolveSecurity(values: SecurityValues, context: SecurityContext): Promise<ConnectionSecurity> {
  const tls = values.tlsEnable ? await toTlsOptions(values) : undefined;
  const auth = await toAuthOptions(values, tls, context);
  if (tls?.certificate !== undefined) {
    const passphrase = await readKeyPassword(values, context);
    if (passphrase !== undefined) tls.certificate.passphrase = passphrase;
  }
  reportIdle(values, context);
  reportExposed(values, tls !== undefined, context);
  return { ...(auth === undefined ? {} : { auth }), ...(tls === undefined ? {} : { tls }) };
}

async function toAuthOptions(
  values: SecurityValues,
  tls: TlsOptions | undefined,
  context: SecurityContext,
): Promise<AuthOptions | undefined> {
  const { user, password, auth } = values;
  if (auth === 'PKI') {
    if (tls?.certificate === undefined) {
      const needed = joinMentions([option('tls-enable'), option('tls-certfile'), option('tls-keyfile')]);
      throw conflict(optionText`${option('auth')} PKI logs in with the client certificate: give ${needed}`);
    }
    return { mode: auth };
  }
  if (user === undefined) return undefined;
  if (user === '') throw conflict(optionText`The name of ${option('user')} is empty`);
  if (auth === 'EXTERNAL' && tls === undefined) {
    const auth = option('auth');
    throw conflict(
      optionText`${auth} EXTERNAL needs ${option('tls-enable')}; EXTERNAL_INSECURE sends the password unencrypted`,
    );
  }
  const text =
    password === undefined
      ? await context.ask('Enter Password: ')
      : await passwordFrom(password, option('password'), context.env);
  return createAuthOptions(auth === 'EXTERNAL' || auth === 'EXTERNAL_INSECURE' ? auth : 'INTERNAL', user, text);
}

/** As in the C tools: with a key from the secret agent, the text is the password whatever it begins with. */
async function readKeyPassword(values: SecurityValues, context: SecurityContext): Promise<string | undefined> {
  const { keyFile, keyPassword, keyPasswordGiven } = values;
  if (!keyPasswordGiven) return undefined;
  const isFile = keyFile !== undefined && 'path' in keyFile;
  if (keyPassword === undefined) return isFile ? context.ask('Enter TLS-Keyfile Password: ') : undefined;
  return isFile ? passwordFrom(keyPassword, option('tls-keyfile-password'), context.env) : keyPassword.text;
}

/** Files with secrets of this run that every user of the host may read. */
function reportExposed(values: SecurityValues, usesTls: boolean, { note }: SecurityContext): void {
  const files: [path: string, mention: OptionMention][] = [];
  const addPassword = (text: PasswordText | undefined, mention: OptionMention): void => {
    if (text !== undefined && !text.literal && text.text.startsWith('file:')) files.push([text.text.slice(5), mention]);
  };
  if (values.user !== undefined) addPassword(values.password, option('password'));
  if (usesTls && values.keyFile !== undefined && 'path' in values.keyFile) {
    files.push([values.keyFile.path, option('tls-keyfile')]);
    addPassword(values.keyPassword, option('tls-keyfile-password'));
  }
  for (const [path, mention] of files) {
    if (!isReadableByEverybody(path)) continue;
    note(
      optionText`Warning: the permissions of ${path}, the file of ${mention}, let every user read it; mode 600 protects it`,
    );
  }
}

/** An option without effect is no error, as in the C tools, but the user may rely on it. */
function reportIdle(values: SecurityValues, { note }: SecurityContext): void {
  if (values.auth === 'PKI' && values.user !== undefined) {
    note(
      optionText`Warning: ${option('user')} has no effect with ${option('auth')} PKI; the client certificate identifies the user`,
    );
  } else if (values.passwordGiven && values.user === undefined) {
    note(optionText`Warning: ${option('password')} has no effect without ${option('user')}`);
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
    const names = idle.flatMap(([name], i) => (i === 0 ? [option(name)] : [', ', option(name)]));
    note(optionText`Warning: without ${option('tls-enable')} there is no effect of ${names}`);
  }
}

function conflict(text: OptionText): OptionError {
  return new OptionError('OPTION_CONFLICT', text);
}
