/**
 * Looks at everything that a backup or a restore needs, and changes nothing but for a small file in each storage that
 * is deleted again.
 */
import { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ClusterOptions } from '../../aerospike/config.js';
import { formatEndpoint } from '../../aerospike/endpoint.js';
import { errorMessage } from '../../core/errors.js';
import type { StorageAccess } from '../../storage/registry.js';
import { accessFailure, checkAccess } from './check-access.js';
import { checkNamespaces, checkPrivileges, findNamespaces } from './check-namespaces.js';
import { checkAddresses, checkClocks, checkVersions } from './check-nodes.js';
import { checkStorage } from './check-storage.js';
import type { CheckName, Finding, FindingListener } from './finding.js';

export interface DiagnosisConfig {
  /** Absent = only storages are looked at. */
  cluster: ClusterOptions | undefined;
  /** Empty = all that the cluster has. */
  namespaces: readonly string[];
  /** Look at what a restore needs, too: privileges to write, and whether the namespaces take records that expire. */
  forRestore: boolean;
  /** Two clocks that are certain to differ by more are a failure. */
  maxClockSkewMs: number;
  /** Directories, or prefixes of object stores. */
  paths: readonly string[];
  storages: StorageAccess;
  signal: AbortSignal;
  /** Gets each finding as soon as it is made. */
  report?: FindingListener;
}

/** What a reader of the result has to know. */
export const CLOCK_NOTE =
  'A node tells its time in whole seconds. It was asked until it was certain whether the clocks differ by more than is ' +
  'allowed, at most six times within a second: the true difference lies within the range shown, which includes the ' +
  'time that the answers took. Which of two clocks is right, and how they were at another time, is not known';

/** All findings, in the order of the checks. Rejects only if `signal` aborts. */
export async function diagnose(config: DiagnosisConfig): Promise<Finding[]> {
  const { cluster, paths, storages, signal } = config;
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    findings.push(finding);
    config.report?.(finding);
  };
  const bytes = cluster === undefined ? undefined : await diagnoseCluster(cluster, config, report);
  for (const path of paths) await checkStorage(path, storages, bytes, signal, report);
  return findings;
}

/** Resolves with the bytes of the records of the namespaces, if they are known. */
async function diagnoseCluster(
  options: ClusterOptions,
  config: DiagnosisConfig,
  report: FindingListener,
): Promise<number | undefined> {
  const { signal } = config;
  // The findings have the reasons.
  if (!(await checkAccess(options, signal, report))) return undefined;
  let cluster: Cluster;
  try {
    cluster = await Cluster.connect(options, signal);
  } catch (error) {
    signal.throwIfAborted();
    const [seed] = options.seeds;
    report(accessFailure(seed === undefined ? 'cluster' : formatEndpoint(seed.host, seed.port), error));
    return undefined;
  }
  try {
    return await examine(cluster, options, config, report);
  } finally {
    cluster.close();
  }
}

async function examine(
  cluster: Cluster,
  options: ClusterOptions,
  config: DiagnosisConfig,
  report: FindingListener,
): Promise<number | undefined> {
  const { forRestore, maxClockSkewMs, signal } = config;
  const attempt = async <T>(check: CheckName, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      // One answer that does not come or cannot be read does not end the other checks.
      signal.throwIfAborted();
      report({ check, subject: 'cluster', status: 'failed', text: errorMessage(error), hint: 'check-cluster' });
      return undefined;
    }
  };
  await attempt('version', () => checkVersions(cluster, report));
  await attempt('address', () => checkAddresses(cluster, options, signal, report));
  await attempt('clock', () => checkClocks(cluster, maxClockSkewMs, signal, report));
  const found = await attempt('namespace', () => findNamespaces(cluster, config.namespaces, report));
  const namespaces = found ?? [];
  const bytes = await attempt('namespace', () => checkNamespaces(cluster, namespaces, forRestore, report));
  const timeoutMs = options.infoTimeoutMs;
  await attempt('privilege', () => checkPrivileges(cluster, namespaces, forRestore, timeoutMs, report));
  return bytes;
}
