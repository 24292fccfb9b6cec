import type { ClusterOptions } from '../../../aerospike/config.js';
import { securityValues } from '../../../config/auth/security-values.js';
import { COMPARISON_SCAN, toComparedCluster } from '../../../config/catalog/cluster-config.js';
import { soundnessConstraints, toVerifyConfig, type VerifyConfig } from '../../../config/catalog/verify-config.js';
import { exclusive } from '../../../config/constraints.js';
import { mentions } from '../../../config/option-text.js';
import { verifyOptions } from '../../../config/schema/catalog/verify.js';
import { createProcessLimits } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import type { AgainstResult } from '../../../engine/catalog/verify-against.js';
import type { VerifyResult } from '../../../engine/catalog/verify-backup.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { CliSession, Command } from '../../command.js';

/** The cluster to compare with. */
interface AgainstSettings {
  cluster: ClusterOptions;
  clusterNamespaces: ReadonlyMap<string, string>;
  temporaryDirectory: string | undefined;
}

interface VerifyCommandConfig extends VerifyConfig {
  path: string;
  json: boolean;
  against: AgainstSettings | undefined;
}

const option = mentions(verifyOptions);

export const verifyCommand: Command<typeof verifyOptions, VerifyCommandConfig> = {
  name: 'asb verify',
  title: 'Aerospike Backup Catalog',
  summary:
    'Check a backup, or all below a directory: every checksum, every record, every file that the manifest names. Exit code 1 if anything is wrong.',
  usage: 'BACKUP|ROOT [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [
    ['A backup, to its last record:', 'asb verify /backups/nightly-1'],
    ['The bytes of all backups:', 'asb verify /backups --checksums-only'],
    ['Whether its records are in a cluster:', 'asb verify /backups/nightly-1 --against 10.0.0.1'],
    ['An encrypted one:', 'asb verify /backups/nightly-1 --encrypt aes256 --encryption-key-file key.pem'],
  ],
  options: verifyOptions,
  schema: {
    name: 'asb',
    options: verifyOptions,
    constraints: [...soundnessConstraints, (values) => exclusive(values, option, 'checksums-only', 'against')],
  },
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, security, ...dependencies }) => {
    const seeds = values.get('against');
    return {
      ...toVerifyConfig(values, dependencies),
      path: operands[0]!,
      json: values.has('json'),
      against:
        seeds === undefined
          ? undefined
          : {
              cluster: toComparedCluster(
                seeds,
                {
                  port: values.get('port'),
                  tlsName: values.get('tls-name'),
                  servicesAlternate: values.has('services-alternate'),
                },
                security,
              ),
              clusterNamespaces: toClusterNamespaces(values.get('namespace') ?? []),
              temporaryDirectory: values.get('temporary-directory'),
            },
    };
  },
  securityValues: (values) => (values.has('against') ? securityValues(values) : undefined),
  readsStdin: () => false,
  run: async (config, session) => {
    try {
      await verify(config, session);
    } finally {
      await config.storages.close();
    }
  },
};

/** By the name in the backup; '' = that of the only namespace. */
function toClusterNamespaces([from, to]: readonly string[]): ReadonlyMap<string, string> {
  if (from === undefined) return new Map();
  return to === undefined ? new Map([['', from]]) : new Map([[from, to]]);
}

/** What was deleted is not there to be verified, unless it is asked for by itself. */
async function findLiving(path: string, storages: StorageRegistry): Promise<CatalogEntry[]> {
  const { findBackups } = await import('../../../engine/catalog/find-backups.js');
  const entries = await findBackups(path, storages);
  return entries.filter(({ state }) => state !== 'DELETED' || entries.length === 1);
}

async function verify(config: VerifyCommandConfig, session: CliSession): Promise<void> {
  const { stdout, signal } = session;
  const { readBackup } = await import('../../../engine/catalog/find-backups.js');
  const { CatalogError } = await import('../../../engine/catalog/errors.js');
  const { verifyBackup } = await import('../../../engine/catalog/verify-backup.js');
  const { formatAgainst, formatVerifyResult } = await import('../../../ui/catalog/verify.js');
  const { path, json, storages } = config;
  const entries = path.endsWith('.asb') ? [await readBackup(path, storages)] : await findLiving(path, storages);
  if (entries.length === 0) throw new CatalogError('CATALOG_NOT_FOUND', `There is no backup at or below ${path}`);
  if (config.against !== undefined && entries.length > 1) {
    throw new CatalogError(
      'CATALOG_VERIFY',
      `There are ${entries.length} backups below ${path}: name the one to compare`,
    );
  }
  const context = { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
  const results: (VerifyResult & { against?: AgainstResult[] })[] = [];
  for (const entry of entries) {
    // The comparison reads every record.
    const options = config.against === undefined ? config : { ...config, checksumsOnly: true };
    const result = await verifyBackup(entry, options, context);
    results.push(result);
    if (!json) stdout(formatVerifyResult(result));
    if (config.against === undefined) continue;
    const against = await compareWithCluster(entry, config, config.against, session);
    results[results.length - 1] = { ...result, against };
    if (!json) stdout(formatAgainst(against));
  }
  if (json) stdout(`${JSON.stringify(results, undefined, 1)}\n`);
  const wrong = results.filter(({ problems }) => problems.length > 0);
  const missing = results.flatMap(({ against = [] }) => against).reduce((sum, each) => sum + each.missing, 0);
  if (wrong.length > 0) {
    const ids = wrong.map(({ id }) => id).join(', ');
    throw new CatalogError('CATALOG_VERIFY', `${wrong.length} of ${results.length} backup(s) are not sound: ${ids}`);
  }
  if (missing > 0) {
    throw new CatalogError('CATALOG_VERIFY', `${missing} record(s) of the backup are not in the cluster`);
  }
}

async function compareWithCluster(
  entry: CatalogEntry,
  config: VerifyConfig,
  { cluster: options, ...against }: AgainstSettings,
  { signal }: CliSession,
): Promise<AgainstResult[]> {
  const { Cluster } = await import('../../../aerospike/cluster/cluster.js');
  const { verifyEntryAgainst } = await import('../../../engine/catalog/verify-against.js');
  const cluster = await Cluster.connect(options, signal, () => undefined);
  try {
    const { storages, codecs, key } = config;
    const common = { storages, codecs, key, cluster, ...COMPARISON_SCAN, signal };
    return await verifyEntryAgainst(entry, { ...common, ...against });
  } finally {
    cluster.close();
  }
}
