import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRanges, type NamespaceRanges } from '../../../src/engine/catalog/chains.js';
import { findBackups } from '../../../src/engine/catalog/find-backups.js';
import { formatRanges, formatRangesJson } from '../../../src/ui/catalog/ranges.js';
import { storages, temporaryDirectory } from '../../support/backup-files.js';
import { writeCatalogBackup } from '../../support/catalog.js';

const base = temporaryDirectory();
const day = (n: number): string => `2026-01-0${n}T03:00:00.000Z`;

/** A chain that was broken on the third day, and a full backup of the fifth. */
async function makeRanges(): Promise<NamespaceRanges[]> {
  const root = mkdtempSync(join(base, 'root'));
  const namespaces = ['test'];
  await writeCatalogBackup(root, { id: 'a', started: day(1), namespaces });
  const increments = [
    ['b', 'a', 2],
    ['c', 'b', 3],
    ['d', 'c', 4],
  ] as const;
  for (const [id, parent, n] of increments) {
    await writeCatalogBackup(root, { id, type: 'incremental', parent, started: day(n), namespaces });
  }
  await writeCatalogBackup(root, { id: 'e', started: day(5), namespaces: ['bar', 'test'] });
  rmSync(join(root, 'c'), { recursive: true });
  return findRanges(await findBackups(root, storages));
}

describe('formatRanges', () => {
  it('of a broken chain, has the range before, the gap with its reason, and the range behind', async () => {
    expect(formatRanges(await makeRanges()).split('\n')).toEqual([
      'NAMESPACE         FROM                  TO                    BACKUPS',
      'bar        range  2026-01-05 03:00:00Z  2026-01-05 03:00:00Z  e',
      'test       range  2026-01-01 03:00:00Z  2026-01-02 03:00:00Z  a b',
      'test       gap    2026-01-04 03:00:00Z  2026-01-05 03:00:00Z  d',
      '  d has a parent that is not there',
      'test       range  2026-01-05 03:00:00Z  2026-01-05 03:00:00Z  e',
      '',
    ]);
  });

  it('of nothing, says so', () => {
    expect(formatRanges([])).toContain('Nothing can be restored to a moment');
  });
});

describe('formatRangesJson', () => {
  it('has the ids, times and reasons', async () => {
    const [, test] = JSON.parse(formatRangesJson(await makeRanges())) as [unknown, Record<string, unknown>];
    expect(test).toEqual({
      namespace: 'test',
      ranges: [
        {
          from: day(1),
          to: day(2),
          base: 'a',
          backups: [
            { id: 'a', type: 'full', start: day(1) },
            { id: 'b', type: 'incremental', parent: 'a', start: day(2) },
          ],
        },
        { from: day(5), to: day(5), base: 'e', backups: [{ id: 'e', type: 'full', start: day(5) }] },
      ],
      gaps: [
        {
          from: day(4),
          to: day(5),
          broken: [{ id: 'd', type: 'incremental', parent: 'c', start: day(4), reason: 'PARENT_MISSING', at: 'd' }],
        },
      ],
    });
  });
});
