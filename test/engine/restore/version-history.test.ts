import { createHash } from 'node:crypto';
import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import { DigestLog, DigestTable, VersionHistory } from '../../../src/engine/restore/version-history.js';

const digest = (n: number): Buffer => createHash('ripemd160').update(String(n)).digest();

function log(numbers: readonly number[]): Uint8Array {
  const found = new DigestLog();
  for (const n of numbers) found.add(digest(n));
  return found.take();
}

describe('VersionHistory', () => {
  it('nothing was met, has no table', () => {
    const history = new VersionHistory('all');
    history.add([log([])]);
    expect(history.shared).toBeUndefined();
  });

  it('digests of several workers and backups, are found, and no others', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 });
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, c) => {
        const history = new VersionHistory('unwritten');
        history.add([log(a), log(b)]);
        history.add([log(c)]);
        const met = new Set([...a, ...b, ...c]);
        const table = history.shared === undefined ? undefined : new DigestTable(history.shared);
        for (let n = 0; n <= 310; n++) expect(table?.has(digest(n)) ?? false).toBe(met.has(n));
      }),
      { numRuns: 30 },
    );
  });

  it('digests that differ in their last byte or have the same place, are told apart', () => {
    const table = DigestTable.create(4);
    const [a, b, c] = [0, 1, 2].map((last) => {
      const bytes = Buffer.alloc(20, 1);
      bytes[19] = last;
      return bytes;
    });
    expect(table.add(a!, 0)).toBe(true);
    expect(table.add(b!, 0)).toBe(true);
    expect(table.add(a!, 0)).toBe(false);
    expect([a, b, c].map((bytes) => table.has(bytes!))).toEqual([true, true, false]);
  });
});
