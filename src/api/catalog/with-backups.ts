import { Codecs } from '../../codecs/codecs.js';
import type { BackupInputConfig } from '../../config/catalog/backup-input.js';
import type { BackupFiles } from '../../engine/catalog/backup-files.js';
import { openBackup } from '../../engine/catalog/open-backup.js';

/** Opens the backups for `work`, and closes the storages when it has settled. */
export async function withBackups<T>(
  paths: readonly string[],
  config: BackupInputConfig,
  work: (backups: BackupFiles[], codecs: Codecs) => Promise<T>,
): Promise<T> {
  try {
    const codecs = await Codecs.open(config.codecs);
    return await work(await Promise.all(paths.map((path) => openBackup(path, { ...config, codecs }))), codecs);
  } finally {
    await config.storages.close();
  }
}
