/** The HTTPS listener: certificates of clients, files that change, protocols. */
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../../src/core/log.js';
import { logText, toLogEvent } from '../../../src/core/log.js';
import { checkService } from '../../../src/service/document/rules/service-rules.js';
import { Certificates } from '../../../src/service/http/certificates.js';
import { cipherList, SECURE_SUITES } from '../../../src/service/http/cipher-suites.js';
import type { HttpsSettings } from '../../../src/service/document/schema/service-settings.js';
import { startHttp, type HttpServer } from '../../../src/service/http/server.js';
import { Authority, pem, type Pair } from '../../support/certificate-authority.js';
import { createServices } from './fakes.js';

const SAN = 'IP:127.0.0.1,DNS:localhost';
const PASSWORD = 'sesame';

let dir: string;
let authority: Authority;
let server1: Pair;
let server2: Pair;
let encrypted: Pair;
let client: Pair;
let stranger: Pair;
/** Copies that tests may change. */
let files: { 'cert-file': string; 'key-file': string };
const running: HttpServer[] = [];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'service-https-'));
  authority = new Authority(dir, 'ca');
  server1 = authority.sign('server1', { san: SAN });
  server2 = authority.sign('server2', { san: SAN });
  encrypted = authority.sign('encrypted', { san: SAN, password: PASSWORD });
  client = authority.sign('client', { usage: 'clientAuth' });
  stranger = new Authority(dir, 'other').sign('stranger', { usage: 'clientAuth' });
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

beforeEach(() => {
  files = { 'cert-file': join(dir, 'in-use.pem'), 'key-file': join(dir, 'in-use.key') };
  install(server1);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

function install({ cert, key }: Pair): void {
  copyFileSync(cert, files['cert-file']);
  copyFileSync(key, files['key-file']);
}

async function start(settings: HttpsSettings = {}): Promise<{ port: number; urls: readonly string[] }> {
  const services = createServices({ https: { address: '127.0.0.1', port: 0, ...files, ...settings } });
  const server = await startHttp(services);
  running.push(server);
  return { port: Number(new URL(server.urls[0]!).port), urls: server.urls };
}

/** The status of `/health`. */
async function ask(port: number, options: RequestOptions = {}): Promise<number> {
  const agent = new Agent({ keepAlive: false });
  const sent = request({ host: '127.0.0.1', port, path: '/health', ca: pem(authority.cert), agent, ...options });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode!;
}

/** What client and server agree on. */
async function shake(port: number, options: ConnectionOptions): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca: pem(authority.cert), ...options });
  await once(socket, 'secureConnect');
  const agreed = [socket.getProtocol(), socket.getCipher().standardName, socket.getPeerCertificate().subject.CN].join(
    ' ',
  );
  socket.destroy();
  return agreed;
}

const asClient = ({ cert, key }: Pair): RequestOptions => ({ cert: pem(cert), key: pem(key) });

describe('HTTPS', () => {
  it('is the only listener if it alone is configured (BKRS-413)', async () => {
    const { port, urls } = await start();
    expect(urls).toEqual([`https://127.0.0.1:${port}/`]);
    expect(await ask(port)).toBe(200);
  });

  it('opens an encrypted key with its password, and does not start without it', async () => {
    install(encrypted);
    expect(await ask((await start({ 'key-file-password': PASSWORD })).port)).toBe(200);
    for (const settings of [{ 'key-file-password': 'wrong' }, {}]) {
      await expect(start(settings)).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
    }
  });

  it('does not start without its files, or with those of two pairs, and names what is wrong', async () => {
    await expect(start({ 'cert-file': join(dir, 'none.pem') })).rejects.toMatchObject({
      code: 'SERVICE_INVALID',
      message: expect.stringMatching(/^service\.https\.cert-file: cannot read .*none\.pem: no such file/) as string,
    });
    await expect(start({ 'key-file': server2.key })).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  });
});

describe('certificates of clients', () => {
  it('are required and verified: nobody without one of the authority gets an answer', async () => {
    const { port } = await start({ 'client-auth': 'require-and-verify', 'client-ca-file': authority.cert });
    expect(await ask(port, asClient(client))).toBe(200);
    await expect(ask(port)).rejects.toThrow();
    await expect(ask(port, asClient(stranger))).rejects.toThrow();
  });

  it('are only requested: everybody gets an answer', async () => {
    const { port } = await start({ 'client-auth': 'request', 'client-ca-file': authority.cert });
    expect([await ask(port), await ask(port, asClient(client)), await ask(port, asClient(stranger))]).toEqual([
      200, 200, 200,
    ]);
  });
});

describe('protocols of the HTTPS listener', () => {
  it('are TLS 1.2 and 1.3 with suites that are safe, so that traffic cannot be decrypted later (BKRS-418)', async () => {
    const { port } = await start();
    expect(await shake(port, {})).toMatch(/^TLSv1\.3 /);
    expect(await shake(port, { maxVersion: 'TLSv1.2' })).toMatch(
      /^TLSv1\.2 TLS_ECDHE_\w+_WITH_(?:AES_\d+_GCM|CHACHA20)/,
    );
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await expect(shake(port, old)).rejects.toThrow();
    for (const ciphers of [
      'AES128-SHA',
      'AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES128-SHA',
      'AECDH-AES128-SHA:@SECLEVEL=0',
    ]) {
      await expect(shake(port, { maxVersion: 'TLSv1.2', ciphers }), ciphers).rejects.toThrow();
    }
  });

  it('are TLS 1.3 alone if that is the lowest version', async () => {
    const { port } = await start({ 'min-version': '1.3' });
    expect(await shake(port, {})).toMatch(/^TLSv1\.3 /);
    await expect(shake(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('have the suites that are configured, and those of TLS 1.3', async () => {
    const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
    const { port } = await start({ 'cipher-suites': [suite] });
    expect(await shake(port, { maxVersion: 'TLSv1.2' })).toContain(`TLSv1.2 ${suite} `);
    await expect(shake(port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).rejects.toThrow();
    expect(await shake(port, {})).toMatch(/^TLSv1\.3 /);
  });

  it('are refused in a configuration if they are not safe (BKRS-418)', () => {
    const https = {
      'cert-file': 'a',
      'key-file': 'b',
      'cipher-suites': [SECURE_SUITES[5]!, 'TLS_RSA_WITH_RC4_128_SHA'],
    };
    expect(checkService({ service: { https } })).toEqual([
      expect.stringMatching(
        /^service\.https\.cipher-suites\[1\]: "TLS_RSA_WITH_RC4_128_SHA" is no secure suite; allowed: /,
      ),
    ]);
  });

  it('know no suite without forward secrecy, and ignore unknown ones', () => {
    expect(SECURE_SUITES.filter((name) => !/^TLS_(?:ECDHE_|AES_|CHACHA20_)/.test(name))).toEqual([]);
    expect(cipherList(['TLS_RSA_WITH_RC4_128_SHA', 'constructor'])).toMatch(/^TLS_\w+:TLS_\w+:TLS_\w+$/);
  });
});

describe('changed files of certificates', () => {
  /** A server of its own, so that a test says when files are read. */
  async function startPolled(settings: HttpsSettings = {}) {
    const lines: string[] = [];
    const log: Log = {
      info: (line) => void lines.push(`${toLogEvent(line).warning === true ? 'warning' : 'info'} ${logText(line)}`),
      error: (line) => void lines.push(`error ${logText(line)}`),
      verbose: () => undefined,
    };
    const certificates = await Certificates.load({ ...files, ...settings }, undefined, log);
    const server = createServer(certificates.options, (_request, response) => response.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ urls: [], stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const { port } = server.address() as { port: number };
    return { lines, port, poll: () => certificates.poll(server), server, certificates };
  }

  it('are used by new connections without a restart', async () => {
    const { poll, port, lines } = await startPolled();
    expect(await shake(port, {})).toMatch(/ server1$/);
    await poll();
    install(server2);
    await poll();
    await poll();
    expect(await shake(port, {})).toMatch(/ server2$/);
    expect(lines).toEqual(['info The certificates of the HTTPS listener were read again']);
  });

  it('that do not fit together or are gone are reported once, and the old ones stay in use', async () => {
    const { poll, port, lines } = await startPolled();
    copyFileSync(server2.cert, files['cert-file']);
    await poll();
    await poll();
    writeFileSync(files['cert-file'], 'nothing');
    await poll();
    rmSync(files['cert-file']);
    await poll();
    await poll();
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toMatch(/^warning Warning: the HTTPS listener goes on with the certificates it has: service\.https/);
    }
    expect(await shake(port, {})).toMatch(/ server1$/);
    install(server2);
    await poll();
    expect(await shake(port, {})).toMatch(/ server2$/);
  });

  it('are looked for again and again', async () => {
    const { port, server, certificates } = await startPolled();
    install(server2);
    const swapped = new Promise<void>((resolve) => {
      const original = server.setTicketKeys.bind(server);
      server.setTicketKeys = (keys) => {
        original(keys);
        resolve();
      };
    });
    certificates.watch(server, 5);
    await swapped;
    certificates.stop();
    expect(await shake(port, {})).toMatch(/ server2$/);
  });
});
