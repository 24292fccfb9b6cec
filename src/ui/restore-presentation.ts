import type { ContentTotals, RestoreTotals } from '../core/events/restore.js';
import { machineRestoreSummaryText } from './machine-format.js';
import { formatRestoreEvent, type RestoreLineContext } from './messages/restore.js';
import { restoreProgressStyle } from './progress/styles.js';
import type { RunPresentation } from './run-reporter.js';

/** A validation writes nothing and has no counters of writes: they are shown as 0. */
export type RestoreCounts = ContentTotals & Partial<RestoreTotals>;

const OPTION_NAMES: Record<'asrestore' | 'asb' | 'api', RestoreLineContext['optionNames']> = {
  asrestore: { noGeneration: '--no-generation', unique: '--unique' },
  asb: { noGeneration: '--on-existing overwrite', unique: '--on-existing create-only' },
  api: { noGeneration: 'noGeneration', unique: 'unique' },
};

/** How restores and validations are shown; `name` is that of the run in error messages, `command` has the options. */
export function restorePresentation(
  name: 'restore' | 'validation',
  command: 'asrestore' | 'asb' = 'asrestore',
): RunPresentation<RestoreCounts> {
  return {
    name,
    format: (event, { frontEnd, hosts }) => {
      const optionNames = OPTION_NAMES[frontEnd === 'cli' ? command : 'api'];
      const line = formatRestoreEvent(event, { hosts, optionNames });
      return line === undefined ? [] : [line];
    },
    machineLine: (event) => {
      if (event.type === 'restore.summary') return machineRestoreSummaryText(event);
      return event.type === 'validate.summary' ? machineRestoreSummaryText(toRestoreTotals(event)) : undefined;
    },
    progressStyle: {
      ...restoreProgressStyle,
      lines: (report) => restoreProgressStyle.lines({ ...report, counters: toRestoreTotals(report.counters) }),
      answer: (report) => restoreProgressStyle.answer({ ...report, counters: toRestoreTotals(report.counters) }),
    },
  };
}

function toRestoreTotals(counts: RestoreCounts): RestoreTotals {
  const { records, bytes, sindexes, udfs } = counts;
  const { expired = 0, skipped = 0, ignored = 0, inserted = 0, existed = 0, fresher = 0, retries = 0 } = counts;
  return { records, bytes, sindexes, udfs, expired, skipped, ignored, inserted, existed, fresher, retries };
}
