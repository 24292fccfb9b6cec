import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import { Codecs } from '../../../src/codecs/codecs.js';
import type { Sindex } from '../../../src/core/sindex.js';
import { findBackupFiles, readBackupFiles, type BackupFiles } from '../../../src/engine/catalog/backup-files.js';
import { parseState } from '../../../src/engine/backup/checkpoint/state-file.js';
import { readBackup } from '../../../src/engine/catalog/find-backups.js';
import { mergeBackups, type MergeConfig } from '../../../src/engine/catalog/merge.js';
import {
  integerBin,
  NEVER,
  plainRecord,
  readTexts,
  SEALED,
  storages,
  temporaryDirectory,
  textBin,
  toText,
  writeBackup,
} from '../../support/backup-files.js';

const root = temporaryDirectory();
let next = 0;
const newPath = (): string => join(root, `b${next++}`);
const plain = await Codecs.open();

async function merge(
  inputs: readonly BackupFiles[],
  rest: Partial<Omit<MergeConfig, 'inputs'>> = {},
): Promise<{ directory: string; files: BackupFiles; result: Awaited<ReturnType<typeof mergeBackups>> }> {
  const directory = rest.output?.directory ?? newPath();
  const output = rest.output ?? { directory, storages, codecs: plain };
  const result = await mergeBackups({ inputs, signal: NEVER, ...rest, output });
  return { directory, result, files: await findBackupFiles(directory, { codecs: output.codecs, storages }) };
}

const sindex: Sindex = {
  namespace: 'test',
  set: 'demo',
  name: 'idx',
  indexType: 'N',
  bin: 'n',
  dataType: 'N',
  context: '',
  expression: '',
};

describe('mergeBackups', () => {
  it('a full backup and two increments, gives the last version of each record with its exact text', async () => {
    const full = await writeBackup(newPath(), { records: [1, 2, 3, 4].map((n) => plainRecord(n)), perFile: 2 });
    const first = await writeBackup(newPath(), { records: [plainRecord(2, { generation: 2 }), plainRecord(5)] });
    const newest = plainRecord(2, { generation: 9, bins: [textBin('a b', 'line\nfeed')] });
    const second = await writeBackup(newPath(), { records: [newest], codecs: SEALED });
    const { result, files } = await merge([full, first, second]);
    expect(result).toMatchObject({ namespace: 'test', records: 5, replaced: 2, sindexes: 0, udfs: 0 });
    const expected = [1, 3, 4, 5].map((n) => toText(plainRecord(n))).concat(toText(newest));
    expect((await readTexts(files)).sort()).toEqual(expected.sort());
  });

  it('any history, equals the model and comes in the order of a scan', async () => {
    const history = fc.array(fc.array(fc.tuple(fc.nat(30), fc.nat(1000)), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const model = new Map<number, string>();
        const inputs: BackupFiles[] = [];
        for (const step of steps) {
          const records = step.map(([n, value]) => plainRecord(n, { bins: [integerBin('v', value)] }));
          inputs.push(await writeBackup(newPath(), { records }));
          step.forEach(([n], i) => model.set(n, toText(records[i]!)));
        }
        const { files, result } = await merge(inputs);
        const texts = await readTexts(files);
        expect([...texts].sort()).toEqual([...model.values()].sort());
        expect(result.records).toBe(model.size);
        const again = await merge([files]);
        expect(await readTexts(again.files)).toEqual(texts);
      }),
      { numRuns: 15 },
    );
  });

  it('indexes and modules, are those of the last input that has any; newer kinds are in a file of their own', async () => {
    const expression = { ...sindex, name: 'exp', bin: '', expression: 'kgEC' };
    const full = await writeBackup(newPath(), {
      records: [plainRecord(1)],
      sindexes: [{ ...sindex, name: 'old' }],
      udfs: [{ name: 'old.lua', content: Buffer.from('-- old') }],
    });
    const increment = await writeBackup(newPath(), { records: [], sindexes: [sindex, expression], version: '3.2' });
    const last = await writeBackup(newPath(), { records: [plainRecord(2)] });
    const { files, result, directory } = await merge([full, increment, last]);
    expect(result).toMatchObject({ sindexes: 2, udfs: 0 });
    const found: unknown[] = [];
    await readBackupFiles(files, { visitRecord: () => undefined, visitMetadata: (entry) => found.push(entry) }, NEVER);
    expect(found).toEqual([
      { kind: 'sindex', sindex: expression },
      { kind: 'sindex', sindex },
    ]);
    expect(readdirSync(directory)).toEqual([
      'manifest.json',
      'metadata_test_0.asb',
      'test_00000.asb',
      'test_00001.asb',
    ]);
    expect(readFileSync(join(directory, 'test_00000.asb'), 'latin1')).toBe(
      'Version 3.1\n# namespace test\n# first-file\n* i test demo idx N 1 n N\n',
    );
    expect(readFileSync(join(directory, 'metadata_test_0.asb'), 'latin1')).toMatch(/^Version 3\.2\n/);
  });

  it('a limit of the file size, is kept, and the output is compressed and encrypted as asked', async () => {
    const records = Array.from({ length: 4000 }, (_, n) => plainRecord(n, { bins: [textBin('t', 'x'.repeat(900))] }));
    const full = await writeBackup(newPath(), { records });
    const codecs = await Codecs.open(SEALED);
    const directory = newPath();
    const { files, result } = await merge([full], { output: { directory, storages, codecs, fileBytes: 1 << 20 } });
    expect(result.files).toBe(5);
    expect(files.files.length).toBe(5);
    expect((await readTexts(files)).sort()).toEqual(records.map(toText).sort());
  });

  it('the result, has a manifest with the checksums of all bytes', async () => {
    const full = await writeBackup(newPath(), { records: [1, 2, 3].map((n) => plainRecord(n)), codecs: SEALED });
    const directory = newPath();
    const codecs = await Codecs.open(SEALED);
    const { key } = SEALED.encryption!;
    const { result } = await merge([full], { output: { directory, storages, codecs, codecConfig: SEALED } });
    const entry = await readBackup(directory, storages);
    expect(entry).toMatchObject({ id: result.id, state: 'COMPLETED', type: 'full', kind: 'manifest' });
    const path = join(directory, 'manifest.json');
    const { files, counters } = parseState(readFileSync(path), path, key);
    expect(counters).toMatchObject({ records: 3, sindexes: 0, udfs: 0 });
    expect(files.map(({ name }) => name).sort()).toEqual(
      readdirSync(directory)
        .filter((name) => name.endsWith('.asb'))
        .sort(),
    );
    for (const { name, blocks } of files) {
      const bytes = readFileSync(join(directory, name));
      expect(blocks).toEqual([[bytes.length, createHash('sha256').update(bytes).digest('base64')]]);
    }
  });

  it('a namespace that is a path, is refused and writes no file anywhere', async () => {
    const input = newPath();
    mkdirSync(input);
    const text = toText(plainRecord(1)).replace('+ n test', '+ n ../evil/x');
    writeFileSync(join(input, 'x.asb'), `Version 3.1\n# namespace ../evil/x\n# first-file\n${text}`);
    const files = await findBackupFiles(input, { codecs: plain, storages });
    const directory = newPath();
    const output = { directory, storages, codecs: plain };
    await expect(merge([files], { output })).rejects.toMatchObject({ code: 'MERGE_NAMESPACE' });
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(join(root, 'evil'))).toBe(false);
  });

  it('inputs that do not go from the oldest to the newest, or begin with an increment, are refused', async () => {
    const input = await writeBackup(newPath(), { records: [plainRecord(1)] });
    const older = { ...input, started: '2026-01-01T00:00:00.000Z' };
    const newer = { ...input, started: '2026-01-02T00:00:00.000Z' };
    await expect(merge([newer, older])).rejects.toMatchObject({ code: 'MERGE_ORDER' });
    await expect(merge([{ ...older, type: 'incremental' }, newer])).rejects.toMatchObject({ code: 'MERGE_ORDER' });
    await expect(merge([older, newer])).resolves.toMatchObject({ result: { records: 1 } });
  });

  it('a result, counts as begun when its newest input was', async () => {
    const input = await writeBackup(newPath(), { records: [plainRecord(1)] });
    const started = '2026-01-02T00:00:00.000Z';
    const { directory } = await merge([
      { ...input, started: '2026-01-01T00:00:00.000Z' },
      { ...input, started },
    ]);
    expect(await readBackup(directory, storages)).toMatchObject({ started });
    const before = Date.now();
    const { directory: unknown } = await merge([{ ...input, started }, input]);
    const entry = await readBackup(unknown, storages);
    expect(Date.parse(entry.started!)).toBeGreaterThanOrEqual(before);
  });

  it('an incomplete input, makes a result that is not called complete', async () => {
    const input = await writeBackup(newPath(), { records: [plainRecord(1)] });
    const { directory } = await merge([{ ...input, isComplete: false }]);
    expect(await readBackup(directory, storages)).toMatchObject({ state: 'FAILED' });
  });

  it('another namespace, is refused and leaves nothing', async () => {
    const full = await writeBackup(newPath(), { records: [plainRecord(1)] });
    const other = await writeBackup(newPath(), { records: [plainRecord(1, { namespace: 'bar' })], namespace: 'bar' });
    const before = readdirSync(root);
    await expect(merge([full, other])).rejects.toMatchObject({ code: 'MERGE_NAMESPACE' });
    expect(readdirSync(root)).toEqual(before);
  });

  it('a damaged input, leaves nothing', async () => {
    const full = await writeBackup(newPath(), { records: [plainRecord(1), plainRecord(2)] });
    const path = full.files[0]!.path;
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    const before = readdirSync(root);
    await expect(merge([full])).rejects.toMatchObject({ code: 'ASB_TRUNCATED' });
    expect(readdirSync(root)).toEqual(before);
  });

  it('a directory that is not empty, is refused untouched; an empty one is taken', async () => {
    const full = await writeBackup(newPath(), { records: [plainRecord(1)] });
    const directory = newPath();
    mkdirSync(directory);
    writeFileSync(join(directory, 'precious'), 'x');
    const output = { directory, storages, codecs: plain };
    await expect(merge([full], { output })).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    expect(readdirSync(directory)).toEqual(['precious']);
    const empty = newPath();
    mkdirSync(empty);
    const { files } = await merge([full], { output: { ...output, directory: empty } });
    expect(await readTexts(files)).toHaveLength(1);
  });

  it('a signal during the merge, leaves nothing', async () => {
    const full = await writeBackup(newPath(), { records: [plainRecord(1)] });
    const controller = new AbortController();
    const before = readdirSync(root);
    const onBytes = (): void => controller.abort(new Error('enough'));
    await expect(merge([full], { signal: controller.signal, onBytes })).rejects.toThrow('enough');
    expect(readdirSync(root)).toEqual(before);
    expect(existsSync(join(root, `b${next - 1}`))).toBe(false);
  });
});
