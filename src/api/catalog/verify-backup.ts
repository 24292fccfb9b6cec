import { soundnessSchema, toVerifyConfig } from '../../config/catalog/verify-config.js';
import { createProcessLimits } from '../../core/run-context.js';
import { createRunId } from '../../core/run.js';
import { readBackup } from '../../engine/catalog/find-backups.js';
import { verifyBackup as verify, type VerifyResult } from '../../engine/catalog/verify-backup.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import type { VerifyBackupSettings } from './settings.js';

/**
 * Compares a backup with its documents: every checksum, every record, every file. Resolves with what is wrong: no
 * problems = it is sound. Throws OptionError, CatalogError CATALOG_NOT_FOUND, StorageError, and the signal's reason.
 */
export async function verifyBackup(input: string | VerifyBackupSettings): Promise<VerifyResult> {
  const { path, signal, log, ...options } = typeof input === 'string' ? { path: input } : input;
  const values = await readSettings(soundnessSchema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(async () => {
    const config = toVerifyConfig(values, hooks);
    const context = {
      runId: createRunId(),
      signal: hooks.signal,
      limits: createProcessLimits(),
      emit: () => undefined,
    };
    try {
      return await verify(await readBackup(path, config.storages), config, context);
    } finally {
      await config.storages.close();
    }
  });
}
