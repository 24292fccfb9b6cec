/** What a run has to know of its cluster before it begins, and what it keeps of it afterwards. */
import { backupSchema } from '../../config/backup-constraints.js';
import { toBackupConfig } from '../../config/backup-config.js';
import { Cluster } from '../../aerospike/cluster/cluster.js';
import { listNamespaces, readClockLead } from '../../aerospike/commands/namespace.js';
import { readSettings } from '../../api/read-settings.js';
import { readSecurity } from '../../api/security.js';
import type { Log } from '../../core/log.js';
import type { ClusterSettings } from '../settings/settings.js';
import { readNodeConfigurations } from './node-configuration.js';

export interface ClusterFacts {
  /** Sorted. */
  namespaces: string[];
  /** By how much the clock of this machine is ahead of that of the slowest node; at least 0. */
  clockLeadMs: number;
}

/** Throws OptionError, ClusterError and what connecting throws. */
export function readClusterFacts(settings: ClusterSettings, log: Log, signal: AbortSignal): Promise<ClusterFacts> {
  return withCluster(settings, log, signal, async (cluster) => {
    const namespaces = (await listNamespaces(cluster.nodes)).sort();
    const leads = await Promise.all(namespaces.map((namespace) => readClockLead(cluster, namespace)));
    return { namespaces, clockLeadMs: Math.max(0, ...leads) };
  });
}

/** The configuration of each node, in the order of their names. Throws as readClusterFacts does. */
export function readClusterConfiguration(settings: ClusterSettings, log: Log, signal: AbortSignal): Promise<string[]> {
  return withCluster(settings, log, signal, readNodeConfigurations);
}

/** Connects for `work`, and closes the connections when it has settled. */
export async function withCluster<T>(
  settings: ClusterSettings,
  log: Log,
  signal: AbortSignal,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  // The options of a cluster are those of a backup; nothing is written.
  const values = await readSettings(backupSchema, { ...settings, namespace: 'any', directory: '.' });
  const security = await readSecurity(values, log);
  const config = toBackupConfig(values, { log, signal, security });
  try {
    const cluster = await Cluster.connect(config.cluster, signal, () => undefined);
    try {
      return await work(cluster);
    } finally {
      cluster.close();
    }
  } finally {
    await config.storages.close();
  }
}
