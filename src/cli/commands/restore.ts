import { securityValues } from '../../config/auth/security-values.js';
import { type RestoreCommand, toRestoreConfig } from '../../config/restore-config.js';
import { restoreSchema } from '../../config/restore-constraints.js';
import { asrestoreOptions } from '../../config/schema/restore.js';
import { pickCodecConfig } from '../../codecs/codecs.js';
import { createProcessLimits } from '../../core/run-context.js';
import { createRunId } from '../../core/run.js';
import type { CliSession, Command } from '../command.js';

export const restoreCommand: Command<typeof asrestoreOptions, RestoreCommand> = {
  name: 'asrestore',
  title: 'Aerospike Restore',
  summary: 'Restore the records, secondary indexes and UDF modules of a backup into an Aerospike cluster.',
  usage: '(-d <dir> | -i <file>) [options]',
  examples: [
    ['Every file of a directory, into the server on this machine:', 'asrestore -d backup'],
    ['Into another server, a compressed backup:', 'asrestore -h 10.0.0.1 -d backup -z zstd'],
    ['Only check that a backup can be read:', 'asrestore --validate -d backup'],
    ['One file into another namespace:', 'asrestore -n test,copy -i users.asb'],
    ['From standard input, only records that are missing:', 'gunzip -c test.asb.gz | asrestore -u -i -'],
  ],
  options: asrestoreOptions,
  schema: restoreSchema,
  subject: 'Restore',
  warningLevel: 'error',
  toConfig: toRestoreConfig,
  // Reading files needs no password.
  securityValues: (values) => (values.has('validate') ? undefined : securityValues(values)),
  readsStdin: (values) => values.get('input-file')?.kind === 'stdin',
  run: runAndClose,
};

async function runAndClose(command: RestoreCommand, session: CliSession): Promise<void> {
  try {
    await run(command, session);
  } finally {
    await command.storages.close();
  }
}

/** Loads only the code that the run needs. */
async function run(command: RestoreCommand, session: CliSession): Promise<void> {
  const { machinePath, hostText: hosts, namespace } = command;
  const { log, signal, display, progressRequests: requests } = session;
  const { restoreSummary, validationSummary } = await import('../../ui/summary.js');
  const { RunReporter } = await import('../../ui/run-reporter.js');
  const { restorePresentation } = await import('../../ui/restore-presentation.js');
  const name = command.validate === true ? 'validation' : 'restore';
  const presentation = restorePresentation(name);
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
  if (command.validate === true) {
    const { startValidate, ValidateError } = await import('../../engine/verify/validate.js');
    const { source, parallel, storages, webAssembly } = command;
    const config = {
      source,
      parallel,
      ...pickCodecConfig(command),
      ...(namespace === undefined ? {} : { namespace: namespace.from }),
      ...(webAssembly === undefined ? {} : { webAssembly }),
      storages,
    };
    const validation = startValidate(config, context);
    reporter.observe(validation);
    try {
      const result = await reporter.finish(validation.result);
      display?.summarize?.(validationSummary(result));
    } catch (error) {
      if (error instanceof ValidateError) display?.summarize?.(validationSummary(error.result, false));
      throw error;
    }
    return;
  }
  const { startRestore, RestoreError } = await import('../../engine/restore/restore.js');
  const restore = startRestore(command, context);
  reporter.observe(restore);
  try {
    const result = await reporter.finish(restore.result);
    display?.summarize?.(restoreSummary(result));
  } catch (error) {
    if (error instanceof RestoreError) display?.summarize?.(restoreSummary(error.result, false));
    throw error;
  }
}
