import { describe, expect, it } from 'vitest';
import type { CatalogEntry } from '../../../../src/engine/catalog/find-backups.js';
import type { BackupItem } from '../../../../src/service/v2/backups/backup-item.js';
import { toListedBackup } from '../../../../src/service/v2/backups/listed-backups.js';
import { toBackup, type BackupContext } from '../../../../src/service/v2/backups/to-backup.js';

const CONTEXT: BackupContext = {
  ...{ owner: 'me', nowMs: 0, storage: 's1', root: '/root' },
  isRunning: () => false,
  progress: () => undefined,
  toId: (id) => id,
  findChecks: () => undefined,
};

function createEntry(more: Partial<CatalogEntry> = {}): CatalogEntry {
  const started = '2026-05-02T00:00:00.000Z';
  return {
    ...{ id: 'one', path: '/root/one', kind: 'manifest', state: 'COMPLETED', started, parts: [], held: false },
    ...more,
  };
}

describe('the document of a backup in a list', () => {
  const entry = createEntry({ parent: 'full' });
  const item: BackupItem = { id: 'one', entry };

  it('is the same object as long as nothing has changed', () => {
    const listed = toListedBackup(item, CONTEXT);
    expect(listed).toEqual(toBackup(item, CONTEXT));
    expect(toListedBackup({ ...item }, { ...CONTEXT, nowMs: 1 })).toBe(listed);
  });

  const check = { CHECKSUMS: { checked: '2026-05-03T00:00:00.000Z', sound: true } };
  const record = { id: 'one', state: 'COMPLETED', type: 'FULL', trigger: 'MANUAL', owner: 'me' } as const;
  const created = '2026-05-02T00:00:00.000Z';
  const changes: Readonly<Record<string, [Partial<BackupItem>, Partial<BackupContext>]>> = {
    'a hold': [{ entry: createEntry({ parent: 'full', held: true }) }, {}],
    'a deletion': [{ deleted: created }, {}],
    'a record': [{ record: { ...record, created, updated: created } }, {}],
    'a verification': [{}, { findChecks: () => check as never }],
    'a run that works on it again': [{}, { isRunning: () => true }],
    'the id of its parent in /v2': [{}, { toId: (id) => `v2-${id}` }],
  };
  for (const [name, [more, context]] of Object.entries(changes)) {
    it(`shows ${name}`, () => {
      const before = toListedBackup(item, CONTEXT);
      const after = toListedBackup({ ...item, ...more }, { ...CONTEXT, ...context });
      expect(after).toEqual(toBackup({ ...item, ...more }, { ...CONTEXT, ...context }));
      expect(after).not.toEqual(before);
    });
  }
});
