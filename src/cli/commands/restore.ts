import { securityValues } from '../../config/auth/security-values.js';
import { type RestoreCommand, toRestoreConfig } from '../../config/restore-config.js';
import { restoreSchema } from '../../config/restore-constraints.js';
import { asrestoreOptions } from '../../config/schema/restore.js';
import { pickCodecConfig } from '../../codecs/codecs.js';
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
    ['The third of eight parts, each in a process of its own:', 'asrestore -d backup --shard 2/8'],
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
  run,
};

/** Loads only the code that the run needs. */
async function run(command: RestoreCommand, session: CliSession): Promise<void> {
  const { runSummarized } = await import('./command-run.js');
  const { restoreSummary, validationSummary } = await import('../../ui/summary.js');
  const { restorePresentation } = await import('../../ui/restore-presentation.js');
  if (command.validate === true) {
    const { startValidate, ValidateError } = await import('../../engine/verify/validate.js');
    const { source, shard, parallel, storages, namespace, webAssembly } = command;
    const config = {
      source,
      parallel,
      ...(shard === undefined ? {} : { shard }),
      ...pickCodecConfig(command),
      ...(namespace === undefined ? {} : { namespace: namespace.from }),
      ...(webAssembly === undefined ? {} : { webAssembly }),
      storages,
    };
    return runSummarized(command, session, {
      presentation: restorePresentation('validation'),
      start: (context) => startValidate(config, context),
      summarize: validationSummary,
      incomplete: ValidateError,
    });
  }
  const { startRestore, RestoreError } = await import('../../engine/restore/restore.js');
  return runSummarized(command, session, {
    presentation: restorePresentation('restore'),
    start: (context) => startRestore(command, context),
    summarize: restoreSummary,
    incomplete: RestoreError,
  });
}
