import type { EngineEvent } from '../../core/events.js';
import type { BackupTotals, LimitingFactor, TargetDescription } from '../../core/events/backup.js';
import { type PartitionFilter, partitionId } from '../../core/partition.js';
import { deserializeError, type SerializedError } from '../../core/errors.js';
import { errorText } from '../error-text.js';
import type { FrontEnd } from '../hints.js';
import type { EventLine } from './common.js';
import { type Fields, logEvent, type LogEvent, warningEvent } from '../../core/log.js';
import { perRecord, perSecond, rateText } from '../progress/throughput.js';
import { etaText, localTimeText, secondsText, wholeSeconds } from '../format-duration.js';

/**
 * Events of backups and estimates as lines of the log. Scripts read the [INF] texts, so they are exactly those of the C
 * tool. Names and fields are those of the JSON log.
 */

export interface BackupLineContext {
  frontEnd: FrontEnd;
  /** The host or node list as the user gave it. */
  hosts: string;
}

/** The lines of an event; empty = it has none, or is not one of a backup. */
export function formatBackupEvent(event: EngineEvent, context: BackupLineContext): EventLine[] {
  switch (event.type) {
    case 'backup.start':
      return info(backupStartLine({ ...event, hostText: context.hosts }));
    case 'cluster.table':
      return info(...nodeTableLines(event.nodes));
    case 'cluster.records':
      return info(objectCountLine(event.namespace, event.sets, event.records));
    case 'cluster.replication':
      return info(replicationLine(event.problem));
    case 'cluster.racks':
      return info(racksLine(event.nodes, context));
    case 'target.create':
      return info(directoryCreatedLine(event.path));
    case 'target.ready':
      return info(directoryPreparedLine(event.path));
    case 'target.remove':
      return info(filesRemovedLine(event));
    case 'target.others':
      return info(otherFilesLine(event));
    case 'target.space':
      return info(diskSpaceLine(event));
    case 'backup.sindexes':
      return info(sindexCountLine(event.sindexes));
    case 'backup.sindexes.skipped':
      return info(sindexSkippedLine(event.sindexes));
    case 'backup.sindex.left': {
      const text = `index ${event.name} ${event.reason}; it is not backed up.`;
      return info(warningEvent('backup.sindex.left', text, { name: event.name, reason: event.reason }));
    }
    case 'backup.format':
      return info(formatVersionLine(event));
    case 'backup.keys-dropped': {
      const { records } = event;
      const text = `${records} record(s) have a user key of a kind that the format cannot hold; they are backed up without it.`;
      return info(warningEvent('backup.keys-dropped', text, { records }));
    }
    case 'backup.count':
      return info(countLine(event));
    case 'backup.udfs':
      return info(udfCountLine(event.udfs));
    case 'backup.workers':
      return info(threadsReducedLine(event.asked, event.workers, event.scarce, context.frontEnd));
    case 'job.start':
      return info(jobStartedLine(event.filter));
    case 'job.done':
      return info(jobCompletedLine(event.filter, event.records, event.bytes));
    case 'job.interrupted':
      return info(jobInterruptedLine(event.filter, event.records, event.bytes));
    case 'job.time':
      return verbose(jobTimeLine(event.filter, event.records, event.bytes, event.durationMs));
    case 'worker.done':
      if (event.direction !== 'backup') return [];
      return verbose(workerDoneLine(event.jobs, event.files, event.records, event.bytes, event.durationMs));
    case 'scan.retry':
      return [{ level: 'error', line: scanRetryLine(event.partitions, event.reason) }];
    case 'backup.summary':
      return info(backupSummaryLine(event));
    case 'shard.complete': {
      const { path, records } = event;
      const text = `The shard is complete already, with ${records} record(s): ${path} says so. Nothing was changed`;
      return info(logEvent('shard.complete', text, { path, records }));
    }
    case 'resume.start': {
      const text = `Continuing the backup of ${event.records} record(s) so far`;
      return info(logEvent('resume.start', text, { records: event.records }));
    }
    case 'resume.cut': {
      const text = `What was written to standard output so far has to be cut to its first ${event.bytes} byte(s)`;
      return info(logEvent('resume.cut', text, { bytes: event.bytes }));
    }
    case 'resume.delete': {
      const { files } = event;
      const text = `Deleting ${files.length} file(s) begun after the state was saved: ${files.join(', ')}`;
      return info(logEvent('resume.delete', text, { files }));
    }
    case 'state.saved':
      return info(
        logEvent('state.saved', `Created backup state file ${event.path}`, { path: event.path }),
        ...resumeLines(event.path, context),
      );
    case 'state.missing':
      return info(stateMissingLine(event, context.frontEnd));
    case 'checkpoint.failed':
      return [{ level: 'error', line: checkpointFailedLine(event, context.frontEnd) }];
    case 'estimate.record':
      return info(...estimatedRecordLines(event.bytesPerRecord, event.ratio));
    case 'estimate.total':
      return info(estimatedTotalLine(event.bytes));
    case 'remove.start': {
      const what = event.kind === 'file' ? 'output file' : 'backup directory';
      return info(logEvent('remove.start', `Deleting ${what} ${event.path}`, { path: event.path }));
    }
    case 'remove.kept': {
      const { path, files, reason } = event;
      const text = `Deleted ${files} backup file(s); the directory ${path} stays: ${reason}.`;
      return info(logEvent('remove.kept', text, { path, files }));
    }
    default:
      return [];
  }
}

function info(...lines: LogEvent[]): EventLine[] {
  return lines.map((line) => ({ level: 'info', line }));
}

function verbose(line: LogEvent): EventLine[] {
  return [{ level: 'verbose', line }];
}

function replicationLine(problem: 'differs' | 'zero'): LogEvent {
  const text =
    problem === 'zero'
      ? 'a node has replication factor 0, taken as 1.'
      : 'the nodes differ in their replication factor; the number of records may be inaccurate.';
  return warningEvent('cluster.replication', text);
}

function racksLine(nodes: readonly string[], { frontEnd }: BackupLineContext): LogEvent {
  const option = frontEnd === 'cli' ? '--prefer-racks' : 'preferRacks';
  const text = `${option} cannot choose node(s) ${nodes.join(', ')}, which do not tell their rack.`;
  return warningEvent('cluster.racks', text, { nodes });
}

function countLine({ records, expected }: { records: number; expected: number }): LogEvent {
  const text =
    `the backup has ${records} record(s), but the cluster counted ${expected} before it began. ` +
    'Unless so many were written, deleted or expired meanwhile, a node reports partitions or records that it does not have.';
  return warningEvent('backup.count', text, { records, expected });
}

function formatVersionLine({ version, file }: { version: string; file?: string }): LogEvent {
  const text =
    file === undefined
      ? `Indexes on expressions or whole sets make the backup one of version ${version}, which the C asrestore cannot read.`
      : `Indexes on expressions or whole sets are in ${file}, of version ${version}; the C asrestore cannot read that file.`;
  return logEvent('backup.format', text, { version, ...(file === undefined ? {} : { file }) });
}

interface RemovedFiles {
  path: string;
  files: number;
  prefix: string;
  foreign: readonly string[];
}

function filesRemovedLine({ path, files, prefix, foreign }: RemovedFiles): LogEvent {
  const of =
    foreign.length === 0 ? '' : `, ${foreign.length} of them not named ${prefix}_NNNNN.asb: ${shorten(foreign)}`;
  return logEvent('target.remove', `Removing ${files} backup file(s) from ${path}${of}`, { path, files });
}

function otherFilesLine({ path, prefix, files }: { path: string; prefix: string; files: readonly string[] }): LogEvent {
  const text = `${path} also holds files that are not named ${prefix}_NNNNN.asb; they stay: ${shorten(files)}.`;
  return warningEvent('target.others', text, { path, files: files.length });
}

/** The first names of a list. */
function shorten(names: readonly string[]): string {
  const some = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${some}, and ${names.length - 3} more` : some;
}

function diskSpaceLine(event: { path: string; freeBytes: number; neededBytes: number }): LogEvent {
  const { path, freeBytes, neededBytes } = event;
  const text = `${freeBytes} byte(s) are free on the disk of ${path}, but about ${neededBytes} are still to be written.`;
  return warningEvent('target.space', text, { path, freeBytes, neededBytes });
}

/** The C tool's words, which scripts read the file from. */
function resumeLines(path: string, { frontEnd }: BackupLineContext): LogEvent[] {
  if (frontEnd !== 'cli') return [];
  const how = `run backup with \`--continue ${path}\` and all the same arguments (except --remove-files)`;
  return [logEvent('state.resume', `Backup was interrupted, to resume, ${how}`, { path })];
}

function stateMissingLine({ path, error }: { path: string; error?: SerializedError }, frontEnd: FrontEnd): LogEvent {
  const reason =
    error === undefined
      ? `${path} exists and is the state of another run.`
      : errorText(deserializeError(error), frontEnd);
  const option = frontEnd === 'cli' ? '--state-file-dst' : 'stateFile';
  const text = `${reason} This run cannot be continued if it is interrupted; ${option} gives its state a place.`;
  return warningEvent('state.missing', text, { path });
}

function checkpointFailedLine(
  { error, ending }: { error: SerializedError; ending: boolean },
  frontEnd: FrontEnd,
): LogEvent {
  const text = `${errorText(deserializeError(error), frontEnd)}${ending ? '' : ' The backup goes on.'}`;
  return logEvent('checkpoint.failed', text, { code: error.code });
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
  target: TargetDescription;
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
    return `partition ${partitionId(filter.digest, 0)} after ${digestText(filter)}`;
  }
  if (filter.count === 1) return `partition ${filter.begin}`;
  return `${filter.count} partitions from ${filter.begin} to ${filter.begin + filter.count - 1}`;
}

function jobFields(filter: PartitionFilter): Fields {
  if (filter.kind === 'range') return { partition: filter.begin, partitions: filter.count };
  return { partition: partitionId(filter.digest, 0), partitions: 1, afterDigest: digestText(filter) };
}

/** A digest that has crossed threads is a plain array. */
function digestText({ digest }: { digest: Uint8Array }): string {
  return Buffer.from(digest).toString('base64');
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
  scarce: LimitingFactor,
  frontEnd: FrontEnd = 'cli',
): LogEvent {
  const [parallel, maxRecords] = frontEnd === 'cli' ? ['--parallel', '--max-records'] : ['parallel', 'maxRecords'];
  const what = {
    partitions: 'partitions being backed up',
    filters: 'partition filters given',
    records: `scans that can share ${maxRecords}`,
  }[scarce];
  const text = `${parallel} ${asked} is higher than the number of ${what} (${threads}), setting number of threads to ${threads}.`;
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
