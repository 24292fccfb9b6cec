import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sendMessage, signMessage } from '../../../src/service/events/webhook-request.js';

const MESSAGE = { id: 'evt_1_ops', body: '{"type":"backup.failed"}' };
const SECRET = 'a key of many characters';
const OPTIONS = {
  nowMs: 1_777_683_600_500,
  signal: new AbortController().signal,
};

interface Received {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers with the statuses in their order; a text redirects to it with 307. undefined = does not answer. */
async function listen(
  answers: readonly (number | string | undefined)[],
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answers[received.length];
      received.push({
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      if (answer === undefined) return;
      response.writeHead(
        typeof answer === 'string' ? 307 : answer,
        typeof answer === 'string' ? { location: answer } : {},
      );
      response.end('a text that nobody reads');
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
  };
}

describe('a message to a webhook', () => {
  it('is a JSON document, signed with its id and its time', async () => {
    const { url, received } = await listen([204]);
    await sendMessage(MESSAGE, { url: `${url}/hook?a=b`, secret: SECRET }, OPTIONS);
    const [{ headers, ...request }] = received as [Received];
    expect(request).toEqual({ url: '/hook?a=b', body: MESSAGE.body });
    const signature = createHmac('sha256', SECRET).update(`evt_1_ops.1777683600.${MESSAGE.body}`).digest('base64');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'evt_1_ops',
      'webhook-timestamp': '1777683600',
      'webhook-signature': `v1,${signature}`,
    });
  });

  it('is signed with the bytes of a key in base64', () => {
    const key = Buffer.from('0123456789abcdef0123456789abcdef');
    const text = `whsec_${key.toString('base64')}`;
    expect(signMessage(MESSAGE, text, 7)).toEqual(signMessage(MESSAGE, key.toString(), 7));
  });

  it('has the login of the URL in a header', async () => {
    const { url, received } = await listen([200]);
    await sendMessage(MESSAGE, { url: url.replace('//', '//user:p%40ss@'), secret: SECRET }, OPTIONS);
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  it('that is not taken fails with the status alone', async () => {
    for (const status of [199 + 101, 400, 404, 500, 503]) {
      const { url } = await listen([status]);
      const target = { url: `${url}/?token=planted-secret`, secret: SECRET };
      await expect(sendMessage(MESSAGE, target, OPTIONS)).rejects.toThrow(`the server answered ${status}`);
    }
  });

  it('follows redirects to the same host, with its body, and not to another one', async () => {
    const same = await listen(['/b', 200]);
    await sendMessage(MESSAGE, { url: `${same.url}/a`, secret: SECRET }, OPTIONS);
    expect(same.received.map(({ url, body }) => [url, body])).toEqual([
      ['/a', MESSAGE.body],
      ['/b', MESSAGE.body],
    ]);
    const other = await listen([200]);
    const first = await listen([`${other.url}/steal`]);
    await expect(sendMessage(MESSAGE, { url: first.url, secret: SECRET }, OPTIONS)).rejects.toThrow('to another host');
    expect(other.received).toEqual([]);
    const endless = await listen(['/', '/', '/', '/', '/']);
    await expect(sendMessage(MESSAGE, { url: endless.url, secret: SECRET }, OPTIONS)).rejects.toThrow(
      'more than 3 times',
    );
  });

  it('to a server that does not answer, or is not there, fails', async () => {
    const { url } = await listen([undefined]);
    const options = { ...OPTIONS, timeoutMs: 50 };
    await expect(sendMessage(MESSAGE, { url, secret: SECRET }, options)).rejects.toThrow('did not answer in time');
    const target = {
      url: 'http://127.0.0.1:1/?token=planted-secret',
      secret: SECRET,
    };
    const error = await sendMessage(MESSAGE, target, OPTIONS).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain('planted-secret');
  });
});
