import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { toCodecConfig, toKey } from '../../../config/codec-config.js';
import { exclusive, keyWithoutMode } from '../../../config/constraints.js';
import { mentions } from '../../../config/option-text.js';
import { verifyOptions } from '../../../config/schema/catalog/verify.js';
import { createProcessLimits } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import type { VerifyOptions } from '../../../engine/catalog/verify-backup.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { CliSession, Command } from '../../command.js';

interface VerifyConfig extends VerifyOptions {
  path: string;
  json: boolean;
  storages: StorageRegistry;
}

const option = mentions(verifyOptions);

export const verifyCommand: Command<typeof verifyOptions, VerifyConfig> = {
  name: 'asb verify',
  title: 'Aerospike Backup Catalog',
  summary:
    'Check a backup, or all below a directory: every checksum, every record, every file that the manifest names. Exit code 1 if anything is wrong.',
  usage: 'BACKUP|ROOT [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [
    ['A backup, to its last record:', 'asb verify /backups/nightly-1'],
    ['The bytes of all backups:', 'asb verify /backups --checksums-only'],
    ['An encrypted one:', 'asb verify /backups/nightly-1 --encrypt aes256 --encryption-key-file key.pem'],
  ],
  options: verifyOptions,
  schema: {
    name: 'asb',
    options: verifyOptions,
    constraints: [
      (values) => keyWithoutMode(values, option),
      (values) => exclusive(values, option, 'encryption-key-file', 'encryption-key-env'),
    ],
  },
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => {
    const keys = { keyFile: values.get('encryption-key-file'), keyVariable: values.get('encryption-key-env') };
    const key = toKey(keys, dependencies);
    return {
      path: operands[0]!,
      json: values.has('json'),
      checksumsOnly: values.has('checksums-only'),
      parallel: values.get('parallel'),
      codecs: toCodecConfig(
        { compress: values.get('compress'), encrypt: values.get('encrypt'), ...keys },
        dependencies,
      ),
      ...(key === undefined ? {} : { key }),
      storages: toCatalogStorages(values, dependencies),
    };
  },
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, session) => {
    try {
      await verify(config, session);
    } finally {
      await config.storages.close();
    }
  },
};

/** What was deleted is not there to be verified, unless it is asked for by itself. */
async function findLiving(path: string, storages: StorageRegistry): Promise<CatalogEntry[]> {
  const { findBackups } = await import('../../../engine/catalog/find-backups.js');
  const entries = await findBackups(path, storages);
  return entries.filter(({ state }) => state !== 'DELETED' || entries.length === 1);
}

async function verify(config: VerifyConfig, { stdout, signal }: CliSession): Promise<void> {
  const { readBackup } = await import('../../../engine/catalog/find-backups.js');
  const { CatalogError } = await import('../../../engine/catalog/errors.js');
  const { verifyBackup } = await import('../../../engine/catalog/verify-backup.js');
  const { formatVerifyResult } = await import('../../../ui/catalog/verify.js');
  const { path, json, storages } = config;
  const entries = path.endsWith('.asb') ? [await readBackup(path, storages)] : await findLiving(path, storages);
  if (entries.length === 0) throw new CatalogError('CATALOG_NOT_FOUND', `There is no backup at or below ${path}`);
  const context = { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
  const results = [];
  for (const entry of entries) {
    const result = await verifyBackup(entry, config, context);
    results.push(result);
    if (!json) stdout(formatVerifyResult(result));
  }
  if (json) stdout(`${JSON.stringify(results, undefined, 1)}\n`);
  const wrong = results.filter(({ problems }) => problems.length > 0);
  if (wrong.length === 0) return;
  const ids = wrong.map(({ id }) => id).join(', ');
  throw new CatalogError('CATALOG_VERIFY', `${wrong.length} of ${results.length} backup(s) are not sound: ${ids}`);
}
