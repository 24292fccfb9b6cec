/**
 * Events of restores and validations as lines of the log. Scripts read the [INF] texts, so they are exactly those of
 * the C tool, uneven blanks included. Names and fields are those of the JSON log.
 */
import type { EngineEvent } from '../../core/events.js';
import type { ContentTotals, RestoreTotals, SindexName, SourceDescription } from '../../core/events/restore.js';
import { type Fields, logEvent, type LogEvent, warningEvent } from '../../core/log.js';
import { etaText, secondsText, wholeSeconds } from '../format-duration.js';
import { perRecord, perSecond, rateText } from '../progress/throughput.js';
import type { EventLine } from './common.js';

export interface RestoreLineContext {
  /** The host list as the user gave it. */
  hosts: string;
  /** How the front end calls the settings that lines mention. */
  optionNames: { noGeneration: string; unique: string };
}

/** The line of an event; undefined = it has none, or is not one of a restore or validation. */
export function formatRestoreEvent(event: EngineEvent, context: RestoreLineContext): EventLine | undefined {
  switch (event.type) {
    case 'restore.start':
      return info(restoreStartLine(event, context.hosts));
    case 'validate.start': {
      const { source } = event;
      return info(logEvent('validate.start', `Starting validation of ${formatSource(source)}`, sourceFields(source)));
    }
    case 'restore.input':
      return info(pathLine('restore.input', 'Restoring', formatSource(event.source)));
    case 'validate.input':
      return info(pathLine('validate.input', 'Validating', formatSource(event.source)));
    case 'input.files': {
      const { files, path } = event;
      return info(logEvent('input.files', `Found ${files} backup file(s) in ${path}`, { files, path }));
    }
    case 'input.missing':
      return { level: 'error', line: warningEvent('input.missing', event.part) };
    case 'input.overlap':
      return info(overlapLine(event.directories, event.winner));
    case 'restore.write-mode':
      return { level: 'error', line: writeModeLine(event.reason) };
    case 'restore.records':
      return info(logEvent('restore.records', 'Restoring records'));
    case 'restore.finished':
      return info(logEvent('restore.finished', 'Finished restoring backup file(s)'));
    case 'validate.files':
      return info(logEvent('validate.files', 'Validating backup files'));
    case 'validate.finished':
      return info(logEvent('validate.finished', 'Finished validating backup file(s)'));
    case 'file.start':
      return info(pathLine('file.start', event.doing, event.path));
    case 'file.opened':
      return info(pathLine('file.opened', 'Opened backup file', event.path));
    case 'file.read':
      return verbose(fileReadLine(event));
    case 'worker.done':
      return event.direction === 'restore' ? verbose(workerDoneLine(event)) : undefined;
    case 'restore.udf': {
      const { name, bytes } = event;
      return info(logEvent('restore.udf', `Restoring UDF file ${name} (size ${bytes})`, { name, bytes }));
    }
    case 'restore.sindex':
      return verbose(sindexLine(event.type, 'Restoring index', event));
    case 'restore.sindex.replace':
      return verbose(sindexLine(event.type, 'Replacing index', event));
    case 'shard.waiting': {
      const { missing } = event;
      const text = `Waiting until the first shard has restored ${missing.join(', ')}`;
      return info(logEvent('shard.waiting', text, { missing }));
    }
    case 'restore.sindex.skip':
      return verbose(sindexLine(event.type, 'Skipping index with unwanted set', event));
    case 'restore.sindex.no-set':
      return info(sindexWithoutSetLine(event.name));
    case 'restore.sindexes.skipped':
      return info(sindexesLine(event.type, event.sindexes, 'index(es) with unwanted set(s)'));
    case 'restore.sindexes.matched':
      return info(sindexesLine(event.type, event.sindexes, 'matched index(es)'));
    case 'restore.sindexes.mismatched':
      return { level: 'error', line: sindexesLine(event.type, event.sindexes, 'mismatched index(es)') };
    case 'record.ignored': {
      const { digest, resultCode, reason } = event;
      const text = `Ignored the record with digest ${digest}: ${reason}`;
      return verbose(logEvent('record.ignored', text, { digest, resultCode }));
    }
    case 'write.retry': {
      const { records, attempt, pauseMs, reason } = event;
      const text = `${records} record(s) to be sent again in ${pauseMs} ms: ${reason}`;
      return verbose(logEvent('write.retry', text, { records, pauseMs, attempt, reason }));
    }
    case 'records.ttl-cut':
    case 'records.persist-cleared':
    case 'records.sorted':
    case 'records.fresher':
    case 'records.existed':
    case 'records.in-doubt':
    case 'records.generation-zero': {
      const { type, records } = event;
      return info(logEvent(type, changedRecordsText(type, records, context), { records }));
    }
    case 'records.expired':
      return { level: 'error', line: mostExpiredLine(event) };
    case 'records.replaced':
      return { level: 'error', line: replacedRecordsLine(event) };
    case 'file.checked':
      return info(fileCheckedLine(event));
    case 'validate.summary':
      return event.sound ? info(validationSummaryLine(event.files, event)) : undefined;
    default:
      return undefined;
  }
}

export function restoreCountLine(
  total: RestoreTotals,
  interval: { records: number; bytes: number; ms: number },
): LogEvent {
  const recordsPerSecond = perSecond(interval.records, interval.ms);
  const text =
    `${total.udfs} UDF file(s), ${total.sindexes} secondary index(es), ${total.records} record(s) ` +
    `(${recordsPerSecond} rec/s, ${perSecond(interval.bytes / 1024, interval.ms)} KiB/s, ` +
    `${perRecord(interval.bytes, interval.records)} B/rec, retries: ${total.retries})`;
  const { udfs, sindexes, records, bytes, retries } = total;
  const bytesPerSecond = perSecond(interval.bytes, interval.ms);
  return logEvent('restore.counts', text, {
    udfs,
    sindexes,
    records,
    bytes,
    retries,
    recordsPerSecond,
    bytesPerSecond,
  });
}

/** "failed" means: left as it is because the server has the record, or something newer. */
export function restoreSummaryLine(totals: RestoreTotals): LogEvent {
  const { records, expired, skipped, ignored, inserted, existed, fresher } = totals;
  const text =
    `Expired ${expired} : skipped ${skipped} : err_ignored ${ignored} : inserted ${inserted}: ` +
    `failed ${existed + fresher} (existed ${existed} , fresher ${fresher})`;
  return logEvent('restore.summary', text, { records, expired, skipped, ignored, inserted, existed, fresher });
}

export function restoreProgressLine(percent: number, remainingSeconds: number): LogEvent {
  const text = `${percent}% complete, ~${etaText(remainingSeconds)} remaining`;
  return logEvent('progress', text, { percent, seconds: wholeSeconds(remainingSeconds) });
}

function info(line: LogEvent): EventLine {
  return { level: 'info', line };
}

function verbose(line: LogEvent): EventLine {
  return { level: 'verbose', line };
}

function restoreStartLine(
  { bins, sets, source }: { bins: readonly string[]; sets: readonly string[]; source: SourceDescription },
  hosts: string,
): LogEvent {
  const text =
    `Starting restore to ${hosts} (bins: ${formatNames(bins)}, sets: ${formatNames(sets)}) ` +
    `from ${formatSource(source)}`;
  return logEvent('restore.start', text, { hosts, bins, sets, ...sourceFields(source) });
}

/** The C tool prints `(null)` for several directories (asrestore.md 12, fault 29). */
function formatSource(source: SourceDescription): string {
  if ('paths' in source) return source.paths.join(',');
  return 'path' in source ? source.path : `[${source.kind}]`;
}

function sourceFields(source: SourceDescription): Fields {
  return { sourceKind: source.kind, source: 'paths' in source ? source.paths : formatSource(source) };
}

function formatNames(names: readonly string[]): string {
  return names.length === 0 ? '[all]' : names.join(',');
}

function pathLine(
  event: 'restore.input' | 'validate.input' | 'file.start' | 'file.opened',
  text: string,
  path: string,
): LogEvent {
  return logEvent(event, `${text} ${path}`, { path });
}

function overlapLine(directories: readonly string[], winner: 'first' | 'last'): LogEvent {
  const text =
    `${directories.join(', ')} hold backups of the same namespace; they are restored in the given order, and of a ` +
    `record that is in several of them the ${winner} one counts`;
  return warningEvent('input.overlap', text, { directories, winner });
}

function writeModeLine(reason: string): LogEvent {
  return { ...logEvent('restore.write-mode', `${reason}; records are written one by one`), warning: true };
}

function fileReadLine(event: { path: string; records: number; bytes: number; durationMs: number }): LogEvent {
  const { path, records, bytes, durationMs } = event;
  const text = `Read ${path} in ${secondsText(durationMs)}: ${records} record(s), ${rateText(records, bytes, durationMs)}`;
  return logEvent('file.read', text, { path, records, bytes, durationMs: Math.round(durationMs) });
}

function workerDoneLine(event: {
  records: number;
  inserted: number;
  retries: number;
  bytes: number;
  durationMs: number;
}): LogEvent {
  const { records, inserted, retries, bytes, durationMs } = event;
  const text =
    `Worker done after ${secondsText(durationMs)}: ${records} record(s) read, ${inserted} written, ` +
    `${retries} sent again, ${rateText(records, bytes, durationMs)}`;
  return logEvent('worker.done', text, { records, inserted, retries, bytes, durationMs: Math.round(durationMs) });
}

function sindexLine(
  event: 'restore.sindex' | 'restore.sindex.replace' | 'restore.sindex.skip',
  text: string,
  { namespace, set, name, bin }: SindexName,
): LogEvent {
  return logEvent(event, `${text} ${namespace}:${set}:${name} (${bin})`, { namespace, set, name, bin });
}

function sindexWithoutSetLine(name: string): LogEvent {
  const text =
    `Index ${name} is restored without a set: the backup names the set "null", which is how asbackup writes "no set" ` +
    'for servers from 8.0, and holds no record of a set of that name';
  return logEvent('restore.sindex.no-set', text, { name });
}

function sindexesLine(
  event: `restore.sindexes.${'skipped' | 'matched' | 'mismatched'}`,
  sindexes: number,
  what: string,
): LogEvent {
  return logEvent(event, `Skipped ${sindexes} ${what}`, { sindexes });
}

type ChangedRecords =
  | 'records.ttl-cut'
  | 'records.persist-cleared'
  | 'records.sorted'
  | 'records.fresher'
  | 'records.existed'
  | 'records.in-doubt'
  | 'records.generation-zero';

function changedRecordsText(type: ChangedRecords, records: number, { optionNames }: RestoreLineContext): string {
  switch (type) {
    case 'records.ttl-cut':
      return `The TTL of ${records} record(s) was cut to 10 years, the most that the server allows`;
    case 'records.persist-cleared':
      return `${records} record(s) lost the "persist index" marks of their lists and maps`;
    case 'records.sorted':
      return `${records} record(s) had ordered lists or maps out of order; they were written in order`;
    case 'records.fresher':
      return (
        `${records} record(s) were left as they are: the namespace has them with the same or a later generation, as ` +
        `after a restore that is run again (${optionNames.noGeneration} writes them all the same)`
      );
    case 'records.existed':
      return `${records} record(s) were left as they are: the namespace has them already, and ${optionNames.unique} was given`;
    case 'records.in-doubt':
      return (
        `${records} record(s) were found present when sent again after a lost answer; they are not counted as ` +
        'inserted, as somebody else may have written them'
      );
    case 'records.generation-zero':
      return (
        `${records} record(s) have generation 0 in the backup; they were written where the namespace has no such ` +
        'record, which the C tool never does'
      );
  }
}

/** Clocks differ by less than this. */
const NOTABLE_CLOCK_DIFFERENCE_S = 60;

function mostExpiredLine(event: { records: number; expired: number; clockAheadS?: number }): LogEvent {
  const { records, expired, clockAheadS } = event;
  let text = `${expired} of ${records} record(s) were not written because their TTL expired`;
  if (clockAheadS !== undefined && Math.abs(clockAheadS) >= NOTABLE_CLOCK_DIFFERENCE_S) {
    const seconds = Math.abs(clockAheadS);
    text += `; the clock of this host is ${seconds} s ${clockAheadS > 0 ? 'ahead of' : 'behind'} that of the server`;
  }
  const fields = { records, expired, ...(clockAheadS === undefined ? {} : { clockAheadSeconds: clockAheadS }) };
  return warningEvent('records.expired', text, fields);
}

function replacedRecordsLine(event: { inserted: number; objects: number; namespaces: readonly string[] }): LogEvent {
  const { inserted, objects, namespaces } = event;
  const text =
    `${inserted} record(s) were written, but namespace ${namespaces.join(', ')} holds only ${objects}: the input has ` +
    'several versions of some records, or records were removed meanwhile';
  return warningEvent('records.replaced', text, { inserted, objects, namespaces });
}

function formatContents({ records, sindexes, udfs }: ContentTotals): string {
  return `${records} record(s), ${sindexes} secondary index(es), ${udfs} UDF file(s)`;
}

function fileCheckedLine(event: { path: string; fault?: { offset?: number } } & ContentTotals): LogEvent {
  const { path, fault, records, sindexes, udfs, bytes } = event;
  const fields = { path, records, sindexes, udfs };
  if (fault === undefined) {
    const text = `${path}: ${formatContents(event)} in ${bytes} byte(s), no fault found`;
    return logEvent('file.checked', text, { ...fields, bytes, sound: true });
  }
  const { offset } = fault;
  const place = offset === undefined ? '' : `, which is at byte ${offset}`;
  const text = `${path}: ${formatContents(event)} in front of the fault${place}`;
  return logEvent('file.checked', text, { ...fields, sound: false, ...(offset === undefined ? {} : { offset }) });
}

function validationSummaryLine(files: number, found: ContentTotals): LogEvent {
  const { records, sindexes, udfs, bytes } = found;
  const text = `${files} backup file(s) without a fault: ${formatContents(found)} in ${bytes} byte(s)`;
  return logEvent('validate.summary', text, { files, records, sindexes, udfs, bytes });
}
