/** What a backup holds beside records: secondary indexes and UDF modules, as the text that follows the first header. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { listSindexes } from '../../aerospike/commands/sindex.js';
import { getUdf, listUdfs } from '../../aerospike/commands/udf.js';
import { encodeHeader, encodeSindex, encodeUdf } from '../../asb/encoder.js';
import { sindexCountLine, sindexSkippedLine, udfCountLine } from '../../ui/messages/backup.js';
import { logEvent, type LogEvent } from '../../core/log.js';
import type { BackupOptions } from './config.js';

export interface BackupMetadata {
  /** The head of the first file, indexes and UDFs included. */
  firstHeader: Buffer;
  /** Written ones; those left out are not counted (asbackup.md 12, fault 26). */
  sindexes: number;
  udfs: number;
  /** What the log says of them once the first scan begins (asbackup.md 8.2). */
  lines: LogEvent[];
}

export async function readMetadata(cluster: Cluster, options: BackupOptions): Promise<BackupMetadata> {
  const parts: Buffer[] = [];
  const lines: LogEvent[] = [];
  let sindexes = 0;
  let udfs = 0;
  let expressions = false;
  if (!options.noIndexes) {
    const { sindexes: listed, unsupported } = await listSindexes(cluster, options.namespace);
    const { sets } = options;
    // With sets chosen, only their own indexes belong to the backup (asbackup.md 5.4).
    const wanted = sets.length === 0 ? listed : listed.filter(({ set }) => set !== '' && sets.includes(set));
    for (const sindex of wanted) {
      expressions ||= sindex.expression !== '';
      parts.push(encodeSindex(sindex));
    }
    sindexes = wanted.length;
    lines.push(sindexCountLine(sindexes));
    if (wanted.length < listed.length) lines.push(sindexSkippedLine(listed.length - wanted.length));
    for (const name of unsupported) {
      const text = `Index ${name} is a set index, which belongs to the server's configuration; it is not backed up.`;
      lines.push(logEvent('backup.sindex.left', text, { name }));
    }
    if (expressions) {
      const text = 'The backup holds indexes on expressions; the C asrestore cannot read such a file.';
      lines.push(logEvent('backup.format', text, { version: '3.2' }));
    }
  }
  if (!options.noUdfs) {
    for (const name of await listUdfs(cluster)) {
      parts.push(encodeUdf({ name, content: await getUdf(cluster, name) }));
      udfs++;
    }
    lines.push(udfCountLine(udfs));
  }
  const header = encodeHeader(options.namespace, true, expressions ? '3.2' : '3.1');
  return { firstHeader: Buffer.concat([header, ...parts]), sindexes, udfs, lines };
}
