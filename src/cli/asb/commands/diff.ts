import { securityValues } from '../../../config/auth/security-values.js';
import { type BackupInputConfig, toBackupInput, toInputSchema } from '../../../config/catalog/backup-input.js';
import { COMPARISON_SCAN, selectNamespace, toComparedCluster } from '../../../config/catalog/cluster-config.js';
import { diffOptions } from '../../../config/schema/catalog/diff.js';
import type { ClusterOptions } from '../../../aerospike/config.js';
import { ToolError } from '../../../core/errors.js';
import type { DiffSide } from '../../../engine/catalog/diff.js';
import type { OpenBackupConfig } from '../../../engine/catalog/open-backup.js';
import type { CliSession, Command } from '../../command.js';

interface DiffCommandConfig extends BackupInputConfig {
  before: string;
  /** Absent = the cluster. */
  after: string | undefined;
  cluster: ClusterOptions;
  namespaces: readonly string[];
  listsRecords: boolean;
  temporaryDirectory: string | undefined;
  json: boolean;
}

export const diffCommand: Command<typeof diffOptions, DiffCommandConfig> = {
  name: 'asb diff',
  title: 'Aerospike Backup Catalog',
  summary: 'Compare two backups, or a backup and a cluster: records added, removed and changed since.',
  usage: 'A [B] [options]',
  operands: { min: 1, max: 2, names: ['A'] },
  examples: [
    ['What has changed from one backup to the next:', 'asb diff /backups/monday /backups/tuesday --records'],
    ['What a cluster has now that differs:', 'asb diff /backups/monday -h 10.0.0.1 -n test'],
  ],
  options: diffOptions,
  schema: toInputSchema(diffOptions),
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, security, ...dependencies }) => ({
    ...toBackupInput(values, { ...dependencies, security }),
    before: operands[0]!,
    after: operands[1],
    cluster: toComparedCluster(
      values.get('host'),
      {
        port: values.get('port'),
        tlsName: values.get('tls-name'),
        servicesAlternate: values.has('services-alternate'),
      },
      security,
    ),
    namespaces: values.get('namespace') ?? [],
    listsRecords: values.has('records'),
    temporaryDirectory: values.get('temporary-directory'),
    json: values.has('json'),
  }),
  securityValues,
  readsStdin: () => false,
  run: async (config, session) => {
    const { Codecs } = await import('../../../codecs/codecs.js');
    const { withOpenBackups } = await import('../../../engine/catalog/open-backup.js');
    try {
      const input: OpenBackupConfig = { ...config, codecs: await Codecs.open(config.codecs) };
      const paths = [config.before, ...(config.after === undefined ? [] : [config.after])];
      await withOpenBackups(paths, { ...input, signal: session.signal }, async ([older, newer]) => {
        const before: DiffSide = { kind: 'backup', files: older! };
        if (newer === undefined) await compareWithCluster(before, config, session);
        else await compare(before, { kind: 'backup', files: newer }, config, session);
      });
    } finally {
      await config.storages.close();
    }
  },
};

async function compareWithCluster(before: DiffSide, config: DiffCommandConfig, session: CliSession): Promise<void> {
  const { Cluster } = await import('../../../aerospike/cluster/cluster.js');
  const namespace = config.namespaces.at(-1);
  if (namespace === undefined) {
    throw new ToolError('DIFF_NAMESPACE', 'To compare with a cluster, its namespace has to be given (--namespace)');
  }
  const cluster = await Cluster.connect(config.cluster, session.signal, () => undefined);
  try {
    const selection = selectNamespace(namespace);
    const { policy } = COMPARISON_SCAN;
    await compare(before, { kind: 'cluster', cluster, selection, policy }, config, session);
  } finally {
    cluster.close();
  }
}

async function compare(
  before: DiffSide,
  after: DiffSide,
  config: DiffCommandConfig,
  { signal, stdout }: CliSession,
): Promise<void> {
  const { diffBackups } = await import('../../../engine/catalog/diff.js');
  const { formatDifference, formatDifferenceJson, formatDiff } = await import('../../../ui/catalog/diff.js');
  const { json, listsRecords, namespaces, temporaryDirectory } = config;
  const [from, to] = namespaces;
  const format = json ? formatDifferenceJson : formatDifference;
  const result = await diffBackups({
    before,
    after,
    temporaryDirectory,
    signal,
    ...(from === undefined || to === undefined ? {} : { renamedNamespaces: new Map([[from, to]]) }),
    ...(listsRecords
      ? {
          onDifference: (difference) => {
            stdout(format(difference));
            return undefined;
          },
        }
      : {}),
  });
  stdout(json ? `${JSON.stringify(result)}\n` : formatDiff(result));
}
