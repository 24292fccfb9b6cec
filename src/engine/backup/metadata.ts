/** What a backup holds beside records: secondary indexes and UDF modules, as the text that follows the first header. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { listSindexes } from '../../aerospike/commands/sindex.js';
import { getUdf, listUdfs } from '../../aerospike/commands/udf.js';
import {
  encodeHeader,
  encodeMetadataFile,
  encodeSindex,
  encodeUdf,
  getLowestVersion,
  getSindexVersion,
} from '../../asb/metadata-encoder.js';
import type { Sindex } from '../../core/sindex.js';
import { metadataFileName } from './output/file-naming.js';
import type { EngineEvent } from '../../core/events.js';
import type { BackupConfig } from './config.js';

/** A file with nothing but indexes. */
export interface MetadataFile {
  /** The name within the directory. */
  name: string;
  /** The text. */
  bytes: Buffer;
}

export interface BackupMetadata {
  /** The head of the first file, indexes and UDFs included. */
  firstHeader: Buffer;
  /** Of a directory: what its record files cannot hold. */
  file?: MetadataFile;
  /** Written ones; those left out are not counted (asbackup.md 12, fault 26). */
  sindexes: number;
  udfs: number;
  /** To be emitted when the first scan begins (asbackup.md 8.2). */
  events: EngineEvent[];
}

/** Throws EncodeError for an index or module that no restore could read, and ClusterError. */
export async function readMetadata(cluster: Cluster, config: BackupConfig): Promise<BackupMetadata> {
  const events: EngineEvent[] = [];
  // The first shard has them for all.
  if (config.shard !== undefined && config.shard.index > 0) {
    return { firstHeader: encodeHeader(config.namespace, false), sindexes: 0, udfs: 0, events };
  }
  const sindexes = config.noIndexes ? [] : await readSindexes(cluster, config, events);
  // Record files of version 3.1 are read by every tool; what they cannot hold goes beside them where there is a place.
  const isDirectory = config.target.kind === 'directory';
  const apart = isDirectory ? sindexes.filter((sindex) => getSindexVersion(sindex) !== '3.1') : [];
  const inHeader = sindexes.filter((sindex) => !apart.includes(sindex));
  const parts = [encodeHeader(config.namespace, true, getLowestVersion(inHeader)), ...inHeader.map(encodeSindex)];
  let file: MetadataFile | undefined;
  if (apart.length > 0) {
    const name = metadataFileName(config.prefix);
    file = { name, bytes: encodeMetadataFile(config.namespace, apart).bytes };
  }
  const version = getLowestVersion(sindexes);
  if (version !== '3.1') {
    events.push({ type: 'backup.format', version, ...(file === undefined ? {} : { file: file.name }) });
  }
  let udfs = 0;
  if (!config.noUdfs) {
    for (const name of await listUdfs(cluster)) {
      parts.push(encodeUdf({ name, content: await getUdf(cluster, name) }));
      udfs++;
    }
    events.push({ type: 'backup.udfs', udfs });
  }
  const firstHeader = Buffer.concat(parts);
  return { firstHeader, ...(file === undefined ? {} : { file }), sindexes: sindexes.length, udfs, events };
}

/** The indexes that belong to the backup. Adds what is to be reported to `events`. */
async function readSindexes(
  cluster: Cluster,
  { namespace, sets, excludedSets = [] }: BackupConfig,
  events: EngineEvent[],
): Promise<Sindex[]> {
  const { sindexes: listed, skipped } = await listSindexes(cluster, namespace);
  // With sets chosen, only their own indexes belong to the backup (asbackup.md 5.4).
  const wanted = listed.filter(({ set }) =>
    set === '' ? sets.length === 0 : (sets.length === 0 || sets.includes(set)) && !excludedSets.includes(set),
  );
  const left = listed.length - wanted.length;
  events.push({ type: 'backup.sindexes', sindexes: wanted.length });
  if (left > 0) events.push({ type: 'backup.sindexes.skipped', sindexes: left });
  for (const { name, reason } of skipped) events.push({ type: 'backup.sindex.left', name, reason });
  return wanted;
}
