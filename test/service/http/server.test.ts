/** Listeners over real sockets: limits of time and rate, and what comes before HTTP. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceSettings } from '../../../src/service/document/schema/service-settings.js';
import { ENDPOINTS } from '../../../src/service/http/endpoints.js';
import { chooseListeners, startHttp, type HttpServer } from '../../../src/service/http/server.js';
import { createServices, type FakeServices } from './fakes.js';
import { request as sampleRequest } from './scenarios.js';

const LOCAL = { address: '127.0.0.1', port: 0 };

const servers: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(http: ServiceSettings['http'] = {}, services = createServices({ http: { ...LOCAL, ...http } })) {
  const server = await startHttp(services);
  servers.push(server);
  return { url: server.urls[0]!, port: Number(new URL(server.urls[0]!).port), services, server };
}

/** A connection that has sent a text. */
async function send(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** Asks with the path as it is; `fetch` would resolve its dots. */
async function ask(port: number, path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: false });
  request.end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, body: await readText(answer) };
}

describe('listeners', () => {
  it('are plain HTTP if nothing is configured, and do not listen where they are disabled', () => {
    expect(chooseListeners({})).toEqual({ http: {}, https: undefined });
    expect(chooseListeners({ http: { disabled: true } })).toEqual({ http: undefined, https: undefined });
    expect(chooseListeners({ http: {}, https: { port: 1 } })).toEqual({ http: {}, https: { port: 1 } });
    expect(chooseListeners({ https: { disabled: true } })).toEqual({ http: {}, https: undefined });
  });

  it('offer nothing unencrypted to the network where only HTTPS is configured (BKRS-413)', () => {
    expect(chooseListeners({ https: { port: 1 } })).toEqual({ http: undefined, https: { port: 1 } });
  });

  it('have URLs with the context path', async () => {
    const { url, services } = await start({ 'context-path': '/abs' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/abs\/$/);
    expect(services.lines).toEqual([`Listening on ${url}`]);
    expect(await (await fetch(`${url}health`)).text()).toBe('Ok');
  });

  it('that cannot listen say where and why', async () => {
    const { port } = await start();
    const services = createServices({ http: { ...LOCAL, port } });
    await expect(startHttp(services)).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringContaining(`cannot listen on http://127.0.0.1:${port}: `) as string,
    });
  });

  it('answer with the request that has arrived before they stop', async () => {
    const { url, services, server } = await start();
    let open = (): void => undefined;
    services.gate = new Promise((resolve) => (open = resolve));
    const entered = watchCalls(services, 'listAll');
    const answer = fetch(`${url}v1/backups/full`);
    await entered;
    const stopped = server.stop();
    open();
    expect((await answer).status).toBe(200);
    await stopped;
  });
});

/** Resolves when the listing is asked. */
function watchCalls({ listing }: FakeServices, name: 'listAll'): Promise<void> {
  return new Promise((resolve) => {
    const original = listing[name].bind(listing);
    listing[name] = (type, bounds) => {
      resolve();
      return original(type, bounds);
    };
  });
}

describe('a client', () => {
  it('whose body is slow is cut off by the read timeout, so that it cannot hold a connection', async () => {
    const { port, services } = await start({ 'read-timeout': 300 });
    const head = 'PUT /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"a":';
    const socket = await send(port, head);
    expect(await readText(socket)).toMatch(
      /^HTTP\/1\.1 408 Request Timeout\r\nContent-Type: text\/plain; charset=utf-8\r\n/,
    );
    expect(services.calls).toEqual([]);
  });

  it('whose header is slow is cut off by the header timeout', async () => {
    const { port } = await start({ timeout: 200 });
    const socket = await send(port, 'GET /health HTTP/1.1\r\nHost: ');
    expect(await readText(socket)).toMatch(/^HTTP\/1\.1 408 [^]*\r\n\r\nthe request did not arrive in time\n$/);
  });

  it('that asks for nothing more is disconnected by the idle timeout', async () => {
    const { port } = await start({ 'idle-timeout': 100 });
    const socket = await send(port, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readText(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*Ok$/);
  });

  it('whose answer takes too long is disconnected by the write timeout', async () => {
    const { port, services } = await start({ 'write-timeout': 100 });
    services.gate = new Promise(() => undefined);
    const socket = await send(port, 'GET /v1/backups/full HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readText(socket)).toBe('');
  });

  it('that speaks no HTTP, or sends a header of 100 kB, is told so as text', async () => {
    const { port } = await start();
    const nonsense = await readText(await send(port, '\x16\x03\x01 hello\r\n\r\n'));
    expect(nonsense).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: text\/plain[^]*\r\n\r\ninvalid request: .*\n$/,
    );
    const long = await readText(await send(port, `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`));
    expect(long).toMatch(/^HTTP\/1\.1 431 [^]*\r\n\r\nrequest header too large\n$/);
  });

  it('that hangs up does not end what it has started', async () => {
    const { port, services } = await start();
    let open = (): void => undefined;
    services.gate = new Promise((resolve) => (open = resolve));
    const finished = new Promise<void>((resolve) => {
      const original = services.jobs.startByPath.bind(services.jobs);
      services.jobs.startByPath = async (value) => {
        socket.destroy();
        const id = await original(value);
        resolve();
        return id;
      };
    });
    const body = '{"source-name":"s1"}';
    const socket = await send(
      port,
      `POST /v1/restore/full HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'close');
    open();
    await finished;
    expect(services.calls).toEqual([`startByPath(${body})`]);
    expect((await ask(port, '/health')).status).toBe(200);
  });

  it('that sends more than 8 MiB is told so before it has sent all', async () => {
    const { port } = await start();
    const head = 'PUT /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\n';
    expect(await readText(await send(port, head))).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\nrequest body too large\n$/);
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const socket = await send(port, 'PUT /v1/config HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    // It goes on sending: that must not take the answer from it.
    for (let i = 0; i < 200 && socket.writable; i++) {
      if (!socket.write(chunk))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    }
    while (answer === '' && !socket.closed) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('whose path leads out of the configuration gets nothing', async () => {
    const { port, services } = await start();
    for (const path of ['/v1/config/storage/..', '/v1/config/storage/.', '/v1/backups/full/%2e%2e']) {
      expect([path, (await ask(port, path)).status]).toEqual([path, 400]);
    }
    expect((await ask(port, '/v1/config/storage/../../../etc/passwd')).status).toBe(404);
    expect(services.calls).toEqual([]);
  });
});

describe('a client above the rate', () => {
  it('is answered with 429 as text on every endpoint', async () => {
    const { url, services } = await start({ rate: { tps: 1, size: 0 } });
    for (const endpoint of ENDPOINTS) {
      const { method, url: path, payload } = sampleRequest(endpoint);
      const answer = await fetch(new URL(path as string, url), {
        method: method!,
        ...(payload === undefined ? {} : { body: payload as string }),
      });
      expect([endpoint.id, answer.status, await answer.text()]).toEqual([endpoint.id, 429, 'Too Many Requests\n']);
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(services.calls).toEqual([]);
  });

  it('is not limited if it is in the white list', async () => {
    const { url } = await start({ rate: { tps: 1, size: 0, 'white-list': ['127.0.0.0/8'] } });
    expect((await fetch(`${url}health`)).status).toBe(200);
  });
});
