import { type PartitionFilter, partitionId } from '../../core/partition.js';
import { type Fields, logEvent, type LogEvent, warningEvent } from '../../core/log.js';
import { perRecord, perSecond, rateText } from '../progress/throughput.js';
import { etaText, localTimeText, secondsText, wholeSeconds } from '../format-duration.js';

/**
 * The lines of asbackup. Scripts read their texts, so they are exactly those of the C tool. Names and fields are those of
 * `--log-json` (docs/reference/log-events.md).
 */

export interface BackupTotals {
  records: number;
  sindexes: number;
  udfs: number;
  bytes: number;
}

export interface BackupStart {
  hostText: string;
  namespace: string;
  sets: readonly string[];
  bins: readonly string[];
  /** Milliseconds since the epoch; absent = no limit. */
  modifiedAfter?: number;
  modifiedBefore?: number;
  noTtlOnly?: boolean;
  maxRecords?: number;
  target: { kind: 'directory' | 'file'; path: string } | { kind: 'stdout' | 'stream' | 'none' };
}

export function backupStartLine(start: BackupStart): LogEvent {
  const { hostText: hosts, namespace, sets, bins, modifiedAfter, modifiedBefore, noTtlOnly, maxRecords } = start;
  const target = 'path' in start.target ? start.target.path : `[${start.target.kind}]`;
  const text =
    `Starting backup of ${hosts} (namespace: ${namespace}, ` +
    `set: [${sets.length === 0 ? 'all' : shortList(sets)}], ` +
    `bins: ${bins.length === 0 ? '[all]' : bins.join(',')}, ` +
    `after: ${localTimeText(modifiedAfter)}, before: ${localTimeText(modifiedBefore)}, ` +
    `no ttl only: ${noTtlOnly ?? false}, limit: ${maxRecords ?? 0}) to ${target}`;
  return logEvent('backup.start', text, {
    hosts,
    namespace,
    sets,
    bins,
    ...(modifiedAfter === undefined ? {} : { modifiedAfter: new Date(modifiedAfter).toISOString() }),
    ...(modifiedBefore === undefined ? {} : { modifiedBefore: new Date(modifiedBefore).toISOString() }),
    noTtlOnly: noTtlOnly ?? false,
    maxRecords: maxRecords ?? 0,
    targetKind: start.target.kind,
    target,
  });
}

const MAX_LIST_LENGTH = 1000;

function shortList(names: readonly string[]): string {
  const text = names.join(',');
  return text.length > MAX_LIST_LENGTH ? `${text.slice(0, MAX_LIST_LENGTH)}...` : text;
}

export function nodeCountLine(nodes: number): LogEvent {
  return logEvent('cluster.nodes', `Processing ${nodes} node(s)`, { nodes });
}

export interface NodeRow {
  id: string;
  objects: number;
  replication: number;
}

/** The heading, then one line per node. */
export function nodeTableLines(nodes: readonly NodeRow[]): LogEvent[] {
  const row = (a: string, b: string, c: string): string => a.padEnd(20) + b.padEnd(15) + c.padEnd(15);
  return [
    logEvent('cluster.table', row('Node ID', 'Objects', 'Replication')),
    ...nodes.map(({ id, objects, replication }) =>
      logEvent('cluster.node', row(id, String(objects), String(replication)), { node: id, objects, replication }),
    ),
  ];
}

export function objectCountLine(namespace: string, sets: readonly string[], objects: number): LogEvent {
  const fields = { namespace, sets, records: objects };
  if (sets.length === 0) {
    return logEvent('cluster.records', `Namespace ${namespace} contains ${objects} record(s)`, fields);
  }
  const verb = sets.length === 1 ? `Set ${sets[0]!} contains` : `Sets ${shortList(sets)} contain`;
  return logEvent('cluster.records', `${verb} ${objects} record(s)`, fields);
}

export function directoryCreatedLine(path: string): LogEvent {
  return logEvent('target.create', `Directory ${path} does not exist, creating`, { path });
}

export function directoryPreparedLine(path: string): LogEvent {
  return logEvent('target.ready', `Directory ${path} prepared for backup`, { path });
}

export function sindexCountLine(count: number): LogEvent {
  const text = count === 0 ? 'No secondary indexes' : `Backing up ${count} secondary index(es)`;
  return logEvent('backup.sindexes', text, { sindexes: count });
}

export function sindexSkippedLine(count: number): LogEvent {
  return logEvent('backup.sindexes.skipped', `Skipped ${count} index(es) with unwanted set(s)`, { sindexes: count });
}

export function udfCountLine(count: number): LogEvent {
  return logEvent('backup.udfs', `Backing up ${count} UDF file(s)`, { udfs: count });
}

/** What one scan covers. */
export function jobText(filter: PartitionFilter): string {
  if (filter.kind === 'digest') {
    return `partition ${filter.digest.readUInt16LE(0) & 4095} after ${filter.digest.toString('base64')}`;
  }
  if (filter.count === 1) return `partition ${filter.begin}`;
  return `${filter.count} partitions from ${filter.begin} to ${filter.begin + filter.count - 1}`;
}

function jobFields(filter: PartitionFilter): Fields {
  if (filter.kind === 'range') return { partition: filter.begin, partitions: filter.count };
  return { partition: partitionId(filter.digest, 0), partitions: 1, afterDigest: filter.digest.toString('base64') };
}

export function jobStartedLine(filter: PartitionFilter): LogEvent {
  return logEvent('job.start', `Starting backup for ${jobText(filter)}`, jobFields(filter));
}

export function jobCompletedLine(filter: PartitionFilter, records: number, bytes: number): LogEvent {
  const text = `Completed backup for ${jobText(filter)}, ${jobResultText(records, bytes)}`;
  return logEvent('job.done', text, { ...jobFields(filter), records, bytes });
}

export function jobInterruptedLine(filter: PartitionFilter, records: number, bytes: number): LogEvent {
  const text = `Backup of ${jobText(filter)} interrupted, ${jobResultText(records, bytes)}`;
  return logEvent('job.interrupted', text, { ...jobFields(filter), records, bytes });
}

function jobResultText(records: number, bytes: number): string {
  return `records: ${records}, size: ${bytes} (~${perRecord(bytes, records)} B/rec)`;
}

/** With --verbose, after the line of the job itself. */
export function jobTimeLine(filter: PartitionFilter, records: number, bytes: number, durationMs: number): LogEvent {
  const text = `The scan of ${jobText(filter)} took ${secondsText(durationMs)}: ${rateText(records, bytes, durationMs)}`;
  return logEvent('job.time', text, { ...jobFields(filter), records, bytes, durationMs: Math.round(durationMs) });
}

/** With --verbose, what a worker has done by its end. */
export function workerDoneLine(jobs: number, files: number, records: number, bytes: number, ms: number): LogEvent {
  const into = files > 0 ? ` into ${files} file(s)` : '';
  const text = `Worker done after ${secondsText(ms)}: ${jobs} job(s), ${records} record(s)${into}, ${rateText(records, bytes, ms)}`;
  return logEvent('worker.done', text, { jobs, files, records, bytes, durationMs: Math.round(ms) });
}

/** With --verbose, once the cluster is reached. */
export function connectedLine(build: string, nodes: readonly string[], ms: number): LogEvent {
  const text = `Connected in ${secondsText(ms)} to a cluster of ${nodes.length} node(s), server ${build}: ${nodes.join(', ')}`;
  return logEvent('cluster.connected', text, { build, nodes, durationMs: Math.round(ms) });
}

export function scanRetryLine(partitions: number, reason: string): LogEvent {
  return logEvent('scan.retry', `Reading ${partitions} partition(s) again: ${reason}`, { partitions, reason });
}

export function backupSummaryLine({ records, sindexes, udfs, bytes }: BackupTotals): LogEvent {
  const text =
    `Backed up ${records} record(s), ${sindexes} secondary index(es), ${udfs} UDF file(s), ` +
    `${bytes} byte(s) in total (~${perRecord(bytes, records)} B/rec)`;
  return logEvent('backup.summary', text, { records, sindexes, udfs, bytes });
}

/** `ratio`: stored bytes per byte of text; undefined without compression. */
export function estimatedRecordLines(bytes: number, ratio?: number): LogEvent[] {
  const fields = { bytesPerRecord: bytes };
  if (ratio === undefined) {
    return [logEvent('estimate.record', `Estimated overall record size is ${bytes} byte(s)`, fields)];
  }
  return [
    logEvent('estimate.record', `Estimated overall record size before compression is ${bytes} byte(s)`, fields),
    // Six significant digits without zeros at the end.
    logEvent('estimate.ratio', `Approximate compression ratio is ${Number((ratio * 100).toPrecision(6))}%`, { ratio }),
  ];
}

export function estimatedTotalLine(bytes: number): LogEvent {
  const text = `Estimated total backup file size (for backup-to-file, 99.9% confidence): ${bytes} byte(s)`;
  return logEvent('estimate.total', text, { bytes });
}

export function threadsReducedLine(
  asked: number,
  threads: number,
  scarce: 'partitions' | 'filters' | 'records',
): LogEvent {
  const what = {
    partitions: 'partitions being backed up',
    filters: 'partition filters given',
    records: 'scans that can share --max-records',
  }[scarce];
  const text = `--parallel ${asked} is higher than the number of ${what} (${threads}), setting number of threads to ${threads}.`;
  return warningEvent('backup.workers', text, { asked, workers: threads });
}

export interface BackupRate {
  percent: number;
  /** Since the previous line. */
  records: number;
  bytes: number;
  intervalMs: number;
}

/** `total`: since the start, for programs. */
export function backupProgressLine(
  { percent, records, bytes, intervalMs }: BackupRate,
  total: Readonly<{ records: number; bytes: number }>,
): LogEvent {
  const recordsPerSecond = perSecond(records, intervalMs);
  const text =
    `${percent}% complete (~${perSecond(bytes / 1024, intervalMs)} KiB/s, ` +
    `~${recordsPerSecond} rec/s, ~${perRecord(bytes, records)} B/rec)`;
  return logEvent('progress', text, {
    percent,
    records: total.records,
    bytes: total.bytes,
    recordsPerSecond,
    bytesPerSecond: perSecond(bytes, intervalMs),
  });
}

export function backupRemainingLine(seconds: number): LogEvent {
  return logEvent('progress.remaining', `~${etaText(seconds)} remaining`, { seconds: wholeSeconds(seconds) });
}
