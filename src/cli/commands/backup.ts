import { securityValues } from '../../config/auth/security-values.js';
import { type BackupCommand, toBackupConfig } from '../../config/backup-config.js';
import { backupSchema } from '../../config/backup-constraints.js';
import { asbackupOptions } from '../../config/schema/backup.js';
import type { CliSession, Command } from '../command.js';

export const backupCommand: Command<typeof asbackupOptions, BackupCommand> = {
  name: 'asbackup',
  title: 'Aerospike Backup',
  summary: 'Back up the records, secondary indexes and UDF modules of an Aerospike namespace.',
  usage: '-n <name> (-d <dir> | -o <file>) [options]',
  examples: [
    ['A namespace of the server on this machine, into a new directory:', 'asbackup -n test -d backup'],
    ['Of another server, with four workers, compressed:', 'asbackup -h 10.0.0.1 -n test -d backup -w 4 -z zstd'],
    ['Two sets into one file:', 'asbackup -n test -s users,orders -o users.asb'],
    ['To standard output:', 'asbackup -n test -o - | gzip > test.asb.gz'],
    ['A quarter of the partitions:', 'asbackup -n test -X 0-1024 -d backup'],
    ['One of eight parts, each in a process of its own:', 'asbackup -n test -d backup --shard 0/8'],
    ['Finish a backup that was interrupted:', 'asbackup -n test -d backup -c backup/test.asb.state'],
  ],
  options: asbackupOptions,
  schema: backupSchema,
  subject: 'Backup',
  warningLevel: 'info',
  toConfig: toBackupConfig,
  // Deleting files needs no password.
  securityValues: (values) => (values.has('remove-artifacts') ? undefined : securityValues(values)),
  readsStdin: () => false,
  run,
};

/** Loads only the code that the run needs. */
async function run(command: BackupCommand, session: CliSession): Promise<void> {
  const { removal, target } = command;
  const { runReported, runSummarized } = await import('./command-run.js');
  const { backupPresentation } = await import('../../ui/backup-presentation.js');
  if (removal !== undefined) {
    const { removeBackup } = await import('../../engine/backup/output/removal.js');
    const presentation = backupPresentation('removal');
    return runReported(command, session, presentation, (context) => removeBackup(removal, context));
  }
  const { backupSummary, estimateSummary } = await import('../../ui/summary.js');
  if (target.kind === 'none') {
    const { startEstimate } = await import('../../engine/backup/estimate/estimate.js');
    return runSummarized(command, session, {
      presentation: backupPresentation('estimate'),
      start: (context) => startEstimate(command, context),
      summarize: estimateSummary,
    });
  }
  const { startBackup, BackupError } = await import('../../engine/backup/backup.js');
  return runSummarized(command, session, {
    presentation: backupPresentation('backup'),
    start: (context) => startBackup(command, context),
    summarize: backupSummary,
    incomplete: BackupError,
  });
}
