import { toBackupInput, toInputSchema } from '../../config/catalog/backup-input.js';
import { serveOptions } from '../../config/schema/catalog/serve.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import { serveBackup as serve, type ServedBackup } from '../serve-backup.js';
import type { ServeBackupSettings } from './settings.js';
import { withBackups } from './with-backups.js';

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
  return hooks.around(() =>
    // What is read later is in local files: those of the backup, or a temporary copy.
    withBackups([path], toBackupInput(values, hooks), ([files]) =>
      serve(files!, {
        host: values.get('address'),
        port: values.get('port'),
        sets: values.get('set-list') ?? [],
        temporaryDirectory: values.get('temporary-directory'),
        signal: hooks.signal,
      }),
    ),
  );
}
