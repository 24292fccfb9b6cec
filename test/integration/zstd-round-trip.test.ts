/** A compressed and encrypted backup there and back: the integration test that runs on every supported Node.js. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { differences, openTarget, readBackup, readRecords, run, scratch, type Target } from '../support/target.js';

const GOLDEN = fileURLToPath(new URL('../fixtures/backups/', import.meta.url));
const CODECS = ['-z', 'zstd', '-y', 'aes256', '--encryption-key-file', join(GOLDEN, 'key.pem')];
const folder = scratch();

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.close();
  folder.remove();
});

async function succeed(tool: 'asbackup' | 'asrestore', ...args: string[]): Promise<void> {
  const { code, stderr } = await run(tool, [...target.args, ...args]);
  expect(code, stderr).toBe(0);
}

it('records that the C tool compressed and encrypted, are the same after a restore, a backup, and both again', async () => {
  const wanted = readRecords(readBackup(join(GOLDEN, 'plain')));
  const [stored, plain] = [join(folder.path, 'stored'), join(folder.path, 'plain')];
  await target.empty();
  await succeed('asrestore', '-d', join(GOLDEN, 'zstd-aes256'), ...CODECS);
  await succeed('asbackup', '-n', 'test', '-d', stored, '-w', '2', ...CODECS);
  await target.empty();
  await succeed('asrestore', '-d', stored, ...CODECS);
  await succeed('asbackup', '-n', 'test', '-d', plain);
  expect(differences(wanted, readRecords(readBackup(plain)))).toEqual([]);
});
