/**
 * The library: `import { backup, restore, createBackup } from 'asbackup'` (docs/guide/library.md). It ends no process,
 * listens to no signal, prints nothing, and keeps no process alive when a call has settled.
 */
export { backup } from './api/backup.js';
export { restore } from './api/restore.js';
export { readBackup } from './api/read-backup.js';
export { createBackup } from './api/catalog/create-backup.js';
export { diffWithCluster, verifyAgainstCluster } from './api/catalog/compare-with-cluster.js';
export { diffBackups } from './api/catalog/diff-backups.js';
export { exportBackup } from './api/catalog/export-backup.js';
export { restoreBackup } from './api/catalog/restore-backup.js';
export { listBackups } from './api/catalog/list-backups.js';
export { mergeBackups } from './api/catalog/merge-backups.js';
export { serveBackup } from './api/catalog/serve-backup.js';
export { showBackup } from './api/catalog/show-backup.js';
export { verifyBackup } from './api/catalog/verify-backup.js';
export type * from './api/settings.js';
export type * from './api/catalog/settings.js';
export type * from './api/catalog/option-settings.js';
export type * from './api/option-settings.js';
export type * from './api/entries.js';
export type {
  BackupDetails,
  BackupFileDetails,
  CatalogBackup,
  CatalogNamespace,
  NamespaceDetails,
} from './api/catalog/catalog-backup.js';
export type { Difference, DifferenceKind, DiffResult, RecordVersion } from './engine/catalog/diff.js';
export type { AgainstExample, AgainstKind, AgainstResult } from './engine/catalog/verify-against.js';
export type { ServedBackup } from './api/serve-backup.js';
export type { ExportResult } from './engine/catalog/export.js';
export type { MergeResult } from './engine/catalog/merge.js';
export type { NamespaceRestore } from './api/catalog/restore-backup.js';
export type { CatalogState } from './engine/catalog/find-backups.js';
export type { VerifyProblem, VerifyResult } from './engine/catalog/verify-backup.js';
export { CatalogError } from './engine/catalog/errors.js';
export type { BackupResult } from './engine/backup/config.js';
export type { RestoreResult } from './engine/restore/config.js';
export { ToolError } from './core/errors.js';
export { BackupError } from './engine/backup/errors.js';
export { RestoreError } from './engine/restore/errors.js';
export { FormatError } from './asb/errors.js';
export { OptionError } from './config/option-error.js';
