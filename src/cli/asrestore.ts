import { asrestoreTool, type RestoreCommand, toRestoreOptions } from '../config/restore-config.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';
import { accessValues } from '../config/auth/security-values.js';
import { type Environment, runProgram } from './run.js';

/** The asrestore command: takes the words after its name and gives the exit code. */
export async function main(
  argv: readonly string[],
  environment: Partial<Environment<RestoreCommand>> = {},
): Promise<number> {
  return runProgram(
    {
      tool: asrestoreTool,
      what: 'Restore',
      warningLevel: 'error',
      toOptions: (values, log, signal, display, access) => toRestoreOptions(values, log, signal, access, display),
      // Nobody is asked for a password to read files.
      accessOf: (values) => (values.has('validate') ? undefined : accessValues(values)),
      readsStdin: (values) => values.get('input-file')?.kind === 'stdin',
      run: runAndClose,
      drawsProgress: true,
    },
    argv,
    environment,
  );
}

async function runAndClose(command: RestoreCommand, progressRequests: ProgressSignal): Promise<void> {
  try {
    await runCommand(command, progressRequests);
  } finally {
    await command.storages.close();
  }
}

/** Loads what the command needs, and no more. */
async function runCommand({ validate, ...given }: RestoreCommand, progressRequests: ProgressSignal): Promise<void> {
  const options = { ...given, progressRequests };
  const { display } = options;
  const { restoreSummary, validationSummary } = await import('../ui/summary.js');
  if (validate === true) {
    const room = await import('../engine/verify/validate.js');
    try {
      const result = await room.validate(options);
      display?.summarise?.(validationSummary(result));
    } catch (error) {
      if (error instanceof room.ValidateError) display?.summarise?.(validationSummary(error.result, false));
      throw error;
    }
    return;
  }
  const { restore, RestoreError } = await import('../engine/restore/restore.js');
  try {
    const result = await restore(options);
    display?.summarise?.(restoreSummary(result));
  } catch (error) {
    if (error instanceof RestoreError) display?.summarise?.(restoreSummary(error.result, false));
    throw error;
  }
}
