/** How many threads a backup starts: its first worker needs none where the main thread has nothing else to do. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer } from '../support/target.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
const COUNT_THREADS = `
const threads = require('node:worker_threads');
const { Worker } = threads;
let started = 0;
threads.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    started++;
  }
};
if (threads.isMainThread) process.on('exit', () => require('node:fs').writeSync(1, String(started)));`;

const scratch = mkdtempSync(join(tmpdir(), 'backup-threads-'));
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  writeFileSync(join(scratch, 'count.cjs'), COUNT_THREADS);
  server = await startServer([]);
});

afterAll(async () => {
  await server.stop();
  rmSync(scratch, { recursive: true });
});

it.each<[string, number, string[]]>([
  ['one worker to a directory', 0, ['-w', '1', '-d', 'one']],
  ['two workers to a directory', 1, ['-w', '2', '-d', 'two']],
  ['two workers to a file, which the main thread writes', 2, ['-w', '2', '-o', 'two.asb']],
])('%s: %i threads', (_, threads, args) => {
  const reach = ['--no-config-file', '-h', server.host, '-p', String(server.port), '-n', 'test'];
  const argv = ['--require', join(scratch, 'count.cjs'), ASBACKUP, ...reach, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: scratch, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  expect(stdout).toBe(String(threads));
});
