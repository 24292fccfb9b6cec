/** TLS of an in-memory node. */
import type { TlsOptions } from 'node:tls';

export interface NodeTlsConfig {
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

export function toTlsServerOptions({ cert, key, clientCa, minVersion, maxVersion }: NodeTlsConfig): TlsOptions {
  return {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
}
