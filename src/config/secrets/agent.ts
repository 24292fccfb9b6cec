import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type PeerCertificate, TLSSocket } from 'node:tls';
import { errorMessage, systemErrorText } from '../../core/errors.js';
import { mentions, type OptionText, optionText } from '../option-text.js';
import { secretAgentOptions } from '../schema/general.js';
import { type AgentAddress, addressText } from './agent-endpoint.js';
import { AnswerReader, decodeAnswer, encodeRequest } from './agent-protocol.js';
import { parseReference, type SecretReference } from './secret-uri.js';
import { SecretError } from './secret-error.js';

const option = mentions(secretAgentOptions);

/** How to reach the agent. */
export interface Agent {
  readonly address: AgentAddress;
  /** For connecting (name, TCP and TLS) and again for each question with its answer, however slowly that comes in. */
  readonly timeoutMs: number;
  /** PEM certificates to trust; present = TLS, in which the agent has to prove that it is the one addressed. */
  readonly caFile?: string;
  /** The name that the certificate must bear; absent = the host of the address. */
  readonly tlsName?: string;
  /** The certificate that this side shows in TLS, and its key: paths of PEM files. */
  readonly client?: { readonly certFile: string; readonly keyFile: string };
}

/**
 * The secrets by reference, unchanged. `warn` is called with what is not checked although nothing is wrong. Throws
 * SecretError.
 */
export async function fetchSecrets(
  agent: Agent,
  references: readonly string[],
  warn: (text: OptionText) => void = () => undefined,
): Promise<Map<string, string>> {
  const client = agent.client === undefined ? undefined : await readClient(agent.client);
  const session: Session = { agent, trusted: await trustedCertificates(agent), client, warn };
  const secrets = new Map<string, string>();
  for (const text of references) {
    if (!secrets.has(text)) secrets.set(text, await fetchSecret(session, parseReference(text)));
  }
  return secrets;
}

/** What every secret of a run is fetched with. */
interface Session {
  readonly agent: Agent;
  /** PEM certificates; absent = no TLS. */
  readonly trusted: string | undefined;
  readonly client: { cert: string; key: string } | undefined;
  readonly warn: (text: OptionText) => void;
}

async function fetchSecret(session: Session, reference: SecretReference): Promise<string> {
  const { agent } = session;
  try {
    // The C tool fails at once as well, but says nothing of why (asbackup.md 4.3).
    if (agent.timeoutMs === 0) {
      throw new SecretError('SECRET_TIMEOUT', optionText`${option('sa-timeout')} 0 leaves no time for an answer`);
    }
    const socket = await open(session);
    const bytes = decodeAnswer(await ask(socket, encodeRequest(reference), agent.timeoutMs));
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const where = `${reference.text} from the secret agent at ${addressText(agent.address)}`;
    throw new SecretError(error.code, optionText`Cannot get ${where}: ${error.sentence}`, { cause: error.cause });
  }
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SecretError('SECRET_VALUE', optionText`the secret is not UTF-8 text`);
  }
}

async function readClient({ certFile, keyFile }: NonNullable<Agent['client']>): Promise<Session['client']> {
  const read = async (path: string): Promise<string> => {
    try {
      return await readFile(path, 'latin1');
    } catch (error) {
      const text = optionText`Cannot read ${path}, for the secret agent: ${systemErrorText(error)}`;
      throw new SecretError('SECRET_CONFIG', text, { cause: error });
    }
  };
  return { cert: await read(certFile), key: await read(keyFile) };
}

async function trustedCertificates({ caFile, address }: Agent): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  if (address.kind === 'unix') {
    const text = optionText`A Unix socket has no TLS; omit ${option('sa-cafile')}`;
    throw new SecretError('SECRET_CONFIG', text, { option: option('sa-cafile') });
  }
  return readTrusted(caFile);
}

/** The PEM certificates of a file. Throws SecretError. */
export async function readTrusted(caFile: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(caFile, 'latin1');
  } catch (error) {
    const text = optionText`Cannot read the certificates of ${option('sa-cafile')}, ${caFile}: ${systemErrorText(error)}`;
    throw new SecretError('SECRET_CONFIG', text, { cause: error, option: option('sa-cafile') });
  }
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const usable = blocks.filter(isCertificate);
  if (usable.length === 0) {
    const text = optionText`The file of ${option('sa-cafile')}, ${caFile}, holds no certificate in PEM form`;
    throw new SecretError('SECRET_CONFIG', text, { option: option('sa-cafile') });
  }
  return usable.join('\n');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** A connection that is ready for the question. All addresses of a name are tried. */
async function open({ agent, trusted, client, warn }: Session): Promise<Socket> {
  const { address, timeoutMs } = agent;
  const socket =
    address.kind === 'unix'
      ? connectTcp(address.path)
      : trusted === undefined
        ? connectTcp({ host: address.host, port: address.port })
        : connectTls({
            host: address.host,
            port: address.port,
            ca: trusted,
            ...client,
            // Said here because an environment variable could turn it off otherwise.
            rejectUnauthorized: true,
            ...(isIP(agent.tlsName ?? address.host) === 0 ? { servername: agent.tlsName ?? address.host } : {}),
            checkServerIdentity: (_host, certificate) => checkName(agent, address.host, certificate, warn),
          });
  return new Promise((resolve, reject) => {
    const finish = (error?: SecretError): void => {
      clearTimeout(timer);
      socket.removeListener('error', onError).removeListener('close', onClose).removeListener(ready, onReady);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const onError = (error: Error): void =>
      finish(new SecretError('SECRET_CONNECT', connectFailureReason(error), { cause: error }));
    const onClose = (): void => finish(new SecretError('SECRET_CONNECT', optionText`it closed the connection at once`));
    const onReady = (): void => finish();
    const timer = setTimeout(
      () =>
        finish(
          new SecretError('SECRET_TIMEOUT', optionText`no connection within ${timeoutMs} ms (${option('sa-timeout')})`),
        ),
      timeoutMs,
    );
    const ready = trusted === undefined ? 'connect' : 'secureConnect';
    socket.on('error', onError).on('close', onClose).on(ready, onReady);
  });
}

/**
 * The certificate must bear the name asked for. The C tools check no name at all, so that agents are reached by
 * addresses that their certificates do not bear: without a name to check, that is a warning.
 */
function checkName(
  { tlsName }: Agent,
  host: string,
  certificate: PeerCertificate,
  warn: Session['warn'],
): Error | undefined {
  const error = checkServerIdentity(tlsName ?? host, certificate);
  if (error === undefined || tlsName !== undefined || isIP(host) === 0) return error;
  warn(
    optionText`Warning: the certificate of the secret agent at ${host} is for another name, ${altNames(error)}; give the name that it must bear with ${option('sa-tls-name')}`,
  );
  return undefined;
}

/** Sends the question and gives the body of the answer. One question per connection. */
async function ask(socket: Socket, question: Buffer, timeoutMs: number): Promise<Buffer> {
  const reader = new AnswerReader();
  return new Promise<Buffer>((resolve, reject) => {
    const finish = (outcome: Buffer | SecretError): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data');
      socket.destroy();
      if (outcome instanceof SecretError) reject(outcome);
      else resolve(outcome);
    };
    const timer = setTimeout(
      () =>
        finish(
          new SecretError(
            'SECRET_TIMEOUT',
            optionText`no complete answer within ${timeoutMs} ms (${option('sa-timeout')})`,
          ),
        ),
      timeoutMs,
    );
    socket.on('data', (chunk: Buffer) => {
      try {
        const body = reader.push(chunk);
        if (body !== undefined) finish(body);
      } catch (error) {
        finish(error instanceof SecretError ? error : new SecretError('SECRET_PROTOCOL', [errorMessage(error)]));
      }
    });
    // Every end of the connection is an error here: it is closed from this side once the answer is complete.
    socket.on('end', () => finish(reader.cutOff(socket instanceof TLSSocket)));
    socket.on('error', (error) => {
      finish(
        new SecretError('SECRET_CONNECT', optionText`the connection broke: ${errorMessage(error)}`, { cause: error }),
      );
    });
    socket.on('close', () => finish(reader.cutOff(socket instanceof TLSSocket)));
    socket.write(question);
  });
}

function connectFailureReason(error: Error): OptionText {
  // A host with several addresses fails with one error for each.
  const errors: Error[] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const reasons = new Map(errors.map((each) => oneReason(each)).map((text) => [JSON.stringify(text), text]));
  return [...reasons.values()].flatMap((reason, i) => (i === 0 ? reason : ['; ', ...reason]));
}

function oneReason(error: Error): OptionText {
  switch ('code' in error ? error.code : undefined) {
    case 'ECONNREFUSED':
      return optionText`nothing listens there (connection refused)`;
    case 'ENOTFOUND':
      return optionText`there is no host of that name`;
    case 'ENOENT':
      return optionText`there is no such socket`;
    case 'EACCES':
      return optionText`permission denied`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return optionText`its certificate is for another name, ${altNames(error)}`;
    case 'CERT_HAS_EXPIRED':
      return optionText`its certificate has expired`;
    case 'CERT_NOT_YET_VALID':
      return optionText`its certificate is not valid yet`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return optionText`its certificate was not issued by one that ${option('sa-cafile')} trusts`;
    case 'ECONNRESET':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return optionText`it does not speak TLS, which ${option('sa-cafile')} asks for, or broke the connection off`;
    default:
      return [errorMessage(error)];
  }
}

function altNames(error: Error): string {
  const certificate = 'cert' in error ? (error.cert as { subjectaltname?: string } | undefined) : undefined;
  return certificate?.subjectaltname ?? 'and names none that can be checked';
}
