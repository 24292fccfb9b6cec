import type { BackupTotals } from '../core/events/backup.js';
import { machineBackupSummaryText, machineEstimateText } from './machine-format.js';
import { formatBackupEvent } from './messages/backup.js';
import { backupProgressStyle } from './progress/styles.js';
import type { RunPresentation } from './run-reporter.js';

/** How backups and estimates are shown; `name` is that of the run in error messages. */
export function backupPresentation(name: 'backup' | 'estimate' | 'removal'): RunPresentation<BackupTotals> {
  return {
    name,
    format: formatBackupEvent,
    machineLine: (event) => {
      if (event.type === 'backup.summary') return machineBackupSummaryText(event);
      if (event.type === 'estimate.record' || event.type === 'backup.expected')
        return machineEstimateText(event.records, event.bytesPerRecord);
      return undefined;
    },
    progressStyle: backupProgressStyle,
  };
}
