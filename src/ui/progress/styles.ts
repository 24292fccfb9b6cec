/** The progress lines of both directions, in the C tools' words. */
import type { LogEvent } from '../../core/log.js';
import { backupProgressLine, backupRemainingLine } from '../messages/backup.js';
import { restoreCountLine, restoreProgressLine, restoreSummaryLine } from '../messages/restore.js';
import type { RestoreTotals } from '../../core/events/restore.js';
import type { ProgressReport, ProgressStyle } from './reporter.js';

/** About every ten seconds, and at the end of a run that was too short for one. */
export const backupProgressStyle: ProgressStyle<unknown> = {
  unit: 'records',
  endsAtExpected: true,
  hasLastLines: false,
  lines: (report) => backupLines(report),
  answer: (report) => {
    const { records, bytes } = report.now;
    const [line, ...rest] = backupLines(report);
    return [{ ...line!, text: `${records} record(s), ${bytes} byte(s) so far, ${line!.text}` }, ...rest];
  },
};

function backupLines({ percent = 100, interval, now, remainingSeconds }: ProgressReport<unknown>): LogEvent[] {
  const { records, bytes, ms } = interval;
  const line = backupProgressLine({ percent, records, bytes, intervalMs: ms }, now);
  return remainingSeconds === undefined || percent >= 100 ? [line] : [line, backupRemainingLine(remainingSeconds)];
}

/** The counters of a restore: one second after the start, then every ten, and once at the end. */
export const restoreProgressStyle: ProgressStyle<RestoreTotals> = {
  unit: 'bytes',
  endsAtExpected: false,
  hasLastLines: true,
  lines: restoreLines,
  answer: restoreLines,
};

function restoreLines(report: ProgressReport<RestoreTotals>): LogEvent[] {
  const { counters, interval } = report;
  return [restoreCountLine(counters, interval), restoreSummaryLine(counters), ...percentLines(report)];
}

function percentLines({ percent, remainingSeconds, interval }: ProgressReport<unknown>): LogEvent[] {
  if (percent === undefined || remainingSeconds === undefined || interval.bytes <= 0) return [];
  return [restoreProgressLine(percent, remainingSeconds)];
}
