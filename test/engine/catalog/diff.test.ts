import { join } from 'node:path';
import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import { Particle } from '../../../src/core/particle.js';
import type { BackupFiles } from '../../../src/engine/catalog/backup-files.js';
import { diffBackups, type Difference, type DiffResult } from '../../../src/engine/catalog/diff.js';
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

async function diff(
  before: readonly PlainRecord[] | BackupFiles,
  after: readonly PlainRecord[] | BackupFiles,
  renamedNamespaces?: ReadonlyMap<string, string>,
): Promise<{ result: DiffResult; differences: Difference[] }> {
  const differences: Difference[] = [];
  const toFiles = async (side: readonly PlainRecord[] | BackupFiles): Promise<BackupFiles> =>
    'files' in side ? side : writeBackup(newPath(), { records: side });
  const result = await diffBackups({
    before: { kind: 'backup', files: await toFiles(before) },
    after: { kind: 'backup', files: await toFiles(after) },
    renamedNamespaces,
    signal: NEVER,
    onDifference: (difference) => {
      differences.push(difference);
      return undefined;
    },
  });
  return { result, differences };
}

const NO_DIFFERENCE = { added: 0, removed: 0, changed: 0, touched: 0, repeated: { before: 0, after: 0 } };

describe('diffBackups', () => {
  it('the same records in other files, order and encoding, shows no difference', async () => {
    const records = Array.from({ length: 50 }, (_, n) =>
      plainRecord(n, { bins: [integerBin('n', n), textBin('t', 'y'.repeat(n * 3))] }),
    );
    const after = await writeBackup(newPath(), { records: [...records].reverse(), perFile: 7, codecs: SEALED });
    const { result, differences } = await diff(records, after);
    expect(result).toEqual({ ...NO_DIFFERENCE, records: { before: 50, after: 50 }, equal: 50 });
    expect(differences).toEqual([]);
  });

  it('each kind of difference, is counted and named with its bins', async () => {
    const long = 'z'.repeat(100);
    const bins = [integerBin('b', 1), textBin('a', long), textBin('gone', '')];
    const before = [
      plainRecord(1),
      plainRecord(2, { bins }),
      plainRecord(3),
      plainRecord(4, { generation: 3, voidTime: 7 }),
      plainRecord(5),
    ];
    const changed = [textBin('a', `${long}!`), integerBin('b', 1), textBin('new', 'x')];
    const after = [
      plainRecord(1),
      plainRecord(2, { bins: changed }),
      plainRecord(4, { generation: 1, voidTime: 7 }),
      plainRecord(5, { keyType: 0, key: Buffer.alloc(0) }),
      plainRecord(6, { set: Buffer.from('other') }),
    ];
    const { result, differences } = await diff(before, after);
    expect(result).toEqual({
      ...NO_DIFFERENCE,
      records: { before: 5, after: 5 },
      added: 1,
      removed: 1,
      changed: 2,
      touched: 1,
      equal: 1,
    });
    const find = (n: number): Difference | undefined =>
      differences.find(({ digest }) => digest.equals(plainRecord(n).digest));
    expect(find(2)).toMatchObject({ kind: 'changed', keyChanged: false, setChanged: false });
    expect(find(2)!.bins.map(({ name, change }) => `${change} ${name.toString()}`)).toEqual([
      'changed a',
      'removed gone',
      'added new',
    ]);
    expect(find(3)).toMatchObject({ kind: 'removed', before: { generation: 1, voidTime: 0 } });
    expect(find(3)!.after).toBeUndefined();
    expect(find(4)).toMatchObject({
      kind: 'touched',
      before: { generation: 3, voidTime: 7 },
      after: { generation: 1, voidTime: 7 },
    });
    expect(find(5)).toMatchObject({ kind: 'changed', keyChanged: true, bins: [] });
    expect(find(6)).toMatchObject({ kind: 'added', namespace: 'test' });
    expect(find(6)!.set.toString()).toBe('other');
  });

  it('a value of the same bytes and another type, is a change', async () => {
    const bytes = Buffer.from('abc');
    const bin = (particle: number) => ({ name: Buffer.from('x'), particle, value: bytes });
    const { differences } = await diff(
      [plainRecord(1, { bins: [bin(Particle.STRING)] })],
      [plainRecord(1, { bins: [bin(Particle.BLOB)] })],
    );
    expect(differences.map(({ bins }) => bins)).toEqual([[{ name: Buffer.from('x'), change: 'changed' }]]);
  });

  it('a record twice in one backup, is compared in its last version and counted', async () => {
    const twice = [plainRecord(1, { generation: 5 }), plainRecord(1, { bins: [integerBin('n', 9)] })];
    const { result } = await diff(twice, [plainRecord(1, { bins: [integerBin('n', 9)] })]);
    expect(result).toMatchObject({ equal: 1, repeated: { before: 1, after: 0 } });
  });

  it('the same digests in two namespaces, are different records unless one is renamed to the other', async () => {
    const before = await writeBackup(newPath(), { records: [plainRecord(1, { namespace: 'a' })], namespace: 'a' });
    const after = await writeBackup(newPath(), { records: [plainRecord(1, { namespace: 'b' })], namespace: 'b' });
    expect((await diff(before, after)).result).toMatchObject({ added: 1, removed: 1, equal: 0 });
    expect((await diff(before, after, new Map([['a', 'b']]))).result).toMatchObject({ added: 0, removed: 0, equal: 1 });
  });

  it('any two sets of records, are compared as the model does', async () => {
    const side = fc.uniqueArray(fc.tuple(fc.nat(40), fc.nat(2), fc.nat(2)), { selector: ([n]) => n, maxLength: 30 });
    const toRecords = (entries: readonly (readonly [number, number, number])[]): PlainRecord[] =>
      entries.map(([n, value, generation]) => plainRecord(n, { generation, bins: [integerBin('v', value)] }));
    await fc.assert(
      fc.asyncProperty(side, side, async (a, b) => {
        const { result } = await diff(toRecords(a), toRecords(b));
        const before = new Map(a.map(([n, value, generation]) => [n, { value, generation }]));
        const both = b.flatMap(([n, value, generation]) => {
          const old = before.get(n);
          return old === undefined ? [] : [{ sameValue: old.value === value, same: old.generation === generation }];
        });
        expect(result).toMatchObject({
          added: b.length - both.length,
          removed: a.length - both.length,
          changed: both.filter(({ sameValue }) => !sameValue).length,
          touched: both.filter(({ sameValue, same }) => sameValue && !same).length,
          equal: both.filter(({ sameValue, same }) => sameValue && same).length,
        });
      }),
      { numRuns: 25 },
    );
  });
});
