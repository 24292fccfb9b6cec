import { toBackupInput, toInputSchema } from '../../config/catalog/backup-input.js';
import { backupDiffOptions } from '../../config/schema/catalog/diff.js';
import { diffBackups as compare, type DiffResult } from '../../engine/catalog/diff.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import type { DiffBackupsSettings } from './settings.js';
import { withBackups } from './with-backups.js';

const schema = toInputSchema(backupDiffOptions);

/**
 * What differs between two backups, record by record, in bounded memory. Throws OptionError, CatalogError, ToolError
 * CATALOG_INCOMPLETE, what reading throws, what `onDifference` throws, and the signal's reason.
 */
export async function diffBackups(settings: DiffBackupsSettings): Promise<DiffResult> {
  const { before, after, onDifference, signal, log, ...options } = settings;
  const values = await readSettings(schema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(() =>
    withBackups([before, after], toBackupInput(values, hooks), hooks.signal, ([older, newer]) =>
      compare({
        before: { kind: 'backup', files: older! },
        after: { kind: 'backup', files: newer! },
        temporaryDirectory: values.get('temporary-directory'),
        signal: hooks.signal,
        ...(onDifference === undefined ? {} : { onDifference }),
      }),
    ),
  );
}
