import { describe, expect, it } from 'vitest';
import type { CatalogEntry, CatalogState } from '../../../../src/engine/catalog/find-backups.js';
import { findState, joinItems, type BackupItem } from '../../../../src/service/v2/backups/backup-item.js';
import type { BackupRecord, RecordState } from '../../../../src/service/v2/backups/backup-record.js';

const NOW_MS = Date.parse('2026-05-02T00:10:00Z');

function entry(state: CatalogState, more: Partial<CatalogEntry> = {}): CatalogEntry {
  return { id: 'one', path: '/root/one', kind: 'manifest', state, parts: [], held: false, ...more };
}

function record(state: RecordState, more: Partial<BackupRecord> = {}): BackupRecord {
  const created = '2026-05-02T00:00:00.000Z';
  return { id: 'one', state, type: 'FULL', trigger: 'MANUAL', created, updated: created, owner: 'other', ...more };
}

function state(item: Omit<BackupItem, 'id'>, isRunning = false): string {
  return findState({ id: 'one', ...item }, { owner: 'me', nowMs: NOW_MS, isRunning: () => isRunning }).state;
}

describe('the state of a backup', () => {
  it('is that of its documents, and of the run that works on it here', () => {
    expect(state({ entry: entry('COMPLETED'), record: record('IN_PROGRESS') })).toBe('COMPLETED');
    expect(state({ entry: entry('INCOMPLETE'), record: record('IN_PROGRESS') })).toBe('INCOMPLETE');
    expect(state({ entry: entry('INCOMPLETE') }, true)).toBe('IN_PROGRESS');
    expect(state({ entry: entry('DAMAGED') })).toBe('FAILED');
    expect(state({ entry: entry('UNKNOWN') })).toBe('INCOMPLETE');
  });

  it('deleted, counts more than all but a failure to read it', () => {
    expect(state({ entry: entry('DELETED'), record: record('COMPLETED') })).toBe('DELETED');
    expect(state({ record: record('FAILED'), deleted: '2026-05-02T00:05:00Z' })).toBe('DELETED');
  });

  it('of one that the service was stopped with, says so although its run was ended', () => {
    expect(state({ entry: entry('CANCELED'), record: record('INCOMPLETE') })).toBe('INCOMPLETE');
    expect(state({ entry: entry('CANCELED'), record: record('CANCELED') })).toBe('CANCELED');
  });

  it('without files, is that of its record, as long as its process can live', () => {
    const young = { updated: new Date(NOW_MS - 1000).toISOString() };
    expect(state({ record: record('STARTED', young) })).toBe('STARTED');
    expect(state({ record: record('STARTED', { ...young, owner: 'me' }) })).toBe('INCOMPLETE');
    expect(state({ record: record('STARTED') })).toBe('INCOMPLETE');
    expect(state({ record: record('STARTED') }, true)).toBe('STARTED');
    expect(state({ record: record('COMPLETED', { type: 'MARKER' }) })).toBe('COMPLETED');
    expect(state({ record: record('COMPLETED', { routine: 'nightly', run: '1' }) })).toBe('DELETED');
  });
});

describe('backups of a storage', () => {
  it('of a routine and of a catalog, are joined with their records', () => {
    const run = entry('COMPLETED', {
      id: 'nightly/backup/1777683600000',
      path: '/root/nightly/backup/1777683600000',
      kind: 'abs',
    });
    const named = record('COMPLETED', { id: 'by-hand', routine: 'nightly', run: '1777683600000' });
    const lost = record('FAILED', { id: 'lost' });
    const items = joinItems({
      entries: [entry('COMPLETED'), run],
      records: new Map([named, lost].map((each) => [each.id, { record: each }])),
    });
    expect(items.map(({ id, routine, run: start }) => ({ id, routine, run: start }))).toEqual([
      { id: 'one', routine: undefined, run: undefined },
      { id: 'by-hand', routine: 'nightly', run: '1777683600000' },
      { id: 'lost', routine: undefined, run: undefined },
    ]);
  });
});
