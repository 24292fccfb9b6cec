import type { BackupTotals } from '../core/events/backup.js';
import { perRecord } from './progress/throughput.js';
import type { RestoreTotals } from '../core/events/restore.js';
import { etaText } from './format-duration.js';

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
