import { asbackupTool, type BackupCommand, toBackupOptions } from '../config/backup-config.js';
import { createProcessLimits } from '../core/run-context.js';
import { createRunId } from '../core/run.js';
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
async function runCommand(command: BackupCommand, requests: ProgressSignal): Promise<void> {
  const { removal, target, log, signal, display, machinePath, hostText: hosts } = command;
  const { RunReporter } = await import('../ui/run-reporter.js');
  const { backupPresentation } = await import('../ui/backup-presentation.js');
  const kind = removal !== undefined ? 'removal' : target.kind === 'none' ? 'estimate' : 'backup';
  const presentation = backupPresentation(kind);
  const reporter = new RunReporter({
    presentation,
    log,
    frontEnd: 'cli',
    hosts,
    signal,
    machinePath,
    display,
    requests,
  });
  const context = { runId: createRunId(), signal, limits: createProcessLimits(), ...reporter.context };
  if (removal !== undefined) {
    const { removeBackup } = await import('../engine/backup/output/removal.js');
    return removeBackup(removal, context);
  }
  const { backupSummary, estimateSummary } = await import('../ui/summary.js');
  if (target.kind === 'none') {
    const { startEstimate } = await import('../engine/backup/estimate/estimate.js');
    const run = startEstimate(command, context);
    reporter.observe(run);
    const result = await reporter.finish(run.result);
    display?.summarise?.(estimateSummary(result));
    return;
  }
  const { startBackup, BackupError } = await import('../engine/backup/backup.js');
  const run = startBackup(command, context);
  reporter.observe(run);
  try {
    const result = await reporter.finish(run.result);
    display?.summarise?.(backupSummary(result));
  } catch (error) {
    if (error instanceof BackupError) display?.summarise?.(backupSummary(error.result, false));
    throw error;
  }
}
