import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { S3Settings } from '../../../src/storage/s3/config.js';
import { connectS3 } from '../../../src/storage/s3/sdk.js';

const KEYS = { accessKeyId: 'of-settings', secretAccessKey: 's' };

beforeEach(() => {
  // No source of the SDK has an identity.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent/file');
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) {
    vi.stubEnv(name, undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function addIdentity(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'of-environment');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's');
}

async function findKey(settings: S3Settings): Promise<string> {
  const connection = await connectS3({ region: 'eu', ...settings }, () => undefined, { log: () => undefined });
  const { accessKeyId } = await connection.client.config.credentials();
  connection.client.destroy();
  return accessKeyId;
}

describe('the order of credentials of S3', () => {
  it('by default and as static-first, takes the keys of the settings before those of the environment', async () => {
    addIdentity();
    expect(await findKey(KEYS)).toBe('of-settings');
    expect(await findKey({ ...KEYS, credentialOrder: 'static-first' })).toBe('of-settings');
    expect(await findKey({ credentialOrder: 'static-first' })).toBe('of-environment');
  });

  it('as ambient-first, takes the keys of the settings only if there is no identity', async () => {
    expect(await findKey({ ...KEYS, credentialOrder: 'ambient-first' })).toBe('of-settings');
    addIdentity();
    expect(await findKey({ ...KEYS, credentialOrder: 'ambient-first' })).toBe('of-environment');
  });

  it('as ambient-first, fails if an identity is there that cannot be had', async () => {
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', '/nonexistent/token');
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::1:role/backup');
    await expect(findKey({ ...KEYS, credentialOrder: 'ambient-first' })).rejects.toThrow('/nonexistent/token');
  });

  it('as ambient-first, without an identity and keys, fails as without an order', async () => {
    await expect(findKey({ credentialOrder: 'ambient-first' })).rejects.toThrow('Could not load credentials');
  });

  it.each(['static-first', 'ambient-first'] as const)('as %s, refuses half a key', async (credentialOrder) => {
    addIdentity();
    const half = findKey({ accessKeyId: 'x', credentialOrder });
    await expect(half).rejects.toMatchObject({ code: 'S3_NO_CREDENTIALS' });
  });
});
