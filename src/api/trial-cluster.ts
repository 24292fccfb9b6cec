/** A cluster of one node in the memory of this process, which a backup is restored into to see whether it can be. */
import { PARTITIONS } from '../core/partition.js';
import { InMemoryCluster } from '../node/cluster.js';

/** It ends with the process in any case. */
const EXPIRY_PERIOD_S = 86_400;
/** More than every server takes. */
const MAX_RECORD_BYTES = 128 * 1024 * 1024;

export interface TrialCluster {
  host: string;
  port: number;
  /** Records of the namespace. */
  countRecords(namespace: string): number;
  stop(): Promise<void>;
}

/** On a port of this machine's own address. Throws the error of the system. */
export async function startTrialCluster(namespaces: readonly string[]): Promise<TrialCluster> {
  const cluster = await InMemoryCluster.start({
    namespaces: [...namespaces],
    nsupPeriodS: EXPIRY_PERIOD_S,
    maxRecordSizeBytes: MAX_RECORD_BYTES,
    clusterName: 'trial',
  });
  const { host, port } = cluster.seed;
  return {
    host,
    port,
    countRecords: (namespace) => {
      const store = cluster.store(namespace);
      let records = 0;
      for (let partition = 0; partition < PARTITIONS; partition++) records += store.countRecords(partition);
      return records;
    },
    stop: () => cluster.stop(),
  };
}
