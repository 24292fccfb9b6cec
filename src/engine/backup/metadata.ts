/** What a backup holds beside records: secondary indexes and UDF modules, as the text that follows the first header. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { listSindexes } from '../../aerospike/commands/sindex.js';
import { getUdf, listUdfs } from '../../aerospike/commands/udf.js';
import { encodeHeader, encodeSindex, encodeUdf } from '../../asb/encoder.js';
import type { EngineEvent } from '../../core/events.js';
import type { BackupConfig } from './config.js';

export interface BackupMetadata {
  /** The head of the first file, indexes and UDFs included. */
  firstHeader: Buffer;
  /** Written ones; those left out are not counted (asbackup.md 12, fault 26). */
  sindexes: number;
  udfs: number;
  /** To be emitted when the first scan begins (asbackup.md 8.2). */
  events: EngineEvent[];
}

export async function readMetadata(cluster: Cluster, config: BackupConfig): Promise<BackupMetadata> {
  const parts: Buffer[] = [];
  const events: EngineEvent[] = [];
  let sindexes = 0;
  let udfs = 0;
  let expressions = false;
  if (!config.noIndexes) {
    const { sindexes: all, skipped } = await listSindexes(cluster, config.namespace);
    const listed = all.filter(({ indexType }) => indexType !== 'S');
    const { sets } = config;
    // With sets chosen, only their own indexes belong to the backup (asbackup.md 5.4).
    const wanted = sets.length === 0 ? listed : listed.filter(({ set }) => set !== '' && sets.includes(set));
    for (const sindex of wanted) {
      expressions ||= sindex.expression !== '';
      parts.push(encodeSindex(sindex));
    }
    sindexes = wanted.length;
    events.push({ type: 'backup.sindexes', sindexes });
    if (wanted.length < listed.length)
      events.push({ type: 'backup.sindexes.skipped', sindexes: listed.length - wanted.length });
    for (const { name } of all.filter(({ indexType }) => indexType === 'S')) {
      events.push({
        type: 'backup.sindex.left',
        name,
        reason: 'is a set index, which the files of this backup cannot hold',
      });
    }
    for (const { name, reason } of skipped) events.push({ type: 'backup.sindex.left', name, reason });
    if (expressions) events.push({ type: 'backup.format', version: '3.2' });
  }
  if (!config.noUdfs) {
    for (const name of await listUdfs(cluster)) {
      parts.push(encodeUdf({ name, content: await getUdf(cluster, name) }));
      udfs++;
    }
    events.push({ type: 'backup.udfs', udfs });
  }
  const header = encodeHeader(config.namespace, true, expressions ? '3.2' : '3.1');
  return { firstHeader: Buffer.concat([header, ...parts]), sindexes, udfs, events };
}
