/** The web console as it is served. */
import fastify, { type FastifyInstance } from 'fastify';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { addConsole } from '../../../src/service/console/add-console.js';
import { readConsoleFiles } from '../../../src/service/console/console-files.js';

const MAX_GZIPPED_BYTES = 150 * 1024;
const apps: FastifyInstance[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

function start(prefix = ''): FastifyInstance {
  const app = fastify();
  addConsole(app, { prefix });
  apps.push(app);
  return app;
}

const files = await readConsoleFiles();
const assets = [...files.keys()].filter((path) => path.startsWith('assets/'));

describe('files of the console', () => {
  it('of the build, a page, a script, a style sheet and an icon with hashes in their names', () => {
    expect(files.has('')).toBe(true);
    expect(assets.map((path) => path.replace(/-[\w-]{8}\./, '-HASH.')).sort()).toEqual([
      'assets/console-HASH.css',
      'assets/console-HASH.js',
      'assets/icon-HASH.svg',
    ]);
  });

  it('all together, at most 150 KiB compressed', () => {
    const sizes = [...files.values()].map(({ plain }) => gzipSync(plain).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
  });

  it('the page, no inline script, style or handler, and only files of its own', () => {
    const page = files.get('')!.plain.toString('utf8');
    expect(page).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/);
    const references = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(references.sort()).toEqual(assets.sort());
  });

  it('a folder that is not there, none', async () => {
    expect((await readConsoleFiles(new URL('file:///nowhere/'))).size).toBe(0);
  });
});

describe.each(['', '/abs'])('console below %j', (prefix) => {
  it('without the slash at the end, is redirected to it', async () => {
    const answer = await start(prefix).inject(`${prefix}/ui`);
    expect([answer.statusCode, answer.headers.location]).toEqual([301, `${prefix}/ui/`]);
  });

  it('the page, is asked for again each time, and is not sent again if it is the same', async () => {
    const app = start(prefix);
    const first = await app.inject(`${prefix}/ui/`);
    expect(first.statusCode).toBe(200);
    expect(first.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    const again = await app.inject({
      url: `${prefix}/ui/`,
      headers: { 'if-none-match': `W/${String(first.headers.etag)}` },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it('a file with a hash, is kept for ever, and compressed for those who take it', async () => {
    const app = start(prefix);
    const [path] = assets;
    const plain = await app.inject({ url: `${prefix}/ui/${path!}`, headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await app.inject({ url: `${prefix}/ui/${path!}`, headers: { 'accept-encoding': 'br, gzip' } });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
  });

  it('anything else, is not found, whatever the path tries', async () => {
    const app = start(prefix);
    for (const path of [
      'nothing',
      'assets/',
      '../package.json',
      '..%2f..%2fpackage.json',
      '%2e%2e/package.json',
      'assets/%00',
    ]) {
      const answer = await app.inject(`${prefix}/ui/${path}`);
      expect([path, answer.statusCode]).toEqual([path, 404]);
    }
  });

  it('every answer, forbids all but its own files, frames and other types', async () => {
    const app = start(prefix);
    for (const path of ['', ...assets, 'nothing']) {
      const { headers } = await app.inject(`${prefix}/ui/${path}`);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    }
  });
});
