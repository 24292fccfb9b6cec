/** The commands of asb on runs of the Aerospike Backup Service. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metadata, writeRun } from '../support/abs.js';
import { SEALED, temporaryDirectory } from '../support/backup-files.js';
import { writeNamespace } from '../support/catalog.js';
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

  it('verifies a storage of the service with the manifests that it writes: a changed byte is found in any run', async () => {
    const root = temporaryDirectory();
    const at = (...names: string[]): string => join(root, 'nightly', ...names);
    const runs = [
      { path: at('backup', '1777683600000'), created: '2026-05-02T01:00:00Z' },
      { path: at('incremental', '1777687200000'), created: '2026-05-02T02:00:00Z', from: '2026-05-02T01:00:00Z' },
      { path: at('incremental', '1777690800000'), created: '2026-05-02T03:00:00Z', from: '2026-05-02T02:00:00Z' },
    ];
    for (const { path, ...times } of runs) {
      await writeNamespace(join(path, 'data', 'test'), 'test');
      const text = metadata('test', { ...times, finished: times.created, 'file-count': 1 });
      writeFileSync(join(path, 'data', 'test', 'metadata.yaml'), text);
    }
    const listed = await asb('list', root, '--json');
    const entries = JSON.parse(listed.stdout) as { id: string; type: string; parent?: string; state: string }[];
    expect(entries).toMatchObject([
      { id: 'nightly/backup/1777683600000', type: 'full', state: 'COMPLETED' },
      { id: 'nightly/incremental/1777687200000', type: 'incremental', parent: 'nightly/backup/1777683600000' },
      { id: 'nightly/incremental/1777690800000', type: 'incremental', parent: 'nightly/incremental/1777687200000' },
    ]);
    const sound = await asb('verify', root, '--checksums-only', '--json');
    expect(sound.code, sound.stderr).toBe(0);
    const bytes = (JSON.parse(sound.stdout) as { bytes: number; problems: unknown[] }[]).map((result) => result.bytes);
    expect(bytes).toHaveLength(3);
    expect(Math.min(...bytes)).toBeGreaterThan(0);

    // The file can still be read to its end.
    const file = join(runs[1]!.path, 'data', 'test', 'test_00000.asb');
    const text = readFileSync(file, 'latin1');
    const digit = text.lastIndexOf('1');
    writeFileSync(file, `${text.slice(0, digit)}2${text.slice(digit + 1)}`, 'latin1');
    const changed = await asb('verify', root, '--checksums-only');
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain('does not have the checksum that was written');
    expect(changed.stderr).toContain('1 of 3 backup(s) are not sound: nightly/incremental/1777687200000');
  });

  it('reports metadata of the service that does not fit the manifest beside it, and a damaged manifest', async () => {
    const root = temporaryDirectory();
    const folder = join(root, 'nightly', 'backup', '1777683600000', 'data', 'test');
    await writeNamespace(folder, 'test');
    writeFileSync(join(folder, 'metadata.yaml'), metadata('test', { 'record-count': 4, 'file-count': 1 }));
    const other = await asb('verify', root);
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('The manifest counts 3 record(s) in 1 file(s), the metadata 4 in 1');
    writeFileSync(join(folder, 'metadata.yaml'), metadata('test', { 'file-count': 1 }));
    expect((await asb('verify', root)).code).toBe(0);
    writeFileSync(join(folder, 'manifest.json'), '{');
    const damaged = await asb('verify', root);
    expect(damaged.code).toBe(1);
    expect(damaged.stdout).toContain('manifest.json');
  });
});
