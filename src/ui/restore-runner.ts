/** The runs that restore the backups of a plan, each reported as a run of its own. */
import { type RestoreConfig, RestoreError, type RestoreResult, startRestore } from '../engine/restore/restore.js';
import { restorePresentation } from './restore-presentation.js';
import { reportRun } from './reported-run.js';
import type { RunReporterOptions } from './run-reporter.js';
import { restoreSummary } from './summary.js';

export function createRestoreRunner(
  options: Omit<RunReporterOptions<never>, 'presentation'>,
): (config: RestoreConfig) => Promise<RestoreResult> {
  // They are needed again for the next backup.
  const storages = { close: () => Promise.resolve() };
  const presentation = restorePresentation('restore', 'asb');
  const show = (result: RestoreResult, complete: boolean): void =>
    options.display?.summarize?.(restoreSummary(result, complete, '--on-existing create-only'));
  return (config) =>
    reportRun({ ...options, presentation, storages }, async (context, follow) => {
      try {
        const result = await follow(startRestore(config, context));
        show(result, true);
        return result;
      } catch (error) {
        if (error instanceof RestoreError) show(error.result, false);
        throw error;
      }
    });
}
