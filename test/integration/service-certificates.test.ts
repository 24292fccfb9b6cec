/** Client certificates over TLS: who has which scope, with real connections to a whole service. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runService } from '../../dist/service/service.js';
import type { Log } from '../../src/core/log.js';
import { Authority, pem, type Pair } from '../support/certificate-authority.js';
import { findFreePort } from '../support/free-port.js';
import { scratch } from '../support/target.js';

const SILENT: Log = { info: () => undefined, error: () => undefined, verbose: () => undefined };
const folder = scratch();
let authority: Authority;
let reader: Pair;
let stranger: Pair;
let impostor: Pair;
const stops: (() => Promise<void>)[] = [];

beforeAll(() => {
  authority = new Authority(folder.path, 'ca');
  reader = authority.sign('reader', { usage: 'clientAuth' });
  stranger = authority.sign('stranger', { usage: 'clientAuth' });
  // The right name, from an authority that nobody knows.
  impostor = new Authority(folder.path, 'other').sign('impostor', { cn: 'reader', usage: 'clientAuth' });
});
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  folder.remove();
});

async function start(clientAuth: 'request' | 'require-and-verify'): Promise<number> {
  const server = authority.sign(`server-${clientAuth}`, { san: 'IP:127.0.0.1' });
  const port = await findFreePort();
  const document = {
    service: {
      http: { disabled: true },
      https: {
        ...{ address: '127.0.0.1', port, 'cert-file': server.cert, 'key-file': server.key },
        'client-auth': clientAuth,
        'client-ca-file': authority.cert,
      },
    },
    access: { certificates: { reporting: { subject: 'CN=reader', scope: 'read' } }, open: [] },
  };
  const config = join(folder.path, `${clientAuth}.yml`);
  writeFileSync(config, JSON.stringify(document));
  const stopping = new AbortController();
  let stdout: (text: string) => void = () => undefined;
  const listening = new Promise<void>((resolve) => {
    stdout = (text) => {
      if (text.includes('Listening on')) resolve();
    };
  });
  const options = { config, isRemote: false, dataDirectory: undefined, stdout, log: SILENT, signal: stopping.signal };
  const service = runService(options);
  stops.push(async () => {
    stopping.abort();
    await service;
  });
  await Promise.race([listening, service]);
  return port;
}

/** The status, and the document of the answer. */
async function ask(
  port: number,
  client: Pair | undefined,
  { method = 'GET', path = '/v2/session' } = {},
): Promise<{ status: number; body: unknown }> {
  const sent = request({
    ...{ host: '127.0.0.1', port, path, method, ca: pem(authority.cert), agent: new Agent({ keepAlive: false }) },
    ...(client === undefined ? {} : { cert: pem(client.cert), key: pem(client.key) }),
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: answer.statusCode!, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

describe('a client certificate', () => {
  it('that the listener only requests, gives its subject the scope that the configuration says', async () => {
    const port = await start('request');
    expect(await ask(port, reader)).toMatchObject({
      status: 200,
      body: { name: 'reporting', kind: 'certificate', scopes: ['read'] },
    });
    expect(await ask(port, reader, { method: 'DELETE', path: '/v2/backups/s1/one' })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    // Of the same authority under another name, of another authority under the right name, and none at all.
    for (const client of [stranger, impostor, undefined]) {
      expect(await ask(port, client)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
  });

  it('that the listener requires, is the condition of a connection; its subject decides the rest', async () => {
    const port = await start('require-and-verify');
    expect(await ask(port, reader)).toMatchObject({ status: 200, body: { scopes: ['read'] } });
    expect(await ask(port, stranger)).toMatchObject({ status: 401 });
    await expect(ask(port, impostor)).rejects.toThrow();
    await expect(ask(port, undefined)).rejects.toThrow();
  });
});
