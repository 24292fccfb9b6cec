import type { ClusterOptions } from '../../aerospike/config.js';
import type { ConnectionSecurity } from '../auth/connection-security.js';
import { type HostList, toSeeds } from '../values/hosts.js';

const TIMEOUT_MS = 10_000;
const MAX_RETRIES = 5;

/** How the commands that compare a backup with a cluster scan it. */
export const COMPARISON_SCAN = {
  policy: { maxRetries: MAX_RETRIES, sleepBetweenRetriesMs: 0 },
  socketTimeoutMs: TIMEOUT_MS,
} as const;

/** The cluster that a backup is compared with. */
export function toComparedCluster(
  hosts: HostList,
  values: { port: number; tlsName: string | undefined; servicesAlternate: boolean },
  security: ConnectionSecurity,
): ClusterOptions {
  return {
    seeds: toSeeds(hosts, values.port, values.tlsName),
    servicesAlternate: values.servicesAlternate,
    connectTimeoutMs: TIMEOUT_MS,
    infoTimeoutMs: TIMEOUT_MS,
    ...security,
  };
}

/** All records of a namespace. */
export function selectNamespace(namespace: string): {
  namespace: string;
  set: string;
  bins: string[];
  noBins: boolean;
  recordsPerSecond: number;
  socketTimeoutMs: number;
  totalTimeoutMs: number;
} {
  const { socketTimeoutMs } = COMPARISON_SCAN;
  return { namespace, set: '', bins: [], noBins: false, recordsPerSecond: 0, socketTimeoutMs, totalTimeoutMs: 0 };
}
