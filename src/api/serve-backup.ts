/** A backup as a node of a database: clients look into it before anything is restored. */
import type { MetadataEntry, Sindex } from '../core/sindex.js';
import { ToolError } from '../core/errors.js';
import type { BackupFiles } from '../engine/catalog/backup-files.js';
import { indexBackup, type IndexBackupConfig } from '../engine/catalog/indexed-backup.js';
import { InMemoryCluster } from '../node/cluster.js';
import type { CollectionType, SindexType } from '../node/data/sindex-table.js';

export interface ServeConfig extends IndexBackupConfig {
  /** Address to listen on. */
  host: string;
  /** 0 = any free one. */
  port: number;
}

export interface ServedBackup {
  host: string;
  port: number;
  /** Records by namespace. */
  namespaces: ReadonlyMap<string, number>;
  /** Earlier versions of records that the backup holds several times, which are not shown. */
  repeated: number;
  /** Indexes of kinds that the node does not have: on whole sets. */
  skippedSindexes: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Reads the backup once and answers clients until `close`; what they write is refused. Records do not expire. Throws
 * what reading throws, and ToolError SERVE_LISTEN.
 */
export async function serveBackup(files: BackupFiles, { host, port, ...config }: ServeConfig): Promise<ServedBackup> {
  const backup = await indexBackup(files, config);
  try {
    const { sources, repeated, metadata } = backup;
    const cluster = await startNode(sources, host, port);
    const skippedSindexes = addMetadata(cluster, metadata);
    return {
      host: cluster.seed.host,
      port: cluster.seed.port,
      namespaces: new Map([...sources].map(([namespace, { count }]) => [namespace, count])),
      repeated,
      skippedSindexes,
      close: async () => {
        await cluster.stop();
        backup.close();
      },
    };
  } catch (error) {
    backup.close();
    throw error;
  }
}

async function startNode(
  sources: Awaited<ReturnType<typeof indexBackup>>['sources'],
  host: string,
  port: number,
): Promise<InMemoryCluster> {
  try {
    return await InMemoryCluster.start({
      namespaces: [...sources.keys()].map(toLatin1),
      sources: new Map([...sources].map(([namespace, source]) => [toLatin1(namespace), source])),
      host,
      ports: [port],
      nsupPeriodS: 0,
      clusterName: 'backup',
    });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another program uses the port' : `the system refuses it (${code})`;
    throw new ToolError('SERVE_LISTEN', `Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}

const TYPES: Readonly<Record<Sindex['dataType'], SindexType | undefined>> = {
  N: 'numeric',
  S: 'string',
  G: 'geo2dsphere',
  B: 'blob',
  E: undefined,
};
const COLLECTIONS: Readonly<Record<Sindex['indexType'], CollectionType | undefined>> = {
  N: 'default',
  L: 'list',
  K: 'mapkeys',
  V: 'mapvalues',
  S: undefined,
};

/** Returns how many indexes the node has no kind for. */
function addMetadata(cluster: InMemoryCluster, metadata: readonly MetadataEntry[]): number {
  let skipped = 0;
  for (const entry of metadata) {
    if (entry.kind === 'udf') {
      cluster.udfs.put(toLatin1(entry.name), Buffer.from(entry.content).toString('base64'));
      continue;
    }
    const { namespace, set, name, indexType, bin, dataType, context, expression } = entry.sindex;
    const type = TYPES[dataType];
    const collection = COLLECTIONS[indexType];
    if (type === undefined || collection === undefined) {
      skipped++;
      continue;
    }
    cluster.sindexes.add({
      namespace: toLatin1(namespace),
      name: toLatin1(name),
      set: set === '' ? undefined : toLatin1(set),
      bin: toLatin1(bin),
      type,
      collection,
      context: context === '' ? undefined : context,
      expression: expression === '' ? undefined : expression,
    });
  }
  return skipped;
}

/** The node's texts have one character per byte. */
function toLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
