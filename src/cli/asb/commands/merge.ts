import { type BackupInputConfig, toBackupInput } from '../../../config/catalog/backup-input.js';
import { mergeSchema } from '../../../config/catalog/merge-config.js';
import { mergeOptions } from '../../../config/schema/catalog/merge.js';
import { logEvent, warningEvent } from '../../../core/log.js';
import type { Command } from '../../command.js';

const MIB = 1 << 20;

interface MergeCommandConfig extends BackupInputConfig {
  paths: readonly string[];
  outputDirectory: string;
  fileBytes: number;
  temporaryDirectory: string | undefined;
  json: boolean;
}

export const mergeCommand: Command<typeof mergeOptions, MergeCommandConfig> = {
  name: 'asb merge',
  title: 'Aerospike Backup Catalog',
  summary: 'Make one full backup of a full one and increments: of each record the newest version.',
  usage: 'FULL [INCREMENT...] -o DIR [options]',
  operands: { min: 1, max: Infinity, names: ['FULL'] },
  examples: [
    ['A week in one backup:', 'asb merge /backups/sunday /backups/monday /backups/tuesday -o /backups/merged'],
  ],
  options: mergeOptions,
  schema: mergeSchema,
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    ...toBackupInput(values, dependencies),
    paths: operands,
    outputDirectory: values.get('output-directory')!,
    fileBytes: values.get('file-limit') * MIB,
    temporaryDirectory: values.get('temporary-directory'),
    json: values.has('json'),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { log, signal, stdout }) => {
    const { Codecs } = await import('../../../codecs/codecs.js');
    const { mergeBackups } = await import('../../../engine/catalog/merge.js');
    const { withOpenBackups } = await import('../../../engine/catalog/open-backup.js');
    const { storages, paths, outputDirectory: directory, fileBytes, temporaryDirectory } = config;
    try {
      const codecs = await Codecs.open(config.codecs);
      const output = { directory, storages, codecs, fileBytes, codecConfig: config.codecs };
      const result = await withOpenBackups(paths, { ...config, codecs, signal }, (inputs) =>
        mergeBackups({ inputs, output, temporaryDirectory, signal }),
      );
      const { records, replaced, sindexes, udfs } = result;
      const text =
        `Merged ${paths.length} backup(s) into ${directory}: ${records} record(s), ${replaced} older version(s) left ` +
        `out, ${sindexes} index(es), ${udfs} module(s)`;
      const warning = 'A backup does not tell which records were deleted: those of earlier inputs are in the result';
      if (paths.length > 1) log.info(warningEvent('merge.deletions', warning));
      if (config.json) stdout(`${JSON.stringify({ ...result, directory })}\n`);
      else log.info(logEvent('merge.done', text, { records, replaced }));
    } finally {
      await storages.close();
    }
  },
};
