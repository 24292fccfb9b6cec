import { describe, expect, it } from 'vitest';
import type { BackupMetadata } from '../../../src/service/backups/metadata-file.js';
import { MetadataCache } from '../../../src/service/backups/find-backups.js';

const METADATA: BackupMetadata = { created: '2026-05-02T01:00:00Z', namespace: 'test' } as BackupMetadata;

describe('metadata that was read', () => {
  it('of runs that are not there any more is forgotten, that of other routines and storages stays', () => {
    const cache = new MetadataCache();
    const [one, other] = [cache.scoped('one'), cache.scoped('other')];
    const paths = [
      'nightly/backup/1/data/a/m',
      'nightly/backup/2/data/a/m',
      'nightly/backup/12/m',
      'weekly/backup/1/m',
    ];
    for (const scope of [one, other]) for (const path of paths) scope.set(`/root/${path}`, METADATA);
    one.retain('/root/nightly/backup', ['2', '3']);
    const kept = (scope: typeof one): string[] => paths.filter((path) => scope.get(`/root/${path}`) !== undefined);
    expect(kept(one)).toEqual(['nightly/backup/2/data/a/m', 'weekly/backup/1/m']);
    expect(kept(other)).toEqual(paths);
  });
});
