/** The table at the end of a run on a terminal: figures with their units. */
import { perSecond } from './progress/throughput.js';
import { secondsText } from './format-duration.js';

export type Tone = 'good' | 'bad' | 'idle' | 'plain';

export interface SummaryRow {
  label: string;
  value: string;
  note?: string;
  tone?: Tone;
}

export interface Summary {
  title: string;
  /** Everything asked for was done. */
  complete: boolean;
  rows: SummaryRow[];
}

export interface BackupFigures {
  records: number;
  sindexes: number;
  udfs: number;
  /** As they are stored. */
  bytes: number;
  /** Before compression; of this run alone. Absent = unknown. */
  textBytes?: number;
  files: readonly string[];
  durationMs: number;
}

export function backupSummary(figures: BackupFigures, complete = true): Summary {
  const { records, sindexes, udfs, bytes, textBytes = 0, files, durationMs } = figures;
  return {
    title: complete ? 'Backup complete' : 'Backup incomplete',
    complete,
    rows: [
      counted('Records', records, durationMs, complete ? 'good' : 'bad'),
      sized('Stored', bytes, durationMs),
      ...ratioRows(bytes, textBytes),
      { label: 'Indexes', value: countText(sindexes), tone: idleAtZero(sindexes) },
      { label: 'UDF files', value: countText(udfs), tone: idleAtZero(udfs) },
      ...(files.length === 0 ? [] : [{ label: 'Files', value: countText(files.length) }]),
      { label: 'Duration', value: secondsText(durationMs) },
    ],
  };
}

export interface RestoreFigures {
  records: number;
  sindexes: number;
  udfs: number;
  bytes: number;
  textBytes?: number;
  inserted: number;
  expired: number;
  skipped: number;
  ignored: number;
  existed: number;
  fresher: number;
  failed: number;
  retries: number;
  inDoubt: number;
  durationMs: number;
}

/** `unique`: what the front end calls the policy that leaves existing records alone. */
export function restoreSummary(figures: RestoreFigures, complete = true, unique = '--unique'): Summary {
  const { records, bytes, textBytes = 0, sindexes, udfs, durationMs } = figures;
  const counter = (label: string, value: number, note: string, tone: Tone = 'plain'): SummaryRow => ({
    label,
    value: countText(value),
    tone: value === 0 ? 'idle' : tone,
    ...(value === 0 ? {} : { note }),
  });
  return {
    title: complete ? 'Restore complete' : 'Restore incomplete',
    complete,
    rows: [
      counted('Records read', records, durationMs),
      counter('  inserted', figures.inserted, 'written', 'good'),
      ...(figures.inDoubt === 0 ? [] : [counter('  in doubt', figures.inDoubt, 'found present after a lost answer')]),
      counter('  existed', figures.existed, `exist already (${unique})`),
      counter('  fresher', figures.fresher, 'the server has a newer one'),
      counter('  expired', figures.expired, 'TTL expired'),
      counter('  skipped', figures.skipped, 'not selected'),
      counter('  ignored', figures.ignored, 'refused (--ignore-record-error)', 'bad'),
      counter('  failed', figures.failed, 'not written', 'bad'),
      counter('Retries', figures.retries, 'records sent again'),
      sized('Input', bytes, durationMs),
      ...ratioRows(bytes, textBytes),
      { label: 'Indexes', value: countText(sindexes), tone: idleAtZero(sindexes) },
      { label: 'UDF files', value: countText(udfs), tone: idleAtZero(udfs) },
      { label: 'Duration', value: secondsText(durationMs) },
    ],
  };
}

export interface ValidationFigures {
  records: number;
  sindexes: number;
  udfs: number;
  bytes: number;
  files: number;
  validFiles: number;
  durationMs: number;
}

export function validationSummary(figures: ValidationFigures, complete = true): Summary {
  const { records, sindexes, udfs, bytes, files, validFiles, durationMs } = figures;
  const bad = files - validFiles;
  return {
    title: complete ? 'No fault found' : 'The backup would not be restored completely',
    complete,
    rows: [
      { label: 'Files', value: countText(files) },
      { label: '  faulty', value: countText(bad), tone: bad === 0 ? 'idle' : 'bad' },
      counted('Records', records, durationMs, complete ? 'good' : 'plain'),
      sized('Input', bytes, durationMs),
      { label: 'Indexes', value: countText(sindexes), tone: idleAtZero(sindexes) },
      { label: 'UDF files', value: countText(udfs), tone: idleAtZero(udfs) },
      { label: 'Duration', value: secondsText(durationMs) },
    ],
  };
}

export interface EstimateFigures {
  records: number;
  bytesPerRecord: number;
  bytes: number;
  samples: number;
}

export function estimateSummary({ records, bytesPerRecord, bytes, samples }: EstimateFigures): Summary {
  return {
    title: 'Estimate',
    complete: true,
    rows: [
      { label: 'Records', value: countText(records) },
      { label: 'Measured', value: countText(samples), note: 'records' },
      { label: 'A record', value: sizeText(bytesPerRecord), note: 'at most, on average' },
      { label: 'The backup', value: sizeText(bytes), note: 'at most', tone: 'good' },
    ],
  };
}

function counted(label: string, records: number, durationMs: number, tone: Tone = 'plain'): SummaryRow {
  return { label, value: countText(records), note: `${countText(perSecond(records, durationMs))} rec/s`, tone };
}

function sized(label: string, bytes: number, durationMs: number): SummaryRow {
  return { label, value: sizeText(bytes), note: `${sizeText(perSecond(bytes, durationMs))}/s` };
}

/** Less than one in a hundred is the files' heads, not compression. */
function ratioRows(bytes: number, textBytes: number): SummaryRow[] {
  if (bytes <= 0 || textBytes <= bytes * 1.01) return [];
  const percent = ((bytes * 100) / textBytes).toFixed(1);
  return [
    { label: 'Text', value: sizeText(textBytes), note: `${(textBytes / bytes).toFixed(2)} : 1 (${percent}% stored)` },
  ];
}

function idleAtZero(count: number): Tone {
  return count === 0 ? 'idle' : 'plain';
}

/** `1,234,567` */
export function countText(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `999 B`, `1.5 MiB` */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  // What rounds to 1024.0 is 1.0 of the next.
  for (; value >= 1023.95 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${value.toFixed(1)} ${UNITS[unit]!}`;
}
