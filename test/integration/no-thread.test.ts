/** The first worker of a program has no thread, the further ones have small ones. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTarget, type Target } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
const FILE = fileURLToPath(new URL('../fixtures/backups/file.asb', import.meta.url));
const DIRECTORY = fileURLToPath(new URL('../fixtures/backups/parallel4', import.meta.url));
/** Of two workers that are asked for. */
const FURTHER = Math.min(2, availableParallelism()) - 1;
const TELL = `const threads = require('node:worker_threads');
let started = 0;
let youngMib = [];
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    started++;
    youngMib.push(this.resourceLimits.maxYoungGenerationSizeMb);
  }
};
require('node:module').syncBuiltinESMExports();
process.on('exit', () => {
  if (threads.isMainThread) require('node:fs').writeSync(2, 'threads started: ' + started + ', young generations: ' + youngMib + ' MiB');
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

const TWO = ['-d', DIRECTORY, '--parallel', '2'];
it.each<[string, number, () => string[]]>([
  ['a validation of one file', 0, () => ['--validate', '-i', FILE]],
  ['a restore of one file', 0, () => [...target.args, '-i', FILE]],
  ['a validation of several files by two workers', FURTHER, () => ['--validate', ...TWO]],
  ['a restore of several files by two workers', FURTHER, () => [...target.args, '--no-generation', ...TWO]],
])('%s starts %i thread(s)', async (_, threads, args) => {
  const child = spawn(process.execPath, ['--require', join(folder, 'tell.cjs'), BIN, ...args()], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(code, stderr).toBe(0);
  const young = Array.from({ length: threads }, () => '3');
  expect(stderr).toContain(`threads started: ${threads}, young generations: ${young.join()} MiB`);
});
