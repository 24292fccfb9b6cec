import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AzureSettings } from '../../../src/storage/azure/config.js';
import { connectAzure, type AzureConnection } from '../../../src/storage/azure/sdk.js';

const ACCOUNT = { accountName: 'account', accountKey: Buffer.from('key').toString('base64') };
const requests: { server: string }[] = [];
const servers = ['service', 'proxy'].map((server) =>
  createServer((request: IncomingMessage, answer) => {
    requests.push({ server });
    request.resume().on('end', () => answer.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end());
  }),
);
const [service, proxy] = servers as [(typeof servers)[0], (typeof servers)[0]];
const address = (server: typeof service): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const server of servers) server.close();
});

function connect(more: Partial<AzureSettings>): Promise<AzureConnection> {
  const endpoint = `http://${address(service)}/account`;
  return connectAzure({ ...ACCOUNT, endpoint, ...more }, () => undefined);
}

async function findBlob(proxySettings?: { http: string; exceptions: readonly string[] }): Promise<string[]> {
  requests.length = 0;
  const connection = await connect(proxySettings === undefined ? {} : { proxy: proxySettings });
  await connection.service.getContainerClient('c').getBlobClient('b').exists();
  return requests.map(({ server }) => server);
}

describe('the connection to Azure', () => {
  it('goes through a proxy only if that is asked for (the SDK takes that of the environment)', async () => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'ALL_PROXY']) {
      vi.stubEnv(name, `http://${address(proxy)}`);
    }
    expect(await findBlob()).toEqual(['service']);
    expect(await findBlob({ http: `http://${address(proxy)}`, exceptions: [] })).toEqual(['proxy']);
    expect(await findBlob({ http: `http://${address(proxy)}`, exceptions: ['127.0.0.1'] })).toEqual(['service']);
  });
});
