import { type BackupInputConfig, toBackupInput, toInputSchema } from '../../../config/catalog/backup-input.js';
import { exportOptions } from '../../../config/schema/catalog/export.js';
import { logEvent } from '../../../core/log.js';
import type { ByteSink } from '../../../core/byte-stream.js';
import type { Command } from '../../command.js';

interface ExportCommandConfig extends BackupInputConfig {
  path: string;
  format: 'jsonl' | 'csv';
  /** Absent = standard output. */
  outputFile: string | undefined;
  sets: readonly string[];
  bins: readonly string[];
  typed: boolean;
  largeIntegersAsStrings: boolean;
}

export const exportCommand: Command<typeof exportOptions, ExportCommandConfig> = {
  name: 'asb export',
  title: 'Aerospike Backup Catalog',
  summary: 'Write the records of a backup as lines of JSON or CSV; no value is rounded.',
  usage: 'BACKUP [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [
    ['One JSON object a line:', 'asb export /backups/nightly-1 -o records.jsonl'],
    ['Two bins of a set as CSV:', 'asb export /backups/nightly-1 --format csv -s users -B name,mail'],
  ],
  options: exportOptions,
  schema: toInputSchema(exportOptions),
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    ...toBackupInput(values, dependencies),
    path: operands[0]!,
    format: values.get('format') as 'jsonl' | 'csv',
    outputFile: values.get('output-file'),
    sets: values.get('set-list') ?? [],
    bins: values.get('bin-list') ?? [],
    typed: values.has('typed'),
    largeIntegersAsStrings: values.has('large-integers-as-strings'),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { log, signal }) => {
    const { Codecs } = await import('../../../codecs/codecs.js');
    const { exportBackup } = await import('../../../engine/catalog/export.js');
    const { withOpenBackups } = await import('../../../engine/catalog/open-backup.js');
    const { storages, outputFile } = config;
    try {
      const codecs = await Codecs.open(config.codecs);
      const { records, bytes } = await withOpenBackups([config.path], { ...config, codecs, signal }, async ([files]) =>
        exportBackup(files!, await openSink(config), { ...config, signal }),
      );
      const where = outputFile === undefined ? '' : ` to ${outputFile}`;
      log.info(logEvent('export.done', `Exported ${records} record(s), ${bytes} byte(s)${where}`, { records, bytes }));
    } finally {
      await storages.close();
    }
  },
};

async function openSink({ outputFile, storages }: ExportCommandConfig): Promise<ByteSink> {
  if (outputFile !== undefined) return (await storages.forPath(outputFile)).create(outputFile, 0);
  const { openStandardOutput } = await import('../../../storage/stdio/stdout.js');
  return openStandardOutput();
}
