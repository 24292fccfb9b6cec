import { securityValues } from '../../../config/auth/security-values.js';
import {
  catalogBackupSchema,
  toCatalogBackup,
  type CatalogBackupCommand,
} from '../../../config/catalog/backup-command.js';
import { catalogBackupOptions } from '../../../config/schema/catalog/backup.js';
import { logEvent } from '../../../core/log.js';
import { formatShard } from '../../../core/shard.js';
import { CatalogError } from '../../../engine/catalog/errors.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import type { CliSession, Command } from '../../command.js';

export const backupCommand: Command<typeof catalogBackupOptions, CatalogBackupCommand> = {
  name: 'asb backup',
  title: 'Aerospike Backup Catalog',
  summary: 'Back up one or more namespaces under one id, each with a manifest; or only what was changed since.',
  usage: 'ROOT (-n <ns>[,<ns>...] | --all-namespaces) [options]',
  operands: { min: 1, max: 1, names: ['ROOT'] },
  examples: [
    ['Two namespaces:', 'asb backup /backups --id sunday -n test,bar'],
    ['What was changed since:', 'asb backup /backups --id monday -n test,bar --incremental-from sunday'],
    ['All namespaces but one set:', 'asb backup /backups --all-namespaces --exclude test.sessions'],
    ['The third of eight parts:', 'asb backup /backups --id sunday -n test --shard 2/8'],
    ['Finish a backup that was interrupted:', 'asb backup /backups --id sunday --continue'],
  ],
  options: catalogBackupOptions,
  schema: catalogBackupSchema,
  subject: 'Backup',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => toCatalogBackup(operands[0]!, values, dependencies),
  securityValues,
  readsStdin: () => false,
  run,
};

async function run({ continues, backup, json }: CatalogBackupCommand, session: CliSession): Promise<void> {
  const { continueBackup, createBackup } = await import('../../../engine/catalog/create-backup.js');
  const { createShard } = await import('../../../engine/catalog/create-shard.js');
  const { createNamespaceRunner } = await import('../../../ui/namespace-runner.js');
  const { root, id } = backup;
  const { hostText: hosts, machinePath } = backup.run;
  const { log, signal, stdout, display, progressRequests: requests } = session;
  const runNamespace = createNamespaceRunner(id, {
    log,
    frontEnd: 'cli',
    hosts,
    machinePath,
    display,
    requests,
    ownsThread: true,
  });
  const config = { ...backup, signal, runNamespace, redact: log.redact };
  try {
    const { shard } = backup.run;
    const entry = continues
      ? await continueBackup(config)
      : shard === undefined
        ? await createBackup(config)
        : await createShard(config, shard);
    const namespaces = entry.parts.length;
    if (shard !== undefined && entry.state !== 'COMPLETED') {
      const what = `Shard ${formatShard(shard)} of the backup ${id} is complete; the backup is ${entry.state}`;
      log.info(logEvent('catalog.shard', what, { id, path: entry.path, shard: shard.index, shards: shard.count }));
    } else {
      const text = `The backup ${id} is complete in ${entry.path}, ${namespaces} namespace(s)`;
      log.info(logEvent('catalog.completed', text, { id, path: entry.path, namespaces }));
    }
    if (json) await printBackup(root, id, backup.run.storages, stdout);
    else stdout(`${id}\n`);
  } catch (error) {
    // Of what was refused there is nothing, or what somebody else has made.
    if (json && !(error instanceof CatalogError)) await printBackup(root, id, backup.run.storages, stdout);
    throw error;
  } finally {
    await backup.run.storages.close();
  }
}

/** The result as `asb show` prints it, also of a backup that did not come to its end. */
async function printBackup(
  root: string,
  id: string,
  storages: StorageAccess,
  stdout: (text: string) => void,
): Promise<void> {
  const { readBackup } = await import('../../../engine/catalog/find-backups.js');
  const { formatBackupJson } = await import('../../../ui/catalog/show.js');
  try {
    stdout(formatBackupJson(await readBackup(joinPath(root, id), storages)));
  } catch (error) {
    // It was not begun: the error that follows says why.
    if (!(error instanceof CatalogError)) throw error;
  }
}
