/** A program with one worker starts no thread for it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTarget, type Target } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
const FILE = fileURLToPath(new URL('../fixtures/backups/file.asb', import.meta.url));
const TELL = `const threads = require('node:worker_threads');
let started = 0;
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    started++;
  }
};
require('node:module').syncBuiltinESMExports();
process.on('exit', () => {
  if (threads.isMainThread) require('node:fs').writeSync(2, 'threads started: ' + started);
});`;

let folder = '';
let target: Target;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'no-thread-'));
  await writeFile(join(folder, 'tell.cjs'), TELL);
  target = await openTarget();
});
afterAll(async () => {
  await target.close();
  await rm(folder, { recursive: true });
});

it.each<[string, () => string[]]>([
  ['a validation of one file', () => ['--validate', '-i', FILE]],
  ['a restore of one file', () => [...target.args, '-i', FILE]],
])('%s', async (_, args) => {
  const child = spawn(process.execPath, ['--require', join(folder, 'tell.cjs'), BIN, ...args()], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('threads started: 0');
});
