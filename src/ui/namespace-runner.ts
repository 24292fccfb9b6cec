/** The runs that make one backup of several namespaces, each reported as a run of its own. */
import { logEvent } from '../core/log.js';
import { startBackup } from '../engine/backup/backup.js';
import type { RunNamespace } from '../engine/catalog/create-backup.js';
import { backupPresentation } from './backup-presentation.js';
import { reportRun, type ReportedRunOptions } from './reported-run.js';

/** `id`: of the backup. */
export function createNamespaceRunner(
  id: string,
  options: Omit<ReportedRunOptions<never>, 'presentation' | 'signal' | 'storages'>,
): RunNamespace {
  // They are needed again for the next namespace.
  const storages = { close: () => Promise.resolve() };
  return async (run, signal) => {
    const { namespace } = run;
    const verb = run.continueFrom === undefined ? 'begins' : 'continues';
    const text = `The backup ${id} ${verb} with the namespace ${namespace}`;
    options.log.info(logEvent('catalog.namespace', text, { id, namespace }));
    const presentation = backupPresentation('backup');
    await reportRun({ ...options, presentation, signal, storages }, async (context, follow) => {
      await follow(startBackup(run, context));
    });
  };
}
