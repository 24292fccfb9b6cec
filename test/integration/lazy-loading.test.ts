/** The SDK of an object store takes a third of a second to load: who has no use for it must not wait for it. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../fixtures/backups/plain', import.meta.url));
const TELL = `process.on('exit', () => {
  const loaded = Object.keys(require('node:module')._cache).some((name) => name.includes('@aws-sdk'));
  require('node:fs').writeSync(2, loaded ? 'SDK loaded' : 'SDK not loaded');
});`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazy-'));
  await writeFile(join(folder, 'tell.cjs'), TELL);
});
afterAll(() => rm(folder, { recursive: true }));

it.each<[string, string[], string]>([
  ['asbackup', ['--version'], 'SDK not loaded'],
  ['asbackup', ['--help'], 'SDK not loaded'],
  ['asbackup', ['--remove-artifacts', '-d', 'nowhere', '--s3-region', 'x'], 'SDK not loaded'],
  ['asrestore', ['--validate', '-d', FIXTURE], 'SDK not loaded'],
  ['asrestore', ['--validate', '-d', 's3://b/k', '--s3-endpoint-override', '127.0.0.1:1'], 'SDK loaded'],
])('%s %j: %s', async (tool, args, expected) => {
  const child = spawn(process.execPath, ['--require', join(folder, 'tell.cjs'), join(BIN, tool), ...args], {
    env: { ...process.env, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise((resolve) => child.once('close', resolve));
  expect(stderr).toContain(expected);
  // Nor does it say anything of its own.
  expect(stderr).not.toContain('NodeVersionSupportWarning');
});

it('the files that every run of a program loads have compiled code beside them, which the Node.js of the build takes', () => {
  const tell = `process.on('exit', () => {
    const { scripts } = require(${JSON.stringify(join(BIN, 'load.js'))});
    const always = [...scripts].filter(([path]) => /bundle.(?:asbackup|start|core|storage|wire|backup)[-.]/.test(path));
    const taken = always.map(([, { cachedDataRejected }]) => String(cachedDataRejected));
    require('node:fs').writeSync(2, JSON.stringify({ files: taken.length, taken: [...new Set(taken)] }));
  });`;
  writeFileSync(join(folder, 'tell-taken.cjs'), tell);
  const argv = [
    '--require',
    join(folder, 'tell-taken.cjs'),
    join(BIN, 'asbackup'),
    '-n',
    'test',
    '-d',
    folder,
    '-h',
    '',
  ];
  const { stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  const { files, taken } = JSON.parse(stderr.slice(stderr.lastIndexOf('{'))) as { files: number; taken: string[] };
  expect(files).toBeGreaterThan(3);
  // Another version of Node.js takes none of them.
  expect(['false', 'true']).toContain(taken.join());
});
