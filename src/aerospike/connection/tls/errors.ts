/** Messages for the errors of TLS connections. */
import type { HintId } from '../../../core/hint.js';
import type { TlsOptions } from '../../config.js';
import { ConnectionError } from '../../errors.js';

interface Explanation {
  text: string;
  hint?: HintId;
}

const UNKNOWN_ISSUER: Explanation = {
  text: 'is signed by an authority that is not among the trusted ones',
  hint: 'check-tls-ca',
};

/** By the code that Node.js gives a certificate that it refuses: the end of the sentence. */
const CERTIFICATE: Readonly<Record<string, Explanation>> = {
  CERT_HAS_EXPIRED: { text: 'has expired; a new one must be installed on the server' },
  CERT_NOT_YET_VALID: { text: 'is not valid yet; check the clocks of this host and of the issuer' },
  CERT_REVOKED: { text: 'was revoked; a new one must be installed on the server' },
  UNABLE_TO_GET_CRL: {
    text: 'cannot be checked for revocation: no revocation list of its issuer, or of one above it, is given',
    hint: 'check-tls-ca',
  },
  CRL_HAS_EXPIRED: { text: 'cannot be checked for revocation: the list of its issuer is out of date' },
  CRL_NOT_YET_VALID: { text: 'cannot be checked for revocation: the list of its issuer is not valid yet' },
  CRL_SIGNATURE_FAILURE: { text: 'cannot be checked for revocation: the list was not signed by its issuer' },
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  DEPTH_ZERO_SELF_SIGNED_CERT: { text: 'is signed by itself and not trusted', hint: 'check-tls-ca' },
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  CERT_SIGNATURE_FAILURE: { text: 'has a signature that is not that of its issuer' },
  INVALID_PURPOSE: { text: 'was not made for servers' },
  INVALID_CA: { text: 'is signed by a certificate that may not sign others' },
  CERT_CHAIN_TOO_LONG: { text: 'has a chain that is too long' },
};

/** Undefined for an error that is not about TLS. */
export function explainTls(error: Error, where: string, options: TlsOptions): ConnectionError | undefined {
  if (error instanceof ConnectionError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const certificate = CERTIFICATE[code];
  const explanation =
    certificate === undefined
      ? explainHandshake(code, error, where, options)
      : { ...certificate, text: `The certificate of ${where} ${certificate.text}` };
  if (explanation === undefined) return undefined;
  return new ConnectionError('NET_TLS', where, explanation.text, { cause: error, hint: explanation.hint });
}

function explainHandshake(code: string, error: Error, where: string, options: TlsOptions): Explanation | undefined {
  const hasCertificate = options.certificate !== undefined;
  if (/CERTIFICATE_REQUIRED|ALERT_(?:BAD|UNKNOWN|NO|UNSUPPORTED)_(?:CERTIFICATE|CA)|ALERT_CERTIFICATE_/.test(code)) {
    const refused = hasCertificate ? 'the certificate of this client' : 'clients without a certificate';
    return {
      text: `${where} does not accept ${refused} (${alertText(code)})`,
      hint: hasCertificate ? 'check-certificate' : 'set-certificate',
    };
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/.test(code)) {
    return { text: `${where} does not speak TLS`, hint: 'check-tls-port' };
  }
  if (/ALERT_HANDSHAKE_FAILURE/.test(code)) {
    return {
      text: `${where} and this client have no version, cipher or kind of certificate in common`,
      hint: 'check-tls-agreement',
    };
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/.test(code)) {
    const { minVersion, maxVersion } = options;
    const range = minVersion === maxVersion ? minVersion : `${minVersion} to ${maxVersion}`;
    return {
      text: `${where} does not speak ${range}, or only in a way that is no longer secure`,
      hint: 'check-tls-versions',
    };
  }
  if (code === 'ECONNRESET' && error.message.includes('before secure TLS connection')) {
    return { text: `${where} closed the connection during the TLS handshake; check that the port is one for TLS` };
  }
  if (/^ERR_(?:SSL|TLS|OSSL)/.test(code)) return { text: `TLS with ${where} failed: ${alertText(code)}` };
  return undefined;
}

/** `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA` → `unknown ca` */
function alertText(code: string): string {
  return code
    .replace(/^ERR_(?:SSL|TLS|OSSL)_/, '')
    .replace(/^(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
}
