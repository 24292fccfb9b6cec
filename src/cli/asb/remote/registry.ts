/** The commands of `asb --service`: they ask a backup service, and need no access to clusters and storages. */
import { type CommandEntry, lazyCommand } from '../registry.js';

export const remoteCommands: readonly CommandEntry[] = [
  lazyCommand('backup', 'a backup made by the service', async () => (await import('./backup.js')).remoteBackupCommand),
  lazyCommand('list', 'the backups of a storage', async () => (await import('./list.js')).remoteListCommand),
  lazyCommand('show', 'everything about one backup', async () => (await import('./show.js')).remoteShowCommand),
  lazyCommand(
    'restore',
    'a backup, or the state at a time, into a cluster',
    async () => (await import('./restore.js')).remoteRestoreCommand,
  ),
  lazyCommand(
    'ranges',
    'of which moments each namespace can be restored',
    async () => (await import('./show.js')).remoteRangesCommand,
  ),
  lazyCommand(
    'verify',
    'whether a backup is complete and undamaged',
    async () => (await import('./work.js')).remoteVerifyCommand,
  ),
  lazyCommand('hold', 'keep a backup from being deleted', async () => (await import('./work.js')).remoteHoldCommand),
  lazyCommand('release', 'end a hold', async () => (await import('./work.js')).remoteReleaseCommand),
  lazyCommand('copy', 'copy a backup to another storage', async () => (await import('./work.js')).remoteCopyCommand),
  lazyCommand('delete', 'delete a backup', async () => (await import('./work.js')).remoteDeleteCommand),
];
