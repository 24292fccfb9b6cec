import { perRecord, perSecond } from './rates.js';
import { etaText } from './time-text.js';

/** The lines of asrestore. Scripts read them, so they are exactly those of the C tool, uneven blanks included. */

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
  { kind: 'directory' | 'file'; path: string } | { kind: 'directories'; paths: readonly string[] } | { kind: 'stdin' };

export function restoreStartText({ hostText, bins, sets, source }: RestoreStart): string {
  return (
    `Starting restore to ${hostText} (bins: ${listOrAll(bins)}, sets: ${listOrAll(sets)}) ` +
    `from ${sourceText(source)}`
  );
}

export function validationStartText(source: RestoreStartSource): string {
  return `Starting validation of ${sourceText(source)}`;
}

/** The C tool prints `(null)` for several directories (asrestore.md 12, fault 29). */
function sourceText(source: RestoreStartSource): string {
  if ('paths' in source) return source.paths.join(',');
  return 'path' in source ? source.path : '[stdin]';
}

function listOrAll(names: readonly string[]): string {
  return names.length === 0 ? '[all]' : names.join(',');
}

export function filesFoundText(count: number, path: string): string {
  return `Found ${count} backup file(s) in ${path}`;
}

export function restoringText(path: string): string {
  return `Restoring ${path}`;
}

export function openedText(path: string): string {
  return `Opened backup file ${path}`;
}

export function restoringRecordsText(): string {
  return 'Restoring records';
}

export function restoredUdfText(name: string, bytes: number): string {
  return `Restoring UDF file ${name} (size ${bytes})`;
}

export function finishedText(): string {
  return 'Finished restoring backup file(s)';
}

export function validatingText(path: string): string {
  return `Validating ${path}`;
}

export function validatingFilesText(): string {
  return 'Validating backup files';
}

export function validatedText(): string {
  return 'Finished validating backup file(s)';
}

export function fileContentsText(
  path: string,
  found: { records: number; sindexes: number; udfs: number; bytes: number },
): string {
  const { records, sindexes, udfs, bytes } = found;
  return `${path}: ${records} record(s), ${sindexes} secondary index(es), ${udfs} UDF file(s) in ${bytes} byte(s)`;
}

export function sindexMatchedText(count: number): string {
  return `Skipped ${count} matched index(es)`;
}

export function sindexMismatchedText(count: number): string {
  return `Skipped ${count} mismatched index(es)`;
}

export function restoreCountText(
  total: RestoreTotals,
  interval: { records: number; bytes: number; ms: number },
): string {
  return (
    `${total.udfs} UDF file(s), ${total.sindexes} secondary index(es), ${total.records} record(s) ` +
    `(${perSecond(interval.records, interval.ms)} rec/s, ${perSecond(interval.bytes / 1024, interval.ms)} KiB/s, ` +
    `${perRecord(interval.bytes, interval.records)} B/rec, retries: ${total.retries})`
  );
}

/** The summary that tests and scripts parse. "failed" here means: left alone because the server has something newer. */
export function restoreSummaryText(t: RestoreTotals): string {
  return (
    `Expired ${t.expired} : skipped ${t.skipped} : err_ignored ${t.ignored} : inserted ${t.inserted}: ` +
    `failed ${t.existed + t.fresher} (existed ${t.existed} , fresher ${t.fresher})`
  );
}

export function restoreProgressText(percent: number, remainingSeconds: number): string {
  return `${percent}% complete, ~${etaText(remainingSeconds)} remaining`;
}
