import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GcsSettings } from '../../../src/storage/gcs/config.js';
import { findAuth } from '../../../src/storage/gcs/credentials.js';

const directory = mkdtempSync(join(tmpdir(), 'gcs-credentials-'));
const writeKey = (email: string): string => {
  const path = join(directory, `${email}.json`);
  writeFileSync(path, JSON.stringify({ type: 'service_account', client_email: email, private_key: 'k' }));
  return path;
};
const KEY = { path: writeKey('of-settings') };

beforeEach(() => {
  // There are no Application Default Credentials, and nobody asks for a metadata server.
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  vi.stubEnv('CLOUDSDK_CONFIG', directory);
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'project');
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(directory, { recursive: true }));

async function findAccount(settings: GcsSettings): Promise<unknown> {
  const client = await (await findAuth(settings)).getClient();
  return (client as { email?: string }).email;
}

describe('the order of credentials of Google Cloud Storage', () => {
  it('by default and as static-first, takes the key of the settings before the default credentials', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', writeKey('of-environment'));
    expect(await findAccount({ key: KEY })).toBe('of-settings');
    expect(await findAccount({ key: KEY, credentialOrder: 'static-first' })).toBe('of-settings');
    expect(await findAccount({ credentialOrder: 'static-first' })).toBe('of-environment');
  });

  it('as ambient-first, takes the key of the settings only if there are no default credentials', async () => {
    expect(await findAccount({ key: KEY, credentialOrder: 'ambient-first' })).toBe('of-settings');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', writeKey('of-environment'));
    expect(await findAccount({ key: KEY, credentialOrder: 'ambient-first' })).toBe('of-environment');
  });

  it('as ambient-first, fails if the file of the default credentials is missing', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nonexistent/key.json');
    const account = findAccount({ key: KEY, credentialOrder: 'ambient-first' });
    await expect(account).rejects.toThrow('/nonexistent/key.json');
  });

  it('as ambient-first, without both, fails as without an order', async () => {
    await expect(findAccount({ credentialOrder: 'ambient-first' })).rejects.toThrow('default credentials');
  });
});
