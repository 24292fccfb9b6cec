/** Sentences for what can go wrong with TLS. */
import { ConnectionError } from '../../errors.js';
import type { TlsOptions } from '../../config.js';

/** By the code that Node.js gives a certificate that it refuses: what is wrong, and what to do about it. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired; a new one must be installed on the server',
  CERT_NOT_YET_VALID: 'is not valid yet; check the clocks of this host and of whoever made it',
  CERT_REVOKED: 'was revoked; a new one must be installed on the server',
  UNABLE_TO_GET_CRL:
    'cannot be checked for revocation: --tls-cafile and --tls-capath hold no revocation list of its issuer, or of one above it',
  CRL_HAS_EXPIRED: 'cannot be checked for revocation: the list of its issuer is out of date',
  CRL_NOT_YET_VALID: 'cannot be checked for revocation: the list of its issuer is not valid yet',
  CRL_SIGNATURE_FAILURE: 'cannot be checked for revocation: the list was not signed by its issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'is signed by an authority that is not in --tls-cafile or --tls-capath',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by itself and not in --tls-cafile or --tls-capath',
  UNABLE_TO_GET_ISSUER_CERT: 'is signed by an authority that is not in --tls-cafile or --tls-capath',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is signed by an authority that is not in --tls-cafile or --tls-capath',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is signed by an authority that is not in --tls-cafile or --tls-capath',
  CERT_SIGNATURE_FAILURE: 'bears a signature that is not that of its issuer',
  INVALID_PURPOSE: 'was not made for servers',
  INVALID_CA: 'is signed by a certificate that may not sign others',
  CERT_CHAIN_TOO_LONG: 'has too many others above it',
};

/** Undefined for an error that is not about TLS. */
export function explainTls(error: Error, where: string, options: TlsOptions): ConnectionError | undefined {
  if (error instanceof ConnectionError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const certificate = CERTIFICATE[code];
  const text =
    certificate === undefined
      ? handshakeText(code, error, where, options)
      : `The certificate of ${where} ${certificate}.`;
  return text === undefined ? undefined : new ConnectionError('NET_TLS', where, text, error);
}

function handshakeText(code: string, error: Error, where: string, options: TlsOptions): string | undefined {
  const own = options.certificate === undefined ? 'give --tls-certfile and --tls-keyfile' : 'check --tls-certfile';
  if (/CERTIFICATE_REQUIRED|ALERT_(?:BAD|UNKNOWN|NO|UNSUPPORTED)_(?:CERTIFICATE|CA)|ALERT_CERTIFICATE_/.test(code)) {
    return `${where} does not accept ${options.certificate === undefined ? 'clients without a certificate' : 'the certificate of this client'} (${alert(code)}); ${own}.`;
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/.test(code)) {
    return `${where} does not speak TLS; check the port, or leave out --tls-enable.`;
  }
  if (/ALERT_HANDSHAKE_FAILURE/.test(code)) {
    return `${where} and this client found nothing to agree on; check --tls-cipher-suite and --tls-protocols, or ${own}.`;
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/.test(code)) {
    const { minVersion, maxVersion } = options;
    const range = minVersion === maxVersion ? minVersion : `${minVersion} to ${maxVersion}`;
    return `${where} does not speak ${range}, or only in a way that is no longer secure; check --tls-protocols.`;
  }
  if (code === 'ECONNRESET' && /before secure TLS connection/.test(error.message)) {
    return `${where} hung up while TLS was being agreed on; check that the port is one for TLS.`;
  }
  if (/^ERR_(?:SSL|TLS|OSSL)/.test(code)) return `TLS with ${where} failed: ${alert(code)}.`;
  return undefined;
}

/** `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA` → `unknown ca` */
function alert(code: string): string {
  return code
    .replace(/^ERR_(?:SSL|TLS|OSSL)_/, '')
    .replace(/^(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
}
