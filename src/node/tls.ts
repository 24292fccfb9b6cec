/** TLS of an embedded node. */
import type { TlsOptions } from 'node:tls';

export interface EmbeddedTls {
  /** What clients are told to check the certificate for; the certificate may say something else. */
  name: string;
  /** PEM. */
  cert: string;
  key: string;
  /** PEM; present = clients must show a certificate that is signed by one of these. */
  clientCa?: string;
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export function serverOptions({ cert, key, clientCa, minVersion, maxVersion }: EmbeddedTls): TlsOptions {
  return {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
}
