import { toBackupInput, toInputSchema } from '../../config/catalog/backup-input.js';
import { OptionError } from '../../config/option-error.js';
import { exportOptions } from '../../config/schema/catalog/export.js';
import { exportBackup as writeRecords, type ExportFormat, type ExportResult } from '../../engine/catalog/export.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import type { ExportBackupSettings } from './settings.js';
import { withBackups } from './with-backups.js';

const schema = toInputSchema(exportOptions);

/**
 * Writes the records of a backup to a new file, as lines of JSON or CSV; no value is rounded. Throws OptionError,
 * CatalogError, what reading and writing throw, and the signal's reason.
 */
export async function exportBackup(settings: ExportBackupSettings): Promise<ExportResult> {
  const { path, signal, log, ...options } = settings;
  const values = await readSettings(schema, options);
  const file = values.get('output-file');
  if (file === undefined) throw new OptionError('OPTION_USAGE', 'No output specified. Use file');
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(() => {
    const input = toBackupInput(values, hooks);
    return withBackups([path], input, hooks.signal, async ([files]) => {
      const sink = await (await input.storages.forPath(file)).create(file, 0);
      return writeRecords(files!, sink, {
        format: values.get('format') as ExportFormat,
        bins: values.get('bin-list') ?? [],
        sets: values.get('set-list') ?? [],
        typed: values.has('typed'),
        largeIntegersAsStrings: values.has('large-integers-as-strings'),
        signal: hooks.signal,
      });
    });
  });
}
