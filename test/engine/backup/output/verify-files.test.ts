/** A backup that is called complete although a file is gone is a backup that nobody misses until it is needed. */
import { mkdtemp, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PartitionProgress } from '../../../../src/engine/backup/checkpoint/partition-progress.js';
import type { BackupConfig } from '../../../../src/engine/backup/config.js';
import { verifyFiles } from '../../../../src/engine/backup/output/verify-files.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';

const storages = new StorageRegistry();
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'verify-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A file of this run and one of an earlier run, each of ten bytes and three records. */
async function writeFiles() {
  const name = join(root, 'test_00000.asb');
  const sink = await (await storages.forPath(name)).create(name, 0);
  await sink.write(Buffer.from('0123456789'));
  await sink.close();
  await writeFile(join(root, 'test_00001.asb'), '0123456789');
  const finished = [{ name, bytes: 10, ...(sink.identity === undefined ? {} : { identity: sink.identity }) }];
  const files = ['test_00000.asb', 'test_00001.asb'].map((file) => ({ name: file, bytes: 10, records: 3 }));
  const state = {
    runId: 'r',
    target: root,
    identity: {},
    cluster: { name: '', nodes: [] },
    filters: [],
    cursors: new PartitionProgress(),
    files,
    counters: { records: 6, bytes: 20, sindexes: 0, udfs: 0 },
  };
  const config = { target: { kind: 'directory', path: root }, storages } as unknown as BackupConfig;
  return { name, verify: () => verifyFiles(finished, state, config) };
}

describe('files of a backup', () => {
  it('that are as they were written are complete', async () => {
    await (await writeFiles()).verify();
  });

  it.each<[string, (name: string) => Promise<void>, RegExp]>([
    ['deleted', (name) => rm(name), /was deleted/],
    ['truncated', (name) => truncate(name, 4), /has 4 bytes, but 10 were written/],
    [
      'replaced by another of the same size',
      async (name) => {
        await writeFile(`${name}.new`, 'abcdefghij');
        await utimes(`${name}.new`, 1, 1);
        await rename(`${name}.new`, name);
      },
      /was replaced/,
    ],
  ])('of which one was %s after it was finished are not complete', async (_what, change, reason) => {
    const { name, verify } = await writeFiles();
    await change(name);
    await expect(verify()).rejects.toMatchObject({ code: 'OUTPUT_CHANGED', lostRecords: 3 });
    await expect(verify()).rejects.toThrow(reason);
  });

  it('of which one of an earlier run is gone are not complete', async () => {
    const { verify } = await writeFiles();
    await rm(join(root, 'test_00001.asb'));
    await expect(verify()).rejects.toMatchObject({ lostRecords: 3, reasons: [expect.stringContaining('00001')] });
  });
});
