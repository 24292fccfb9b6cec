import { once } from 'node:events';
import { type BackupInputConfig, toBackupInput, toInputSchema } from '../../../config/catalog/backup-input.js';
import { serveOptions } from '../../../config/schema/catalog/serve.js';
import { logEvent, warningEvent } from '../../../core/log.js';
import type { Command } from '../../command.js';

interface ServeCommandConfig extends BackupInputConfig {
  path: string;
  host: string;
  port: number;
  sets: readonly string[];
  temporaryDirectory: string | undefined;
  json: boolean;
}

export const serveCommand: Command<typeof serveOptions, ServeCommandConfig> = {
  name: 'asb serve',
  title: 'Aerospike Backup Catalog',
  summary: 'Serve a backup as a read-only Aerospike node, so that clients can look into it before it is restored.',
  usage: 'BACKUP [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [
    ['For clients of this machine, on port 3000:', 'asb serve /backups/nightly-1'],
    ['One set, on another port:', 'asb serve /backups/nightly-1 --port 3100 --set-list users'],
  ],
  options: serveOptions,
  schema: toInputSchema(serveOptions),
  subject: 'Command',
  runsUntilSignal: true,
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    ...toBackupInput(values, dependencies),
    path: operands[0]!,
    host: values.get('address'),
    port: values.get('port'),
    sets: values.get('set-list') ?? [],
    temporaryDirectory: values.get('temporary-directory'),
    json: values.has('json'),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { log, signal, stdout }) => {
    const { serveBackup } = await import('../../../api/serve-backup.js');
    const { Codecs } = await import('../../../codecs/codecs.js');
    const { withOpenBackups } = await import('../../../engine/catalog/open-backup.js');
    try {
      const codecs = await Codecs.open(config.codecs);
      await withOpenBackups([config.path], { ...config, codecs, signal }, async ([files]) => {
        const served = await serveBackup(files!, { ...config, signal });
        const { host, port, namespaces, repeated, skippedSindexes } = served;
        if (repeated > 0) {
          log.info(warningEvent('serve.repeated', `${repeated} earlier version(s) of records are not shown`));
        }
        if (skippedSindexes > 0) {
          log.info(warningEvent('serve.sindexes', `${skippedSindexes} index(es) on whole sets are left out`));
        }
        const counts = [...namespaces].map(([name, records]) => `${records} record(s) of namespace ${name}`);
        if (config.json) stdout(`${JSON.stringify({ host, port, namespaces: Object.fromEntries(namespaces) })}\n`);
        else stdout(`Serving ${counts.join(', ')} on ${host}:${port}\n`);
        try {
          if (!signal.aborted) await once(signal, 'abort');
        } finally {
          await served.close();
        }
        log.info(logEvent('serve.done', 'The backup is served no longer'));
      });
    } finally {
      await config.storages.close();
    }
  },
};
