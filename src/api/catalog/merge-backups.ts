import { toBackupInput } from '../../config/catalog/backup-input.js';
import { mergeSchema } from '../../config/catalog/merge-config.js';
import { mergeBackups as merge, type MergeResult } from '../../engine/catalog/merge.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import type { MergeBackupsSettings } from './settings.js';
import { withBackups } from './with-backups.js';

const MIB = 1 << 20;

/**
 * Makes one full backup of a full one and increments: of each record the newest version. Records that were deleted
 * between the backups are in the result. Throws OptionError, CatalogError, ToolError MERGE_ORDER, MERGE_NAMESPACE,
 * MERGE_VERSION, TARGET_NOT_EMPTY, what reading and writing throw, and the signal's reason; then nothing is left
 * behind.
 */
export async function mergeBackups(settings: MergeBackupsSettings): Promise<MergeResult> {
  const { backups, signal, log, ...options } = settings;
  const values = await readSettings(mergeSchema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(() => {
    const input = toBackupInput(values, hooks);
    return withBackups(backups, input, hooks.signal, (inputs, codecs) => {
      const { storages, codecs: codecConfig } = input;
      const fileBytes = values.get('file-limit') * MIB;
      const output = { directory: values.get('output-directory')!, storages, codecs, fileBytes, codecConfig };
      return merge({
        inputs,
        output,
        temporaryDirectory: values.get('temporary-directory'),
        signal: hooks.signal,
      });
    });
  });
}
