import { copySchema, toCopySettings } from '../../../config/catalog/copy-config.js';
import { copyOptions } from '../../../config/schema/catalog/copy.js';
import { logEvent, warningEvent } from '../../../core/log.js';
import { createProcessLimits } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import type { CopyConfig } from '../../../engine/catalog/copy-backup.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { CliSession, Command } from '../../command.js';

interface CopyCommandConfig extends CopyConfig {
  json: boolean;
  storages: StorageRegistry;
}

export const copyCommand: Command<typeof copyOptions, CopyCommandConfig> = {
  name: 'asb copy',
  title: 'Aerospike Backup Catalog',
  summary:
    'Copy a complete backup to another directory or storage. Every byte is compared with the checksums of its manifest on the way. A copy that was interrupted is continued by the same command.',
  usage: 'BACKUP DEST [options]',
  operands: { min: 2, max: 2, names: ['BACKUP', 'DEST'] },
  examples: [
    ['To a bucket, under the same name:', 'asb copy /backups/nightly-1 s3://archive/backups/'],
    [
      'With a new encryption key:',
      'asb copy /backups/b1 /rotated/ --encryption-key-file old.pem --reencrypt aes256 --new-key-file new.pem',
    ],
    ['Under another name, read back:', 'asb copy s3://archive/backups/nightly-1 /restored/n1 --verify'],
  ],
  options: copyOptions,
  schema: copySchema,
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    source: operands[0]!,
    destination: operands[1]!,
    json: values.has('json'),
    ...toCopySettings(values, dependencies),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, session) => {
    try {
      await copy(config, session);
    } finally {
      await config.storages.close();
    }
  },
};

async function copy(config: CopyCommandConfig, { log, signal, stdout }: CliSession): Promise<void> {
  const { copyBackup } = await import('../../../engine/catalog/copy-backup.js');
  const context = { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
  const result = await copyBackup(config, context);
  const { id, path, missingParent, files, bytes, kept, verified } = result;
  const earlier = kept === 0 ? '' : `, ${kept} of them by an earlier copy`;
  const how = verified ? 'read back and compared with their checksums' : 'compared with their checksums on the way';
  const text = `Copied the backup ${id} to ${path}: ${files} file(s)${earlier}, ${bytes} byte(s), ${how}`;
  log.info(logEvent('copy.done', text, { id, files, bytes, kept }));
  if (missingParent !== undefined) {
    const warning = `The copy can be restored only with the backup that it is based on, which is not there: ${missingParent}`;
    log.info(warningEvent('copy.parent', warning, { id: missingParent }));
  }
  if (config.json) stdout(`${JSON.stringify(result)}\n`);
}
