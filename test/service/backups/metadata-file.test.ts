import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatTime, METADATA_NAME, readMetadata, writeMetadata } from '../../../src/service/backups/metadata-file.js';
import type { BackupMetadata } from '../../../src/service/backups/metadata-file.js';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import { scratch } from '../../support/target.js';

const FULL: BackupMetadata = {
  created: '2026-05-02T01:00:00.000Z',
  finished: '2026-05-02T01:07:30.125Z',
  namespace: 'orders',
  records: 81234,
  bytes: 9120033,
  files: 9,
  sindexes: 2,
  udfs: 0,
  compressed: true,
};
const TEXT = `created: 2026-05-02T01:00:00Z
finished: 2026-05-02T01:07:30.125Z
from: 0001-01-01T00:00:00Z
namespace: orders
record-count: 81234
byte-count: 9120033
file-count: 9
secondary-index-count: 2
udf-count: 0
compression: ZSTD
encryption: NONE
`;

function target(): { path: string; storage: LocalStorage } {
  const folder = scratch();
  onTestFinished(() => folder.remove());
  return { path: join(folder.path, METADATA_NAME), storage: new LocalStorage() };
}

describe('metadata.yaml', () => {
  it('metadata of a full backup, written, is the text that ABS writes and reads back', async () => {
    const { path, storage } = target();
    await writeMetadata(path, FULL, storage);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    expect(await readMetadata(path, storage)).toEqual(FULL);
  });

  it('metadata of an increment, with a bound and encryption, reads back', async () => {
    const { path, storage } = target();
    const increment = { ...FULL, from: '2026-05-02T00:00:00.500Z', encryption: 'aes256', compressed: false } as const;
    await writeMetadata(path, increment, storage);
    expect(readFileSync(path, 'utf8')).toContain('from: 2026-05-02T00:00:00.5Z\n');
    expect(await readMetadata(path, storage)).toEqual(increment);
  });

  it.each(['true', '12', 'null', '1e3', 'a.b', 'on', '~'])(
    'metadata of the namespace %s, which YAML could take for something else, reads back',
    async (namespace) => {
      const { path, storage } = target();
      await writeMetadata(path, { ...FULL, namespace }, storage);
      expect(await readMetadata(path, storage)).toEqual({ ...FULL, namespace });
    },
  );

  it('metadata without its end, cut off, is damaged and not half a backup', async () => {
    const { path, storage } = target();
    writeFileSync(path, TEXT.slice(0, 10));
    await expect(readMetadata(path, storage)).rejects.toMatchObject({ code: 'CATALOG_DAMAGED' });
  });

  it('time with a fraction, formatted, has no zeros at its end', () => {
    expect(formatTime('2026-05-02T01:00:00.000Z')).toBe('2026-05-02T01:00:00Z');
    expect(formatTime('2026-05-02T01:00:00.120Z')).toBe('2026-05-02T01:00:00.12Z');
  });
});
