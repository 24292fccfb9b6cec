/**
 * TLS from the first byte (wire.md 4). The certificate must be signed by a trusted one and bear the TLS name of the
 * node; its address does not matter. No server name indication is sent, as in the C client: a TLS name need not be a
 * DNS name, and the address alone selects the node.
 */
import { isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import {
  connect,
  createSecureContext,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { errorMessage, ToolError } from '../../../core/errors.js';
import type { HintId } from '../../../core/hint.js';
import { formatEndpoint } from '../../endpoint.js';
import type { Transport } from '../connection.js';
import { ConnectionError } from '../../errors.js';
import type { TlsOptions } from '../../config.js';
import { findBlacklisted } from './blacklist.js';
import { explainTls } from './errors.js';
import { dnsNames, nameMatches } from './names.js';

interface TlsSessionTransport extends Transport {
  /** What client and server have agreed on. */
  session(): { protocol: string; cipher: string };
}

/** The TLS context that all connections of a cluster object share. */
export class TlsTransport {
  private readonly context: SecureContext;

  /** Throws a ToolError TLS_OPTIONS if certificates, key, password and ciphers do not fit together. */
  constructor(private readonly options: TlsOptions) {
    this.context = createContext(options);
  }

  /** For one connection to a node with that name. */
  createTransport(tlsName: string): TlsSessionTransport {
    const { context, options } = this;
    let socket: TLSSocket | undefined;
    return {
      readyEvent: 'secureConnect',
      connect(tcp: TcpNetConnectOpts): Socket {
        if (isIP(tlsName) !== 0) {
          const where = formatEndpoint(tlsName, tcp.port);
          const text = `${where} has no TLS name to check its certificate against`;
          throw new ConnectionError('NET_TLS', where, text, { hint: 'set-tls-name' });
        }
        socket = connect({
          ...tcp,
          secureContext: context,
          rejectUnauthorized: true,
          checkServerIdentity: (_, peer) => checkCertificate(peer, tlsName, options, tcp),
        });
        // Options of a TCP socket that a TLS socket ignores.
        socket.setNoDelay(true);
        socket.setKeepAlive(true, tcp.keepAliveInitialDelay);
        return socket;
      },
      explain: (error, where) => explainTls(error, where, options),
      session: () => {
        const cipher = socket?.getCipher();
        return {
          protocol: socket?.getProtocol() ?? 'unknown protocol',
          cipher: cipher?.standardName ?? cipher?.name ?? 'unknown',
        };
      },
    };
  }
}

function createContext({ ca, certificate, crls, ciphers, minVersion, maxVersion }: TlsOptions): SecureContext {
  try {
    return createSecureContext({
      ca,
      minVersion,
      maxVersion,
      ...(crls === undefined ? {} : { crl: crls }),
      ...(ciphers === undefined ? {} : { ciphers: excludeUnsafe(ciphers) }),
      ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
      ...(certificate?.passphrase === undefined ? {} : { passphrase: certificate.passphrase }),
    });
  } catch (error) {
    // One wrong password in a few hundred leaves bytes that seem decrypted; the error is then one about their contents.
    const encrypted = certificate !== undefined && /ENCRYPTED/.test(certificate.key);
    throw contextError(error, encrypted);
  }
}

/** Without the ciphers that do not encrypt or do not authenticate the server. */
function excludeUnsafe(ciphers: string): string {
  // A list of TLS 1.3 suites only: all of them are safe, and an exclusion would make a list of older ciphers.
  if (ciphers.split(/[:, ]/).every((name) => name === '' || name.startsWith('TLS_'))) return ciphers;
  return `${ciphers}:!eNULL:!aNULL`;
}

function contextError(error: unknown, keyEncrypted: boolean): ToolError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = errorMessage(error);
  const tlsError = (text: string, hint: HintId): ToolError =>
    new ToolError('TLS_OPTIONS', text, { cause: error, hint });
  if (/mismatch/i.test(reason)) {
    return tlsError('The key of the client does not belong to its certificate', 'check-tls-key');
  }
  if (/cipher/i.test(reason)) {
    return tlsError('No cipher of the list is known, safe and allowed by the TLS versions', 'check-tls-ciphers');
  }
  const notOpened =
    /decrypt|interrupted or cancelled|passphrase|password|EMPTY_PASSPHRASE/i.test(reason + code) ||
    (keyEncrypted && /^ERR_OSSL_(?!PEM_NO_START_LINE|X509)/.test(code));
  if (notOpened) {
    return tlsError('The key of the client is encrypted, and the password does not open it', 'check-tls-key-password');
  }
  return tlsError(`The TLS key or a certificate cannot be used (${code || reason})`, 'check-tls-key');
}

/** Why a certificate that is signed by a trusted one is refused all the same; undefined = it is accepted. */
function checkCertificate(
  peer: PeerCertificate,
  tlsName: string,
  { blacklist }: TlsOptions,
  { host = '', port }: TcpNetConnectOpts,
): Error | undefined {
  const where = formatEndpoint(host, port);
  const names = certificateNames(peer);
  if (!names.some((name) => nameMatches(name, tlsName))) {
    const list = [...new Set(names)].map((name) => JSON.stringify(name)).join(', ') || 'no name';
    const text = `The certificate of ${where} is for ${list}, not for ${JSON.stringify(tlsName)}`;
    return new ConnectionError('NET_TLS', where, text, { hint: 'check-tls-name' });
  }
  const listed = blacklist === undefined ? undefined : findBlacklisted(blacklist, peer as DetailedPeerCertificate);
  if (listed === undefined) return undefined;
  const text = `The certificate ${listed.serial} of ${listed.issuer} that ${where} presents is in the blacklist of certificates`;
  return new ConnectionError('NET_TLS', where, text);
}

/** The DNS names of the certificate; the common name counts only in one without DNS names (RFC 6125, 6.4.4). */
function certificateNames({ subjectaltname, subject }: PeerCertificate): string[] {
  if (subjectaltname?.includes('DNS:') === true) return dnsNames(subjectaltname);
  const commonName: unknown = subject.CN;
  return (Array.isArray(commonName) ? commonName : [commonName]).filter((name) => typeof name === 'string');
}
