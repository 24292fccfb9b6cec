import { Codecs } from '../../codecs/codecs.js';
import type { BackupInputConfig } from '../../config/catalog/backup-input.js';
import type { BackupFiles } from '../../engine/catalog/backup-files.js';
import { withOpenBackups } from '../../engine/catalog/open-backup.js';

/** Opens the backups for `work`; none of them is deleted meanwhile. Closes the storages when it has settled. */
export async function withBackups<T>(
  paths: readonly string[],
  config: BackupInputConfig,
  signal: AbortSignal,
  work: (backups: BackupFiles[], codecs: Codecs) => Promise<T>,
): Promise<T> {
  try {
    const codecs = await Codecs.open(config.codecs);
    return await withOpenBackups(paths, { ...config, codecs, signal }, (backups) => work(backups, codecs));
  } finally {
    await config.storages.close();
  }
}
