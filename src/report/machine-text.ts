import type { BackupTotals } from './backup-lines.js';
import { perRecord } from './rates.js';
import type { RestoreTotals } from './restore-lines.js';
import { etaText } from './time-text.js';

/** The lines of the `--machine` file of both tools. */

export function machineProgressText(percent: number): string {
  return `PROGRESS:${percent}`;
}

export function machineRemainingText(seconds: number): string {
  return `REMAINING:${etaText(seconds)}`;
}

export function machineEstimateText(records: number, bytesPerRecord: number): string {
  return `ESTIMATE:${records}:${bytesPerRecord}`;
}

export function machineBackupSummaryText({ records, sindexes, udfs, bytes }: BackupTotals): string {
  return `SUMMARY:${records}:${sindexes}:${udfs}:${bytes}:${perRecord(bytes, records)}`;
}

/** The blank before the seventh field is part of the format. */
export function machineRestoreSummaryText(t: RestoreTotals): string {
  return (
    `SUMMARY:${t.udfs}:${t.sindexes}:${t.records}:${t.expired}:${t.skipped}:${t.ignored} ` +
    `:${t.inserted}:${t.existed}:${t.fresher}`
  );
}
