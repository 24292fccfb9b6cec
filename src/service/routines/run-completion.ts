/** What makes the files of a run a backup. */
import { warningEvent } from '../../core/log.js';
import { errorMessage } from '../../core/errors.js';
import { joinPath, parentPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { configurationPath } from '../backups/layout.js';
import { METADATA_NAME, writeMetadata } from '../backups/metadata-file.js';
import { deleteFolder } from './delete-folder.js';
import { ensureDirectory } from './ensure-directory.js';
import type { NamespaceResult } from './namespace-run.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';

export interface Completion {
  plan: RunPlan;
  timestampMs: number;
  environment: RunEnvironment;
  storage: Storage;
  /** The folder of the run. */
  path: string;
  signal: AbortSignal;
}

/**
 * Lists the results: from here on the run is a backup. What has not changed since the backup before leaves nothing
 * behind. Returns whether there is anything. Throws StorageError.
 */
export async function completeRun(results: readonly NamespaceResult[], completion: Completion): Promise<boolean> {
  const { plan, timestampMs, environment, storage, path, signal } = completion;
  const kept = plan.type === 'full' ? results : results.filter(({ records }) => records > 0);
  if (kept.length === 0) {
    await deleteFolder(path, storage);
    return false;
  }
  await removeOthers(kept, completion);
  if (plan.type === 'full' && plan.policy['with-cluster-configuration']) {
    // The data is worth more than the configuration, which may be refused to the user of the backup.
    await writeConfigurations(completion).catch((error: unknown) => {
      signal.throwIfAborted();
      const text = `The configuration of the cluster could not be kept: ${errorMessage(error)}`;
      environment.log.info(warningEvent('routine.configuration', text, { routine: plan.name }));
    });
  }
  // All of them at the end, so that a run that fails was never listed in part.
  for (const result of kept) {
    const { bounds } = result;
    const metadata = {
      created: new Date(timestampMs).toISOString(),
      finished: new Date(Math.max(timestampMs, result.finishedMs)).toISOString(),
      ...(bounds.fromMs === undefined ? {} : { from: new Date(bounds.fromMs).toISOString() }),
      namespace: result.namespace,
      records: result.records,
      bytes: result.bytes,
      files: result.files,
      sindexes: result.sindexes,
      udfs: result.udfs,
      compressed: result.compressed,
      ...(result.encryption === undefined ? {} : { encryption: result.encryption }),
    };
    await writeMetadata(joinPath(result.path, METADATA_NAME), metadata, storage);
  }
  return true;
}

/** What attempts that failed have left, and namespaces without a change. */
async function removeOthers(kept: readonly NamespaceResult[], { storage, path }: Completion): Promise<void> {
  const paths = new Set(kept.map((result) => result.path));
  const data = joinPath(path, 'data');
  for (const name of await storage.listDirectories(data)) {
    const folder = joinPath(data, name);
    if (!paths.has(folder)) await deleteFolder(folder, storage);
  }
}

async function writeConfigurations({ plan, environment, storage, path, signal }: Completion): Promise<void> {
  const { routine, document } = plan;
  const settings = await environment.toClusterSettings(routine['source-cluster'], document);
  const texts = await environment.readClusterConfiguration(settings, environment.log, signal);
  for (const [i, text] of texts.entries()) {
    const file = configurationPath(path, i);
    const directory = parentPath(file);
    if (directory !== undefined) await ensureDirectory(path, directory, storage);
    await storage.writeSmall(file, text, 'the configuration of a node');
  }
}
