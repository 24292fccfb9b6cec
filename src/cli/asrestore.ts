import { asrestoreTool, type RestoreCommand, toRestoreOptions } from '../config/restore-config.js';
import type { ProgressSignal } from '../ui/progress/progress-signal.js';
import { accessValues } from '../config/auth/security-values.js';
import { pickCodecConfig } from '../codecs/codecs.js';
import { createProcessLimits } from '../core/run-context.js';
import { createRunId } from '../core/run.js';
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
async function runCommand(command: RestoreCommand, requests: ProgressSignal): Promise<void> {
  const { log, signal, display, machinePath, hostText: hosts, namespace } = command;
  const { restoreSummary, validationSummary } = await import('../ui/summary.js');
  const { RunReporter } = await import('../ui/run-reporter.js');
  const { restorePresentation } = await import('../ui/restore-presentation.js');
  const name = command.validate === true ? 'validation' : 'restore';
  const reporter = new RunReporter({
    presentation: restorePresentation(name),
    log,
    frontEnd: 'cli',
    hosts,
    signal,
    machinePath,
    display,
    requests,
  });
  const context = { runId: createRunId(), signal, limits: createProcessLimits(), ...reporter.context };
  if (command.validate === true) {
    const { startValidate, ValidateError } = await import('../engine/verify/validate.js');
    const { source, parallel, storages } = command;
    const run = startValidate(
      {
        source,
        parallel,
        ...pickCodecConfig(command),
        ...(namespace === undefined ? {} : { namespace: namespace.from }),
        storages,
      },
      context,
    );
    reporter.observe(run);
    try {
      const result = await reporter.finish(run.result);
      display?.summarise?.(validationSummary(result));
    } catch (error) {
      if (error instanceof ValidateError) display?.summarise?.(validationSummary(error.result, false));
      throw error;
    }
    return;
  }
  const { startRestore, RestoreError } = await import('../engine/restore/restore.js');
  const run = startRestore(command, context);
  reporter.observe(run);
  try {
    const result = await reporter.finish(run.result);
    display?.summarise?.(restoreSummary(result));
  } catch (error) {
    if (error instanceof RestoreError) display?.summarise?.(restoreSummary(error.result, false));
    throw error;
  }
}
