import type { PartitionFilter } from '../particle.js';
import { perRecord, perSecond } from './rates.js';
import { etaText, localTimeText } from './time-text.js';

/** The lines of asbackup. Scripts read them, so they are exactly those of the C tool. */

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
  target: { kind: 'directory' | 'file'; path: string } | { kind: 'stdout' | 'none' };
}

export function backupStartText(start: BackupStart): string {
  const target = 'path' in start.target ? start.target.path : `[${start.target.kind}]`;
  return (
    `Starting backup of ${start.hostText} (namespace: ${start.namespace}, ` +
    `set: [${start.sets.length === 0 ? 'all' : shortList(start.sets)}], ` +
    `bins: ${start.bins.length === 0 ? '[all]' : start.bins.join(',')}, ` +
    `after: ${localTimeText(start.modifiedAfter)}, before: ${localTimeText(start.modifiedBefore)}, ` +
    `no ttl only: ${start.noTtlOnly ?? false}, limit: ${start.maxRecords ?? 0}) to ${target}`
  );
}

const MAX_LIST_LENGTH = 1000;

function shortList(names: readonly string[]): string {
  const text = names.join(',');
  return text.length > MAX_LIST_LENGTH ? `${text.slice(0, MAX_LIST_LENGTH)}...` : text;
}

export function nodeCountText(nodes: number): string {
  return `Processing ${nodes} node(s)`;
}

export interface NodeRow {
  id: string;
  objects: number;
  replication: number;
}

/** The heading, then one line per node. */
export function nodeTableText(nodes: readonly NodeRow[]): string[] {
  const row = (a: string, b: string, c: string): string => a.padEnd(20) + b.padEnd(15) + c.padEnd(15);
  return [
    row('Node ID', 'Objects', 'Replication'),
    ...nodes.map((node) => row(node.id, String(node.objects), String(node.replication))),
  ];
}

export function objectCountText(namespace: string, sets: readonly string[], objects: number): string {
  if (sets.length === 0) return `Namespace ${namespace} contains ${objects} record(s)`;
  const verb = sets.length === 1 ? `Set ${sets[0]!} contains` : `Sets ${shortList(sets)} contain`;
  return `${verb} ${objects} record(s)`;
}

export function directoryCreatedText(path: string): string {
  return `Directory ${path} does not exist, creating`;
}

export function directoryPreparedText(path: string): string {
  return `Directory ${path} prepared for backup`;
}

export function sindexCountText(count: number): string {
  return count === 0 ? 'No secondary indexes' : `Backing up ${count} secondary index(es)`;
}

export function sindexSkippedText(count: number): string {
  return `Skipped ${count} index(es) with unwanted set(s)`;
}

export function udfCountText(count: number): string {
  return `Backing up ${count} UDF file(s)`;
}

/** What one scan covers. */
export function jobText(filter: PartitionFilter): string {
  if (filter.kind === 'digest') {
    return `partition ${filter.digest.readUInt16LE(0) & 4095} after ${filter.digest.toString('base64')}`;
  }
  if (filter.count === 1) return `partition ${filter.begin}`;
  return `${filter.count} partitions from ${filter.begin} to ${filter.begin + filter.count - 1}`;
}

export function jobStartedText(filter: PartitionFilter): string {
  return `Starting backup for ${jobText(filter)}`;
}

export function jobCompletedText(filter: PartitionFilter, records: number, bytes: number): string {
  return `Completed backup for ${jobText(filter)}, ${jobResultText(records, bytes)}`;
}

export function jobInterruptedText(filter: PartitionFilter, records: number, bytes: number): string {
  return `Backup of ${jobText(filter)} interrupted, ${jobResultText(records, bytes)}`;
}

function jobResultText(records: number, bytes: number): string {
  return `records: ${records}, size: ${bytes} (~${perRecord(bytes, records)} B/rec)`;
}

export function backupSummaryText({ records, sindexes, udfs, bytes }: BackupTotals): string {
  return (
    `Backed up ${records} record(s), ${sindexes} secondary index(es), ${udfs} UDF file(s), ` +
    `${bytes} byte(s) in total (~${perRecord(bytes, records)} B/rec)`
  );
}

/** `ratio`: stored bytes per byte of text; undefined without compression. */
export function estimatedRecordTexts(bytes: number, ratio?: number): string[] {
  if (ratio === undefined) return [`Estimated overall record size is ${bytes} byte(s)`];
  return [
    `Estimated overall record size before compression is ${bytes} byte(s)`,
    // Six significant digits without zeros at the end.
    `Approximate compression ratio is ${Number((ratio * 100).toPrecision(6))}%`,
  ];
}

export function estimatedTotalText(bytes: number): string {
  return `Estimated total backup file size (for backup-to-file, 99.9% confidence): ${bytes} byte(s)`;
}

export function threadsReducedText(
  asked: number,
  threads: number,
  scarce: 'partitions' | 'filters' | 'records',
): string {
  const what = {
    partitions: 'partitions being backed up',
    filters: 'partition filters given',
    records: 'scans that can share --max-records',
  }[scarce];
  return `Warning: --parallel ${asked} is higher than the number of ${what} (${threads}), setting number of threads to ${threads}.`;
}

export interface BackupRate {
  percent: number;
  /** Since the previous line. */
  records: number;
  bytes: number;
  intervalMs: number;
}

export function backupProgressText({ percent, records, bytes, intervalMs }: BackupRate): string {
  return (
    `${percent}% complete (~${perSecond(bytes / 1024, intervalMs)} KiB/s, ` +
    `~${perSecond(records, intervalMs)} rec/s, ~${perRecord(bytes, records)} B/rec)`
  );
}

export function backupRemainingText(seconds: number): string {
  return `~${etaText(seconds)} remaining`;
}
