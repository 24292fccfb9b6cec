/** The types of the library. `npm run typecheck` checks them; the run itself only needs the module to load. */
import type { Readable, Writable } from 'node:stream';
import { describe, expectTypeOf, it } from 'vitest';
import {
  backup,
  createBackup,
  restoreBackup,
  type NamespaceRestore,
  type RestoreBackupSettings,
  type BackupDetails,
  type CatalogBackup,
  type CreateBackupSettings,
  diffBackups,
  type DiffResult,
  exportBackup,
  type ExportResult,
  listBackups,
  mergeBackups,
  type MergeResult,
  showBackup,
  verifyBackup,
  type VerifyResult,
  type BackupEntry,
  type BackupRecord,
  type BackupResult,
  type BackupSettings,
  readBackup,
  type ReadSettings,
  restore,
  type RestoreResult,
  type RestoreSettings,
  ToolError,
} from '../../src/index.js';

describe('public types', () => {
  it('backup takes settings and resolves with counts as numbers', () => {
    expectTypeOf(backup).parameter(0).toEqualTypeOf<BackupSettings>();
    expectTypeOf(backup).returns.resolves.toEqualTypeOf<BackupResult>();
    expectTypeOf<BackupResult['records']>().toBeNumber();
  });

  it('settings of a backup need a namespace and take a stream, a signal and S3 settings', () => {
    expectTypeOf<BackupSettings['namespace']>().toBeString();
    expectTypeOf<BackupSettings['stream']>().toEqualTypeOf<Writable | undefined>();
    expectTypeOf<BackupSettings['signal']>().toEqualTypeOf<AbortSignal | undefined>();
    expectTypeOf<BackupSettings>().toHaveProperty('s3');
    // @ts-expect-error -- a backup without a namespace is refused by the compiler
    const missing: BackupSettings = { directory: 'backup' };
    expectTypeOf(missing).toEqualTypeOf<BackupSettings>();
  });

  it('settings refuse a name that is no setting', () => {
    // @ts-expect-error -- the setting is called directory
    const wrong: BackupSettings = { namespace: 'test', dir: 'backup' };
    expectTypeOf(wrong).toEqualTypeOf<BackupSettings>();
  });

  it('restore takes a readable stream or the name of another namespace, and resolves with counters', () => {
    expectTypeOf(restore).parameter(0).toEqualTypeOf<RestoreSettings>();
    expectTypeOf(restore).returns.resolves.toEqualTypeOf<RestoreResult>();
    expectTypeOf<Readable>().toExtend<NonNullable<RestoreSettings['stream']>>();
    expectTypeOf<{ from: string; to: string }>().toExtend<NonNullable<RestoreSettings['namespace']>>();
  });

  it('readBackup iterates entries, and a record is found by its kind', () => {
    expectTypeOf(readBackup).toBeCallableWith('backup');
    const settings: ReadSettings = { path: 'backup' };
    expectTypeOf(readBackup).toBeCallableWith(settings);
    expectTypeOf<ReturnType<typeof readBackup>>().toExtend<AsyncIterable<BackupEntry>>();
    expectTypeOf<Extract<BackupEntry, { kind: 'record' }>>().toEqualTypeOf<BackupRecord>();
    expectTypeOf<BackupRecord['digest']>().toExtend<Uint8Array>();
  });

  it('functions of the catalog take a path or settings, and resolve with states and times', () => {
    expectTypeOf(createBackup).parameter(0).toEqualTypeOf<CreateBackupSettings>();
    expectTypeOf(createBackup).returns.resolves.toEqualTypeOf<CatalogBackup>();
    expectTypeOf(restoreBackup).parameter(0).toEqualTypeOf<RestoreBackupSettings>();
    expectTypeOf(restoreBackup).toBeCallableWith({ path: 'root', at: new Date(), renamedSets: { 'test.a': 'b' } });
    expectTypeOf(restoreBackup).returns.resolves.toEqualTypeOf<NamespaceRestore[]>();
    expectTypeOf(listBackups).toBeCallableWith('root');
    expectTypeOf(listBackups).toBeCallableWith({ root: 'root', state: 'COMPLETED', from: new Date() });
    expectTypeOf(listBackups).returns.resolves.toEqualTypeOf<CatalogBackup[]>();
    expectTypeOf(showBackup).toBeCallableWith('path');
    expectTypeOf(showBackup).returns.resolves.toEqualTypeOf<BackupDetails>();
    expectTypeOf(verifyBackup).toBeCallableWith({ path: 'path', encrypt: { mode: 'aes256', keyEnv: 'KEY' } });
    expectTypeOf(verifyBackup).returns.resolves.toEqualTypeOf<VerifyResult>();
    expectTypeOf(diffBackups).toBeCallableWith({ before: 'a', after: 'b', onDifference: () => undefined });
    expectTypeOf(diffBackups).returns.resolves.toEqualTypeOf<DiffResult>();
    expectTypeOf(mergeBackups).toBeCallableWith({ backups: ['a', 'b'], directory: 'c' });
    expectTypeOf(mergeBackups).returns.resolves.toEqualTypeOf<MergeResult>();
    expectTypeOf(exportBackup).toBeCallableWith({ path: 'a', file: 'b', format: 'csv' });
    expectTypeOf(exportBackup).returns.resolves.toEqualTypeOf<ExportResult>();
    // @ts-expect-error -- an export needs a file
    expectTypeOf(exportBackup).toBeCallableWith({ path: 'a' });
    expectTypeOf<CatalogBackup['started']>().toEqualTypeOf<Date | undefined>();
    expectTypeOf<BackupDetails>().toExtend<CatalogBackup>();
    // @ts-expect-error -- a backup lies in a root
    const missing: CreateBackupSettings = { namespaces: ['test'] };
    expectTypeOf(missing).toEqualTypeOf<CreateBackupSettings>();
    // @ts-expect-error -- there is no such state
    expectTypeOf(listBackups).toBeCallableWith({ root: 'root', state: 'DONE' });
  });

  it('errors have a code, details and an optional hint', () => {
    expectTypeOf<ToolError['code']>().toBeString();
    expectTypeOf<ToolError['details']>().toExtend<Readonly<Record<string, unknown>>>();
  });
});
