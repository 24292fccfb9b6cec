import { lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FileSource, openSource } from '../../../src/service/config-source/open-source.js';
import { formatYaml } from '../../../src/service/config-source/yaml-text.js';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import { CrashFileSystem } from '../../support/crash-fs.js';
import { scratch } from '../../support/target.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function temporary(): string {
  const directory = scratch();
  cleanUps.push(() => directory.remove());
  return directory.path;
}

test('a file that everybody could read is rewritten with a comment and for its owner alone', async () => {
  const path = join(temporary(), 'c.yml');
  writeFileSync(path, 'storage: {}', { mode: 0o644 });
  const source = await openSource(path, false);
  expect(await source.read()).toBe('storage: {}');
  await source.write?.(formatYaml({ storage: {} }));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toMatch(/^# .*\nstorage: \{\}\n$/);
});

test('a link to the file stays a link', async () => {
  const directory = temporary();
  writeFileSync(join(directory, 'real.yml'), '');
  symlinkSync(join(directory, 'real.yml'), join(directory, 'c.yml'));
  const source = await openSource(join(directory, 'c.yml'), false);
  await source.write?.('storage: {}');
  expect(lstatSync(join(directory, 'c.yml')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(directory, 'real.yml'), 'utf8')).toBe('storage: {}');
});

test('a write that is interrupted at any step leaves the old or the new configuration', async () => {
  const [before, after] = ['old: 1\n', 'new: 22\n'];
  const disk = new CrashFileSystem(new Map([['/etc/abs/c.yml', Buffer.from(before)]]));
  const source = new FileSource('/etc/abs/c.yml', new LocalStorage({}, undefined, disk.fileSystem));
  await source.write(after);
  const seen = new Set<string>();
  for (let cut = 0; cut <= disk.changes.length; cut++) {
    for (let i = 0; i < 20; i++) {
      const image = disk.cutAfter(cut, () => ((i * 37 + cut * 11) % 20) / 20);
      seen.add(image.get('/etc/abs/c.yml')?.toString() ?? 'missing');
    }
  }
  expect([...seen].sort()).toEqual([after, before]);
});

test('a URL is read, and cannot be written to; its login is sent but not shown', async () => {
  let login: string | undefined;
  const server = createServer((request, response) => {
    login = request.headers.authorization;
    response.statusCode = request.url === '/c.yml?sig=pl4nted' ? 200 : 404;
    response.end('storage: {}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const source = await openSource(`http://u:pl4nted@127.0.0.1:${port}/c.yml?sig=pl4nted`, false);
  expect(await source.read()).toBe('storage: {}');
  expect(login).toBe(`Basic ${Buffer.from('u:pl4nted').toString('base64')}`);
  expect('write' in source).toBe(false);
  expect(source.description).not.toContain('pl4nted');
  const missing = await openSource(`http://u:pl4nted@127.0.0.1:${port}/none?x=pl4nted`, false);
  await expect(missing.read()).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: expect.not.stringContaining('pl4nted') as string,
  });
  await expect(missing.read()).rejects.toThrow(/the server answered 404/);
});

test('a remote configuration is the object that the path of the storage names', async () => {
  const directory = temporary();
  const target = join(directory, 'config.yml');
  writeFileSync(target, 'storage: {}');
  writeFileSync(join(directory, 'where.yml'), `local-storage: { path: ${target} }`);
  const source = await openSource(join(directory, 'where.yml'), true);
  expect(await source.read()).toBe('storage: {}');
  await source.write?.('storage: {} # new');
  expect(readFileSync(target, 'utf8')).toBe('storage: {} # new');
});

test('a remote configuration whose storage is wrong is refused', async () => {
  const path = join(temporary(), 'where.yml');
  writeFileSync(path, 's3-storage: { bucket: b }');
  await expect(openSource(path, true)).rejects.toMatchObject({
    code: 'SERVICE_INVALID',
    message: 's3-storage.s3-region: is required',
  });
});

test('a file that is missing is an error with its path', async () => {
  const source = await openSource('/nowhere/c.yml', false);
  await expect(source.read()).rejects.toThrow(/cannot read the configuration from \/nowhere\/c.yml: .*ENOENT/);
});
