import { type Fields, logEvent, type LogEvent } from '../../core/log.js';
import { perRecord, perSecond, rateText } from '../progress/throughput.js';
import { etaText, secondsText, wholeSeconds } from '../format-duration.js';

/**
 * The lines of asrestore. Scripts read their texts, so they are exactly those of the C tool, uneven blanks included. Names
 * and fields are those of `--log-json` (docs/reference/log-events.md).
 */

/** Totals since the start of the run. */
export interface RestoreTotals {
  udfs: number;
  sindexes: number;
  records: number;
  bytes: number;
  expired: number;
  skipped: number;
  ignored: number;
  inserted: number;
  existed: number;
  fresher: number;
  retries: number;
}

export interface RestoreStart {
  hostText: string;
  bins: readonly string[];
  sets: readonly string[];
  source: RestoreStartSource;
}

export type RestoreStartSource =
  | { kind: 'directory' | 'file'; path: string }
  | { kind: 'directories'; paths: readonly string[] }
  | { kind: 'stdin' | 'stream' };

export function restoreStartLine({ hostText: hosts, bins, sets, source }: RestoreStart): LogEvent {
  const text =
    `Starting restore to ${hosts} (bins: ${listOrAll(bins)}, sets: ${listOrAll(sets)}) ` + `from ${sourceText(source)}`;
  return logEvent('restore.start', text, { hosts, bins, sets, ...sourceFields(source) });
}

export function validationStartLine(source: RestoreStartSource): LogEvent {
  return logEvent('validate.start', `Starting validation of ${sourceText(source)}`, sourceFields(source));
}

/** The C tool prints `(null)` for several directories (asrestore.md 12, fault 29). */
function sourceText(source: RestoreStartSource): string {
  if ('paths' in source) return source.paths.join(',');
  return 'path' in source ? source.path : `[${source.kind}]`;
}

function sourceFields(source: RestoreStartSource): Fields {
  return { sourceKind: source.kind, source: 'paths' in source ? source.paths : sourceText(source) };
}

function listOrAll(names: readonly string[]): string {
  return names.length === 0 ? '[all]' : names.join(',');
}

export function filesFoundLine(count: number, path: string): LogEvent {
  return logEvent('input.files', `Found ${count} backup file(s) in ${path}`, { files: count, path });
}

export function restoringLine(path: string): LogEvent {
  return logEvent('restore.input', `Restoring ${path}`, { path });
}

/** A worker begins with one of several files. */
export function fileStartedLine(doing: 'restoring' | 'validating', path: string): LogEvent {
  return logEvent('file.start', `${doing} ${path}`, { path });
}

export function openedLine(path: string): LogEvent {
  return logEvent('file.opened', `Opened backup file ${path}`, { path });
}

/** With --verbose. */
export function fileReadLine(path: string, records: number, bytes: number, durationMs: number): LogEvent {
  const text = `Read ${path} in ${secondsText(durationMs)}: ${records} record(s), ${rateText(records, bytes, durationMs)}`;
  return logEvent('file.read', text, { path, records, bytes, durationMs: Math.round(durationMs) });
}

/** With --verbose, what a worker has done by its end. */
export function writerDoneLine(
  records: number,
  inserted: number,
  retries: number,
  bytes: number,
  durationMs: number,
): LogEvent {
  const text =
    `Worker done after ${secondsText(durationMs)}: ${records} record(s) read, ${inserted} written, ` +
    `${retries} sent again, ${rateText(records, bytes, durationMs)}`;
  return logEvent('worker.done', text, { records, inserted, retries, bytes, durationMs: Math.round(durationMs) });
}

export function restoringRecordsLine(): LogEvent {
  return logEvent('restore.records', 'Restoring records');
}

export function restoredUdfLine(name: string, bytes: number): LogEvent {
  return logEvent('restore.udf', `Restoring UDF file ${name} (size ${bytes})`, { name, bytes });
}

export function finishedLine(): LogEvent {
  return logEvent('restore.finished', 'Finished restoring backup file(s)');
}

export function validatingLine(path: string): LogEvent {
  return logEvent('validate.input', `Validating ${path}`, { path });
}

export function validatingFilesLine(): LogEvent {
  return logEvent('validate.files', 'Validating backup files');
}

export function validatedLine(): LogEvent {
  return logEvent('validate.finished', 'Finished validating backup file(s)');
}

export interface Contents {
  records: number;
  sindexes: number;
  udfs: number;
  bytes: number;
}

function contentsText({ records, sindexes, udfs, bytes }: Contents): string {
  return `${records} record(s), ${sindexes} secondary index(es), ${udfs} UDF file(s) in ${bytes} byte(s)`;
}

/** `faultAt`: a fault was found; byte of the text where it is, if that is known. */
export function fileCheckedLine(path: string, found: Contents, fault?: { offset?: number }): LogEvent {
  const { records, sindexes, udfs, bytes } = found;
  const fields = { path, records, sindexes, udfs };
  if (fault === undefined) {
    const text = `${path}: ${contentsText(found)}, no fault found`;
    return logEvent('file.checked', text, { ...fields, bytes, sound: true });
  }
  const { offset } = fault;
  const whole = `${records} record(s), ${sindexes} secondary index(es), ${udfs} UDF file(s)`;
  const place = offset === undefined ? '' : `, which is at byte ${offset}`;
  const text = `${path}: ${whole} in front of the fault${place}`;
  return logEvent('file.checked', text, { ...fields, sound: false, ...(offset === undefined ? {} : { offset }) });
}

export function validationSummaryLine(files: number, found: Contents): LogEvent {
  const { records, sindexes, udfs, bytes } = found;
  const text = `${files} backup file(s) without a fault: ${contentsText(found)}`;
  return logEvent('validate.summary', text, { files, records, sindexes, udfs, bytes });
}

export function sindexUnwantedLine(count: number): LogEvent {
  return logEvent('restore.sindexes.skipped', `Skipped ${count} index(es) with unwanted set(s)`, { sindexes: count });
}

export function sindexMatchedLine(count: number): LogEvent {
  return logEvent('restore.sindexes.matched', `Skipped ${count} matched index(es)`, { sindexes: count });
}

export function sindexMismatchedLine(count: number): LogEvent {
  return logEvent('restore.sindexes.mismatched', `Skipped ${count} mismatched index(es)`, { sindexes: count });
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

/** The summary that tests and scripts parse. "failed" here means: left alone because the server has something newer. */
export function restoreSummaryLine(t: RestoreTotals): LogEvent {
  const { records, expired, skipped, ignored, inserted, existed, fresher } = t;
  const text =
    `Expired ${expired} : skipped ${skipped} : err_ignored ${ignored} : inserted ${inserted}: ` +
    `failed ${existed + fresher} (existed ${existed} , fresher ${fresher})`;
  return logEvent('restore.summary', text, { records, expired, skipped, ignored, inserted, existed, fresher });
}

export function restoreProgressLine(percent: number, remainingSeconds: number): LogEvent {
  const text = `${percent}% complete, ~${etaText(remainingSeconds)} remaining`;
  return logEvent('progress', text, { percent, seconds: wholeSeconds(remainingSeconds) });
}
