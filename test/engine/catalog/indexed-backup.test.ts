import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from '../../support/property.js';
import { afterEach, describe, expect, it } from 'vitest';
import { Particle } from '../../../src/core/particle.js';
import { PARTITIONS, partitionId } from '../../../src/core/partition.js';
import type { RecordSource } from '../../../src/core/record-source.js';
import type { BackupFiles } from '../../../src/engine/catalog/backup-files.js';
import { indexBackup, type IndexBackupConfig, type IndexedBackup } from '../../../src/engine/catalog/indexed-backup.js';
import type { PlainRecord } from '../../support/asb.js';
import {
  integerBin,
  NEVER,
  plainRecord,
  SEALED,
  temporaryDirectory,
  textBin,
  writeBackup,
} from '../../support/backup-files.js';

const root = temporaryDirectory();
let next = 0;
const newPath = (): string => join(root, `b${next++}`);
const opened: IndexedBackup[] = [];
afterEach(() => {
  for (const backup of opened.splice(0)) backup.close();
});

async function index(files: BackupFiles, config: Partial<IndexBackupConfig> = {}): Promise<IndexedBackup> {
  const backup = await indexBackup(files, { sets: [], signal: NEVER, ...config });
  opened.push(backup);
  return backup;
}

function describeSource(source: RecordSource): string[] {
  return Array.from({ length: source.count }, (_, position) => {
    const { digest, bins, generation, set } = source.read(position);
    const values = bins.map(({ name, value }) => `${name}=${value.toString('hex')}`);
    return `${digest.toString('hex')} ${generation} ${source.sets[set]?.name.toString() ?? '-'} ${values.join(' ')}`;
  });
}

/** In the order of a scan; of records that come several times the last. */
function describeModel(records: readonly PlainRecord[]): string[] {
  const last = new Map(records.map((record) => [record.digest.toString('hex'), record]));
  return [...last.values()]
    .sort((a, b) => partitionId(a.digest, 0) - partitionId(b.digest, 0) || Buffer.compare(b.digest, a.digest))
    .map(({ digest, bins, generation, set }) => {
      const values = bins.map(({ name, value }) => `${name.toString('latin1')}=${value.toString('hex')}`);
      return `${digest.toString('hex')} ${generation} ${set.length === 0 ? '-' : set.toString()} ${values.join(' ')}`;
    });
}

describe('indexBackup', () => {
  it('any records, gives them in the order of a scan and finds each by its digest', async () => {
    const record = fc
      .tuple(fc.nat(60), fc.boolean(), fc.nat(3), fc.string({ maxLength: 50 }))
      .map(([n, isNear, generation, text]) => {
        const one = plainRecord(n, { generation, bins: [integerBin('n', n), textBin('t', text)] });
        // Digests of one partition that differ at the end only.
        if (isNear) one.digest.fill(1, 0, 15);
        return one;
      });
    const sealed = fc.boolean();
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 60 }), sealed, async (records, isSealed) => {
        const contents = { records, perFile: 13, ...(isSealed ? { codecs: SEALED } : {}) };
        const backup = await index(await writeBackup(newPath(), contents));
        const source = backup.sources.get('test')!;
        expect(describeSource(source)).toEqual(describeModel(records));
        expect(backup.records + backup.repeated).toBe(records.length);
        for (const { digest } of records) {
          const position = source.find(Buffer.concat([Buffer.of(9), digest]), 1);
          expect(source.read(position).digest).toEqual(digest);
          const pid = partitionId(digest, 0);
          expect(position).toBeGreaterThanOrEqual(source.getPartitionStart(pid));
          expect(position).toBeLessThan(source.getPartitionStart(pid + 1));
          expect(source.findBehind(digest)).toBe(position + 1);
        }
        expect(source.find(Buffer.alloc(20, 3), 0)).toBe(-1);
        expect(source.getPartitionStart(PARTITIONS)).toBe(source.count);
      }),
      { numRuns: 30 },
    );
  });

  it('chosen sets, leaves out the others and counts', async () => {
    const records = [
      plainRecord(1),
      plainRecord(2, { set: Buffer.from('other') }),
      plainRecord(3, { set: Buffer.alloc(0) }),
    ];
    const files = await writeBackup(newPath(), { records });
    const some = await index(files, { sets: ['demo', ''] });
    expect(some.records).toBe(2);
    expect(some.sources.get('test')!.sets).toEqual([{ name: Buffer.from('demo'), records: 1 }]);
  });

  it('several namespaces, keys, void times and null bins, come as they are', async () => {
    const bins = [{ name: Buffer.from('nil'), particle: Particle.NULL, value: Buffer.alloc(0) }];
    const one = await writeBackup(newPath(), { records: [plainRecord(1, { voidTime: 9, bins })] });
    const two = await writeBackup(newPath(), { records: [plainRecord(1, { namespace: 'bar' })], namespace: 'bar' });
    const backup = await index({ ...one, files: [...one.files, ...two.files] });
    expect([...backup.sources.keys()].sort()).toEqual(['bar', 'test']);
    expect(backup.sources.get('test')!.read(0)).toMatchObject({
      voidTime: 9,
      key: Buffer.concat([Buffer.of(Particle.INTEGER), plainRecord(1).key]),
      bins: [{ name: 'nil', particle: Particle.NULL }],
    });
  });

  it('a file that is changed afterwards, is not taken for the record', async () => {
    const files = await writeBackup(newPath(), { records: [plainRecord(1), plainRecord(2)] });
    const source = (await index(files)).sources.get('test')!;
    const { path } = files.files[0]!;
    const text = readFileSync(path, 'latin1');
    const [first, second] = [1, 2].map((n) => plainRecord(n).digest.toString('base64')) as [string, string];
    writeFileSync(path, text.replace(first, '@').replace(second, first).replace('@', second), 'latin1');
    const position = source.find(plainRecord(1).digest, 0);
    expect(() => source.read(position)).toThrow(expect.objectContaining({ code: 'INDEX_CHANGED' }));
  });
});
