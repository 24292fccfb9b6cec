import { toBackupInput, toInputSchema } from '../../config/catalog/backup-input.js';
import { serveOptions } from '../../config/schema/catalog/serve.js';
import { Codecs } from '../../codecs/codecs.js';
import { openBackup } from '../../engine/catalog/open-backup.js';
import { markRead } from '../../engine/catalog/reader-mark.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import { serveBackup as serve, type ServedBackup } from '../serve-backup.js';
import type { ServeBackupSettings } from './settings.js';

const schema = toInputSchema(serveOptions);

/**
 * Serves a backup as a read-only node until `close` is called. Resolves when clients can connect: the backup was read
 * once then. The process stays alive as long. Throws OptionError, CatalogError, ToolError CATALOG_INCOMPLETE and
 * SERVE_LISTEN, what reading throws, and the signal's reason.
 */
export async function serveBackup(settings: ServeBackupSettings): Promise<ServedBackup> {
  const { path, signal, log, ...options } = settings;
  const values = await readSettings(schema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(async () => {
    const input = toBackupInput(values, hooks);
    try {
      const backup = await openBackup(path, { ...input, codecs: await Codecs.open(input.codecs) });
      const release = await markRead([path], { storages: input.storages, signal: hooks.signal });
      const end = async (): Promise<void> => {
        await release();
        await input.storages.close();
      };
      try {
        const served = await serve(backup, {
          host: values.get('address'),
          port: values.get('port'),
          sets: values.get('set-list') ?? [],
          temporaryDirectory: values.get('temporary-directory'),
          signal: hooks.signal,
        });
        return { ...served, close: () => served.close().finally(end) };
      } catch (error) {
        await release();
        throw error;
      }
    } catch (error) {
      await input.storages.close();
      throw error;
    }
  });
}
