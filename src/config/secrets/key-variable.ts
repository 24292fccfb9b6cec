/** Private keys in environment variables, as services hold them. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SecretError } from './secret-error.js';

/**
 * The PEM text that an environment variable holds: PEM, whole or on one line, or the base64 body alone. Throws
 * SecretError, which holds no part of the value.
 */
export function readKeyVariable(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const value = env[name] ?? '';
  if (value === '') throw new SecretError('SECRET_VALUE', [`The environment variable ${name} is not set or empty`]);
  if (value.includes('-----BEGIN')) return value;
  const key = parseDer(Buffer.from(value, 'base64'));
  if (key === undefined) {
    throw new SecretError('SECRET_VALUE', [`The environment variable ${name} holds no private key, in PEM or base64`]);
  }
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function parseDer(der: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch {
      // It may have the other form.
    }
  }
  return undefined;
}
