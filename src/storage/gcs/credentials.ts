/** Whose tokens requests to Google Cloud Storage carry: a service account of the settings, or what the machine has. */
import { readFile } from 'node:fs/promises';
import type { GoogleAuth } from 'google-auth-library';
import { errorMessage } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import { loadPackage } from '../object-store/load-package.js';
import type { GcsSettings } from './config.js';
import { toTokenError } from './errors.js';
import type { TokenSource } from './token.js';

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';

/** The library keeps a token for as long as it is valid. Throws StorageError GS_CREDENTIALS and GS_PACKAGE. */
export async function createTokenSource(settings: GcsSettings): Promise<TokenSource> {
  const auth = await findAuth(settings);
  const get = async (): Promise<string> => {
    try {
      const token = await auth.getAccessToken();
      if (typeof token === 'string' && token !== '') return token;
    } catch (error) {
      throw toTokenError(error);
    }
    throw toTokenError(new Error('there is no token'));
  };
  const forget = async (): Promise<void> => {
    (await auth.getClient()).credentials = {};
  };
  return { get, forget };
}

/** Throws StorageError GS_CREDENTIALS and GS_PACKAGE. */
export async function findAuth({ key, credentialOrder }: GcsSettings): Promise<GoogleAuth> {
  const library = await loadPackage('GS', 'google-auth-library', () => import('google-auth-library'));
  if (key !== undefined && credentialOrder !== 'ambient-first') {
    return new library.GoogleAuth({ scopes: SCOPE, credentials: await readKey(key) });
  }
  const ambient = new library.GoogleAuth({ scopes: SCOPE });
  if (key === undefined || (await hasIdentity(ambient))) return ambient;
  return new library.GoogleAuth({ scopes: SCOPE, credentials: await readKey(key) });
}

/**
 * Whether there are Application Default Credentials. Those that are there and give no token, are some, too: requests
 * report what is wrong with them.
 */
async function hasIdentity(ambient: GoogleAuth): Promise<boolean> {
  try {
    await ambient.getClient();
    return true;
  } catch (error) {
    const fault = toTokenError(error);
    return !(fault instanceof StorageError && fault.code === 'GS_NO_CREDENTIALS');
  }
}

async function readKey(key: NonNullable<GcsSettings['key']>): Promise<Record<string, string>> {
  const name = 'path' in key ? `the key file ${key.path}` : 'the key of the service account';
  const fail = (reason: string, cause?: unknown): never => {
    throw new StorageError('GS_CREDENTIALS', `Cannot use ${name}: ${reason}`, { cause, hint: 'set-gcs-credentials' });
  };
  let text = '';
  try {
    text = 'path' in key ? await readFile(key.path, 'utf8') : key.content;
  } catch (error) {
    fail(errorMessage(error), error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'type' in value) return value as Record<string, string>;
  } catch {
    // The message does not repeat what may be a key.
  }
  return fail('it is not the JSON of a service account');
}
