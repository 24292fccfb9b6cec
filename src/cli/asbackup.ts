import { asbackupTool, type BackupCommand, toBackupOptions } from '../config/backup-config.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';
import { accessValues } from '../config/auth/security-values.js';
import { type Environment, runProgram } from './run.js';

/** The asbackup command: takes the words after its name and gives the exit code. */
export async function main(
  argv: readonly string[],
  environment: Partial<Environment<BackupCommand>> = {},
): Promise<number> {
  return runProgram(
    {
      tool: asbackupTool,
      what: 'Backup',
      warningLevel: 'info',
      toOptions: toBackupOptions,
      // Nobody is asked for a password to delete files.
      accessOf: (values) => (values.has('remove-artifacts') ? undefined : accessValues(values)),
      run: runAndClose,
      drawsProgress: true,
    },
    argv,
    environment,
  );
}

async function runAndClose(command: BackupCommand, progressRequests: ProgressSignal): Promise<void> {
  try {
    await runCommand(command, progressRequests);
  } finally {
    await command.storages.close();
  }
}

/** Loads what the command needs, and no more. */
async function runCommand(given: BackupCommand, progressRequests: ProgressSignal): Promise<void> {
  const command = { ...given, progressRequests };
  const { removeArtifacts, target } = command;
  if (removeArtifacts !== undefined)
    return (await import('../engine/backup/output/target.js')).removeArtifacts(removeArtifacts);
  const { display } = command;
  const { backupSummary, estimateSummary } = await import('../ui/summary.js');
  if (target.kind === 'none') {
    const { estimate } = await import('../engine/backup/estimate/estimate.js');
    const result = await estimate(command);
    display?.summarise?.(estimateSummary(result));
    return;
  }
  const { backup, BackupError } = await import('../engine/backup/backup.js');
  try {
    const result = await backup(command);
    display?.summarise?.(backupSummary(result));
  } catch (error) {
    if (error instanceof BackupError) display?.summarise?.(backupSummary(error.result, false));
    throw error;
  }
}
