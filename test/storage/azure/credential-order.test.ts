import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AzureSettings } from '../../../src/storage/azure/config.js';
import { connectAzure } from '../../../src/storage/azure/sdk.js';

const KEY = { accountName: 'account', accountKey: Buffer.from('key').toString('base64') };
const SAS = 'sv=2024-01-01&sig=signature';
/** The request that the store got. */
let received: { url: string; authorization: string | undefined } | undefined;
const store = createServer((request, answer) => {
  received = { url: request.url ?? '', authorization: request.headers.authorization };
  answer.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end();
});
let identityStatus = 200;
/** Answers as the identity of a container or of an application of Azure does. */
const identity = createServer((_, answer) => {
  const body = { access_token: 'of-machine', expires_on: '4102444800', resource: 'storage', token_type: 'Bearer' };
  answer.writeHead(identityStatus, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
const address = (server: typeof store): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  for (const server of [store, identity]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
});
beforeEach(() => {
  identityStatus = 200;
  received = undefined;
  for (const name of ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET']) vi.stubEnv(name, undefined);
  // No source has an identity, and none is looked for in the network.
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'EnvironmentCredential');
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  for (const server of [store, identity]) server.close();
});

function addIdentity(): void {
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'ManagedIdentityCredential');
  vi.stubEnv('IDENTITY_ENDPOINT', `${address(identity)}/msi/token`);
  vi.stubEnv('IDENTITY_HEADER', 'header');
}

/** How the store is asked: with the key, with the SAS or with the identity of the machine. */
async function findKind(settings: AzureSettings, sas = ''): Promise<string> {
  const endpoint = `${address(store)}/account${sas === '' ? '' : `?${sas}`}`;
  const { service } = await connectAzure({ endpoint, ...settings }, () => undefined);
  const credential = (service as unknown as { credential: { constructor: { name: string } } }).credential;
  // Tokens are sent to https alone, so that nothing is asked with one.
  if (credential.constructor.name === 'DefaultAzureCredential') return `identity at ${service.url}`;
  await service.getContainerClient('c').getBlobClient('b').exists();
  return received?.authorization?.split(' ')[0] ?? (received?.url.includes('sig=signature') === true ? 'SAS' : 'none');
}

describe('the order of credentials of Azure', () => {
  it('by default and as static-first, takes the key or the SAS of the settings before the identity', async () => {
    addIdentity();
    expect(await findKind(KEY)).toBe('SharedKey');
    expect(await findKind({ ...KEY, credentialOrder: 'static-first' })).toBe('SharedKey');
    expect(await findKind({ credentialOrder: 'static-first' }, SAS)).toBe('SAS');
  });

  it('as ambient-first, takes the key or the SAS of the settings only if there is no identity', async () => {
    const order = { credentialOrder: 'ambient-first' } as const;
    expect(await findKind({ ...KEY, ...order })).toBe('SharedKey');
    expect(await findKind(order, SAS)).toBe('SAS');
    addIdentity();
    expect(await findKind({ ...KEY, ...order })).toMatch(/^identity/);
    expect(await findKind(order, SAS)).toBe(`identity at ${address(store)}/account`);
  });

  it('as ambient-first, does not take the key if the identity gets no token', async () => {
    addIdentity();
    identityStatus = 400;
    expect(await findKind({ ...KEY, credentialOrder: 'ambient-first' })).toMatch(/^identity/);
  });

  it('as ambient-first, without an identity, refuses a part of an application', async () => {
    const part = findKind({ tenantId: 't', clientId: 'c', credentialOrder: 'ambient-first' });
    await expect(part).rejects.toMatchObject({ code: 'AZBLOB_NO_CREDENTIALS' });
  });
});
