/** The commands of asb on runs of the Aerospike Backup Service. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metadata, writeRun } from '../support/abs.js';
import { SEALED, temporaryDirectory } from '../support/backup-files.js';
import { KEY_FILE } from '../support/codecs.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const work = temporaryDirectory();
const KEY_OPTIONS = ['--encrypt', 'aes128', '--encryption-key-file', KEY_FILE];

function asb(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ASB, ...args, '--no-config-file'], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

describe('asb', () => {
  it('lists, shows, verifies and exports runs of the service, compressed and encrypted, too', async () => {
    const text = metadata('test', { compression: 'ZSTD', encryption: 'AES128' });
    const run = join(work, 'daily', 'backup', '1777683600000');
    await writeRun(join(run, 'data', 'test'), 'test', { text, codecs: SEALED });
    const listed = await asb('list', work);
    expect(listed.stdout).toMatch(
      /^daily\/backup\/1777683600000 +COMPLETED +full +2026-05-02 01:00:00Z +test +3 +9120$/m,
    );
    const id = 'daily/backup/1777683600000';
    expect((await asb('list', work, 'daily', '--state', 'COMPLETED', '--json')).stdout).toContain(`"id": "${id}"`);
    const shown = await asb('show', join(work, id));
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('Finished:  2026-05-02 01:07:30Z')]);
    const sound = await asb('verify', run, ...KEY_OPTIONS);
    expect([sound.code, sound.stdout]).toEqual([0, expect.stringContaining('3 record(s) read')]);
    const exported = await asb('export', run, '--compress', 'zstd', ...KEY_OPTIONS);
    expect(exported.stdout.trimEnd().split('\n')).toHaveLength(3);
    rmSync(join(run, 'data', 'test', '1_test_2.asb'));
    const lost = await asb('verify', run, ...KEY_OPTIONS);
    expect(lost.code).toBe(1);
    expect(lost.stdout).toContain('There are 1 file(s), but 2 were written');
    expect(lost.stdout).toContain('The files have 2 record(s), but 3 were written');
  });
});
