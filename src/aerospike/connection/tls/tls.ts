/**
 * TLS from the first byte (wire.md 4). The certificate must be signed by a trusted one and bear the TLS name of the
 * node; the address plays no part in it. As the C client does, no server name indication is sent: a TLS name need not
 * be a DNS name, and nodes are told apart by their addresses.
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
import type { Transport } from '../connection.js';
import { ConnectionError } from '../../errors.js';
import type { TlsOptions } from '../../config.js';
import { findBlacklisted } from './blacklist.js';
import { explainTls } from './errors.js';
import { dnsNames, nameMatches } from './names.js';

/** What all connections of a cluster object share. */
export class TlsTransport {
  private readonly context: SecureContext;

  /** Throws a ToolError TLS_OPTIONS if certificates, key, password and ciphers do not fit together. */
  constructor(private readonly options: TlsOptions) {
    this.context = secureContext(options);
  }

  /** For one connection to a node with that name. */
  to(tlsName: string): Transport {
    const { context, options } = this;
    let socket: TLSSocket | undefined;
    return {
      readyEvent: 'secureConnect',
      connect(tcp: TcpNetConnectOpts): Socket {
        if (isIP(tlsName) !== 0) {
          const where = `${isIP(tlsName) === 6 ? `[${tlsName}]` : tlsName}:${tcp.port}`;
          const text = `${where} has no TLS name to check its certificate against: give --tls-name or HOST:TLSNAME:PORT.`;
          throw new ConnectionError('NET_TLS', where, text);
        }
        socket = connect({
          ...tcp,
          secureContext: context,
          rejectUnauthorized: true,
          checkServerIdentity: (_, peer) => refusalOf(peer, tlsName, options, tcp),
        });
        // Options of a TCP socket that a TLS socket takes no notice of.
        socket.setNoDelay(true);
        socket.setKeepAlive(true, tcp.keepAliveInitialDelay);
        return socket;
      },
      explain: (error, where) => explainTls(error, where, options),
      description: () => {
        const cipher = socket?.getCipher();
        return `${socket?.getProtocol() ?? 'unknown protocol'}, cipher ${cipher?.standardName ?? cipher?.name ?? 'unknown'}`;
      },
    };
  }
}

function secureContext({ ca, certificate, crls, ciphers, minVersion, maxVersion }: TlsOptions): SecureContext {
  try {
    return createSecureContext({
      ca,
      minVersion,
      maxVersion,
      ...(crls === undefined ? {} : { crl: crls }),
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
      ...(certificate?.passphrase === undefined ? {} : { passphrase: certificate.passphrase }),
    });
  } catch (error) {
    // One wrong password in a few hundred leaves bytes that look decrypted; the error is then one of their contents.
    const encrypted = certificate !== undefined && /ENCRYPTED/.test(certificate.key);
    throw new ToolError('TLS_OPTIONS', contextText(error, encrypted), { cause: error });
  }
}

const KEY_NOT_OPENED = 'The key of --tls-keyfile is encrypted, and --tls-keyfile-password does not open it.';

function contextText(error: unknown, keyEncrypted: boolean): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = errorMessage(error);
  if (/mismatch/i.test(text)) return 'The key of --tls-keyfile does not belong to the certificate of --tls-certfile.';
  if (/cipher/i.test(text)) {
    return 'No cipher of --tls-cipher-suite is known and allowed by --tls-protocols; `openssl ciphers` lists their names.';
  }
  if (/decrypt|interrupted or cancelled|passphrase|password|EMPTY_PASSPHRASE/i.test(text + code)) {
    return KEY_NOT_OPENED;
  }
  if (keyEncrypted && /^ERR_OSSL_(?!PEM_NO_START_LINE|X509)/.test(code)) return KEY_NOT_OPENED;
  return `The key or certificate of --tls-keyfile, --tls-certfile or --tls-cafile cannot be used (${code || text}).`;
}

/** Why a certificate that is signed by a trusted one is refused all the same. */
function refusalOf(
  peer: PeerCertificate,
  tlsName: string,
  { blacklist }: TlsOptions,
  { host = '', port }: TcpNetConnectOpts,
): Error | undefined {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const commonName: unknown = peer.subject.CN;
  const names = [
    ...dnsNames(peer.subjectaltname ?? ''),
    ...(Array.isArray(commonName) ? commonName : [commonName]).filter((name) => typeof name === 'string'),
  ];
  if (!names.some((name) => nameMatches(name, tlsName))) {
    const list = [...new Set(names)].map((name) => JSON.stringify(name)).join(', ') || 'no name';
    const text = `The certificate of ${where} is for ${list}, not for ${JSON.stringify(tlsName)}; check --tls-name.`;
    return new ConnectionError('NET_TLS', where, text);
  }
  const listed = blacklist === undefined ? undefined : findBlacklisted(blacklist, peer as DetailedPeerCertificate);
  if (listed === undefined) return undefined;
  const text = `The certificate ${listed.serial} of ${listed.issuer} that ${where} shows is in --tls-cert-blacklist.`;
  return new ConnectionError('NET_TLS', where, text);
}
