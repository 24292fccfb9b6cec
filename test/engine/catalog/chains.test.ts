import fc from '../../support/property.js';
import { describe, expect, it } from 'vitest';
import { PartitionProgress } from '../../../src/engine/backup/checkpoint/partition-progress.js';
import {
  findChain,
  findBackupChain,
  findChildren,
  findDescendants,
  findRanges,
  type ChainLink,
} from '../../../src/engine/catalog/chains.js';
import type { CatalogEntry, CatalogState, NamespacePart } from '../../../src/engine/catalog/find-backups.js';

/** Times are minutes of one hour. */
const at = (minute: number): number => Date.UTC(2026, 0, 2, 3, minute);
const iso = (minute: number): string => new Date(at(minute)).toISOString();

interface Sketch {
  id: string;
  minute: number;
  parent?: string | undefined;
  /** Absent = follows from the parent. */
  type?: 'full' | 'incremental';
  state?: CatalogState;
  namespaces?: Record<string, CatalogState>;
  deleted?: boolean;
  held?: boolean;
}

function entry(sketch: Sketch): CatalogEntry {
  const { id, minute, parent, state = 'COMPLETED', deleted = false, held = false } = sketch;
  const parts = Object.entries(sketch.namespaces ?? { test: state }).map(([namespace, partState]): NamespacePart => ({
    namespace,
    path: `/backups/${id}/${namespace}`,
    state: partState,
    started: iso(minute),
    bytes: 0,
    files: 1,
  }));
  return {
    id,
    path: `/backups/${id}`,
    kind: 'manifest',
    state: deleted ? 'DELETED' : state,
    type: sketch.type ?? (parent === undefined ? 'full' : 'incremental'),
    ...(parent === undefined ? {} : { parent }),
    started: iso(minute),
    parts,
    held,
  };
}

const catalog = (...sketches: Sketch[]): CatalogEntry[] => sketches.map(entry);
const ids = (chain: readonly { entry: CatalogEntry }[] | undefined): string[] | undefined =>
  chain?.map((link) => link.entry.id);

/** Gives a part a manifest of its own. */
function withManifest(
  whole: CatalogEntry,
  info: { type: 'full' | 'incremental'; parent?: string },
  identity: Record<string, string | boolean> = {},
): CatalogEntry {
  const parts = whole.parts.map((part): NamespacePart => ({
    ...part,
    manifest: {
      runId: 'run',
      target: part.path,
      identity,
      cluster: { name: '', nodes: [] },
      filters: [],
      cursors: PartitionProgress.fromJSON({ done: '', after: {} }),
      files: [],
      counters: { records: 0, bytes: 0, sindexes: 0, udfs: 0 },
      manifest: {
        ...info,
        id: whole.id,
        state: 'COMPLETED',
        version: '5.0.0',
        serverVersion: '8.1.0.3',
        started: part.started!,
      },
    },
  }));
  return { ...whole, parts };
}

describe('findChain', () => {
  const week = catalog(
    { id: 'sun', minute: 0 },
    { id: 'mon', minute: 10, parent: 'sun' },
    { id: 'tue', minute: 20, parent: 'mon' },
    { id: 'sun2', minute: 30 },
    { id: 'mon2', minute: 40, parent: 'sun2' },
  );

  it.each([
    [-1, undefined],
    [0, ['sun']],
    [9, ['sun']],
    [10, ['sun', 'mon']],
    [29, ['sun', 'mon', 'tue']],
    [30, ['sun2']],
    [59, ['sun2', 'mon2']],
  ])('a week of backups at minute %d, takes %j', (minute, expected) => {
    expect(ids(findChain(week, 'test', at(minute)))).toEqual(expected);
    expect(ids(findChain([...week].reverse(), 'test', at(minute)))).toEqual(expected);
  });

  it('a namespace that no backup has, has no chain', () => {
    expect(findChain(week, 'other', at(59))).toBeUndefined();
  });

  it('two increments of one parent, only the newer one is needed', () => {
    const both = catalog(
      { id: 'full', minute: 0 },
      { id: 'a', minute: 1, parent: 'full' },
      { id: 'b', minute: 2, parent: 'full' },
    );
    expect(ids(findChain(both, 'test', at(5)))).toEqual(['full', 'b']);
    expect(ids(findChain(both, 'test', at(1)))).toEqual(['full', 'a']);
  });

  it('increments of an older full backup that go on beside a newer one, are the newest state', () => {
    const beside = catalog(
      { id: 'full', minute: 0 },
      { id: 'manual', minute: 5 },
      { id: 'next', minute: 10, parent: 'full' },
    );
    expect(ids(findChain(beside, 'test', at(9)))).toEqual(['manual']);
    expect(ids(findChain(beside, 'test', at(10)))).toEqual(['full', 'next']);
  });

  it.each(['FAILED', 'CANCELED', 'INCOMPLETE', 'IN_PROGRESS', 'UNKNOWN', 'DAMAGED'] as const)(
    'a backup that is %s, is left out with everything that builds on it',
    (state) => {
      const broken = catalog(
        { id: 'full', minute: 0 },
        { id: 'a', minute: 1, parent: 'full', state },
        { id: 'b', minute: 2, parent: 'a' },
      );
      expect(ids(findChain(broken, 'test', at(5)))).toEqual(['full']);
    },
  );

  it('a deleted backup, is left out with everything that builds on it', () => {
    const broken = catalog(
      { id: 'full', minute: 0 },
      { id: 'a', minute: 1, parent: 'full', deleted: true },
      { id: 'b', minute: 2, parent: 'a' },
    );
    expect(ids(findChain(broken, 'test', at(5)))).toEqual(['full']);
  });

  it('a held backup, is used as any other', () => {
    expect(ids(findChain(catalog({ id: 'full', minute: 0, held: true }), 'test', at(5)))).toEqual(['full']);
  });

  it('a backup of which one namespace failed, is used for the others', () => {
    const half = catalog({ id: 'x', minute: 0, state: 'FAILED', namespaces: { a: 'COMPLETED', b: 'FAILED' } });
    expect(ids(findChain(half, 'a', at(5)))).toEqual(['x']);
    expect(findChain(half, 'b', at(5))).toBeUndefined();
  });

  it('backups of one moment, the increment is newer than its parent, and a full one is enough', () => {
    const equal = catalog(
      { id: 'full', minute: 0 },
      { id: 'b', minute: 0, parent: 'a' },
      { id: 'a', minute: 0, parent: 'full' },
    );
    expect(ids(findChain(equal, 'test', at(0)))).toEqual(['full', 'a', 'b']);
    const other = catalog({ id: 'old', minute: 0 }, { id: 'z', minute: 1, parent: 'old' }, { id: 'full', minute: 1 });
    expect(ids(findChain(other, 'test', at(1)))).toEqual(['full']);
  });

  it('of two copies of a backup, the one that can be used is', () => {
    const [damaged, good, next] = catalog(
      { id: 'full', minute: 0, state: 'DAMAGED' },
      { id: 'full', minute: 0 },
      { id: 'a', minute: 1, parent: 'full' },
    );
    expect(findChain([damaged!, next!, good!], 'test', at(5))?.[0]?.entry).toBe(good);
  });

  it('a namespace that is new in an increment, is full there', () => {
    const parent = entry({ id: 'full', minute: 0 });
    const increment = entry({ id: 'a', minute: 1, parent: 'full', namespaces: { fresh: 'COMPLETED' } });
    const entries = [parent, withManifest(increment, { type: 'full' })];
    expect(ids(findChain(entries, 'fresh', at(5)))).toEqual(['a']);
  });

  it('a backup of some sets, is no backup of the namespace but one of these sets', () => {
    const [full, users] = catalog({ id: 'full', minute: 0 }, { id: 'users', minute: 1 });
    const entries = [full!, withManifest(users!, { type: 'full' }, { sets: 'users' })];
    expect(ids(findChain(entries, 'test', at(5)))).toEqual(['full']);
    expect(ids(findChain(entries, 'test', at(5), 'sets users'))).toEqual(['users']);
  });
});

describe('findBackupChain', () => {
  it.each([
    ['an increment without a parent', { id: 'x', minute: 2, type: 'incremental' }, 'PARENT_UNNAMED', 'x'],
    ['a parent that is not there', { id: 'x', minute: 2, parent: 'gone' }, 'PARENT_MISSING', 'x'],
    ['a deleted parent', { id: 'x', minute: 2, parent: 'deleted' }, 'PARENT_DELETED', 'x'],
    ['a parent that failed', { id: 'x', minute: 2, parent: 'failed' }, 'PARENT_NOT_COMPLETED', 'x'],
    ['a parent without the namespace', { id: 'x', minute: 2, parent: 'other' }, 'PARENT_WITHOUT_NAMESPACE', 'x'],
    ['a parent that is newer', { id: 'x', minute: 0, parent: 'full' }, 'PARENT_NEWER', 'x'],
    ['a break further back', { id: 'x', minute: 2, parent: 'orphan' }, 'PARENT_MISSING', 'orphan'],
    ['itself as parent', { id: 'x', minute: 2, parent: 'x' }, 'CYCLE', 'x'],
    ['a state of its own', { id: 'x', minute: 2, state: 'FAILED' }, 'NOT_COMPLETED', 'x'],
  ] as const)('%s, is named', (_, sketch, reason, where) => {
    const entries = catalog(
      { id: 'full', minute: 1 },
      { id: 'deleted', minute: 1, deleted: true, namespaces: {} },
      { id: 'failed', minute: 1, state: 'FAILED' },
      { id: 'other', minute: 1, namespaces: { other: 'COMPLETED' } },
      { id: 'orphan', minute: 1, parent: 'gone' },
      sketch,
    );
    expect(findBackupChain(entries, 'test', 'x')).toEqual({ reason, at: where });
  });

  it('a parent of other sets, is named', () => {
    const [users, increment] = catalog({ id: 'users', minute: 0 }, { id: 'x', minute: 1, parent: 'users' });
    const entries = [withManifest(users!, { type: 'full' }, { sets: 'users' }), increment!];
    expect(findBackupChain(entries, 'test', 'x')).toEqual({ reason: 'PARENT_OTHER_SELECTION', at: 'x' });
  });

  it('backups that build on each other in a circle, are named and end', () => {
    const circle = catalog(
      { id: 'a', minute: 1, parent: 'c' },
      { id: 'b', minute: 1, parent: 'a' },
      { id: 'c', minute: 1, parent: 'b' },
      { id: 'x', minute: 1, parent: 'c' },
    );
    for (const id of ['a', 'b', 'c', 'x']) {
      expect(findBackupChain(circle, 'test', id)).toMatchObject({ reason: 'CYCLE' });
    }
    expect(findChain(circle, 'test', at(9))).toBeUndefined();
    expect(ids(findDescendants(circle, 'a').map((found) => ({ entry: found })))?.sort()).toEqual(['b', 'c', 'x']);
  });
});

describe('findChildren', () => {
  const entries = catalog(
    { id: 'full', minute: 0 },
    { id: 'a', minute: 1, parent: 'full', state: 'FAILED' },
    { id: 'b', minute: 2, parent: 'a' },
    { id: 'c', minute: 3, parent: 'full', deleted: true },
    { id: 'self', minute: 3, parent: 'self' },
  );

  it('a base, its direct increments that are not deleted are found, complete or not', () => {
    expect(findChildren(entries, 'full').map(({ id }) => id)).toEqual(['a']);
    expect(findChildren(entries, 'b')).toEqual([]);
    expect(findChildren(entries, 'self')).toEqual([]);
  });

  it('a base, everything that builds on it is found, parents first', () => {
    expect(findDescendants(entries, 'full').map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('a parent that only the manifest of a namespace names, is a parent', () => {
    const child = withManifest(entry({ id: 'x', minute: 1, type: 'incremental' }), {
      type: 'incremental',
      parent: 'full',
    });
    expect(findChildren([...entries, child], 'full').map(({ id }) => id)).toEqual(['a', 'x']);
  });
});

describe('findRanges', () => {
  it('a broken increment, is a gap up to the next backup that can be restored', () => {
    const [ranges] = findRanges(
      catalog(
        { id: 'full', minute: 0 },
        { id: 'a', minute: 10, parent: 'full', state: 'FAILED' },
        { id: 'b', minute: 20, parent: 'a' },
        { id: 'running', minute: 25, state: 'IN_PROGRESS' },
        { id: 'full2', minute: 30 },
        { id: 'c', minute: 40, parent: 'full2' },
        { id: 'd', minute: 50, parent: 'gone' },
      ),
    );
    expect(ranges!.ranges.map(({ links, fromMs, toMs }) => [ids(links), fromMs, toMs])).toEqual([
      [['full'], at(0), at(0)],
      [['full2', 'c'], at(30), at(40)],
    ]);
    expect(ranges!.gaps.map(({ fromMs, toMs, broken }) => [fromMs, toMs, broken.map(({ reason }) => reason)])).toEqual([
      [at(10), at(30), ['NOT_COMPLETED', 'PARENT_NOT_COMPLETED']],
      [at(50), undefined, ['PARENT_MISSING']],
    ]);
  });

  it('backups of several namespaces, have ranges of their own in the order of the names', () => {
    const entries = catalog(
      { id: 'x', minute: 0, namespaces: { b: 'COMPLETED', a: 'FAILED' } },
      { id: 'y', minute: 1, namespaces: { '': 'UNKNOWN' } },
    );
    expect(findRanges(entries).map(({ namespace, ranges, gaps }) => [namespace, ranges.length, gaps.length])).toEqual([
      ['a', 0, 1],
      ['b', 1, 0],
    ]);
  });

  it('ten thousand increments of one chain, are found without a walk for each', () => {
    const many: Sketch[] = [{ id: '0', minute: 0 }];
    for (let i = 1; i < 10_000; i++) many.push({ id: String(i), minute: 0, parent: String(i - 1) });
    const [ranges] = findRanges(many.map(entry));
    expect(ranges!.ranges).toHaveLength(1);
    expect(ranges!.ranges[0]!.links).toHaveLength(10_000);
  });
});

describe('chains of random catalogs', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const sketches = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...names),
      minute: fc.integer({ min: 0, max: 5 }),
      parent: fc.option(fc.constantFrom(...names), { nil: undefined }),
      state: fc.constantFrom<CatalogState>('COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED'),
      deleted: fc.constantFrom(false, false, false, false, true),
    }),
    { selector: ({ id }) => id, maxLength: names.length },
  );

  /** Whether the backup can be restored, told by following its parents so often that every circle is noticed. */
  function isRestorable(all: readonly Sketch[], sketch: Sketch): boolean {
    let current: Sketch | undefined = sketch;
    for (let steps = 0; steps <= all.length; steps++) {
      if (current.state !== 'COMPLETED' || current.deleted === true) return false;
      if (current.parent === undefined) return true;
      const parent = all.find(({ id }) => id === current!.parent);
      if (parent === undefined || parent.minute > current.minute) return false;
      current = parent;
    }
    return false;
  }

  it('a moment, is restored from the newest backup that can be, by its parents', () => {
    fc.assert(
      fc.property(sketches, fc.integer({ min: -1, max: 6 }), (all, minute) => {
        const chain = findChain(all.map(entry), 'test', at(minute));
        const restorable = all.filter((sketch) => sketch.minute <= minute && isRestorable(all, sketch));
        const newest = Math.max(...restorable.map((sketch) => sketch.minute));
        if (restorable.length === 0) {
          expect(chain).toBeUndefined();
          return;
        }
        expect(chain!.at(-1)!.startMs).toBe(at(newest));
        expect(chain![0]!.type).toBe('full');
        chain!.slice(1).forEach((link: ChainLink, i) => expect(link.parent).toBe(chain![i]!.entry.id));
      }),
    );
  });

  it('every backup, is in one range or in one gap, or neither wanted nor deleted by anyone', () => {
    fc.assert(
      fc.property(sketches, (all) => {
        const [found] = findRanges(all.map(entry));
        const inRanges = (found?.ranges ?? []).flatMap(({ links }) => links).map((link) => link.entry.id);
        const inGaps = (found?.gaps ?? []).flatMap(({ broken }) => broken).map(({ link }) => link.entry.id);
        const expected = all.filter((sketch) => isRestorable(all, sketch)).map(({ id }) => id);
        expect(inRanges.sort()).toEqual(expected.sort());
        const wanted = all.filter(({ deleted }) => !deleted).map(({ id }) => id);
        expect([...inRanges, ...inGaps].sort()).toEqual(wanted.sort());
      }),
    );
  });

  it('everything that builds on a backup, is what its parents lead to it from', () => {
    fc.assert(
      fc.property(sketches, fc.constantFrom(...names), (all, base) => {
        const found = findDescendants(all.map(entry), base).map(({ id }) => id);
        const present = all.filter(({ deleted }) => !deleted);
        const reaches = (sketch: Sketch): boolean => {
          let current: Sketch | undefined = sketch;
          for (let steps = 0; steps <= all.length && current?.parent !== undefined; steps++) {
            if (current.parent === base) return true;
            current = present.find(({ id }) => id === current!.parent);
          }
          return false;
        };
        const expected = present.filter((sketch) => sketch.id !== base && reaches(sketch)).map(({ id }) => id);
        expect([...found].sort()).toEqual(expected.sort());
      }),
    );
  });
});
