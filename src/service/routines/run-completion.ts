/** What makes the files of a run a backup. */
import { basename } from 'node:path';
import { warningEvent } from '../../core/log.js';
import { errorMessage } from '../../core/errors.js';
import { joinPath, parentPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { MANIFEST_NAME } from '../../engine/catalog/manifest.js';
import { configurationPath, DATA_DIRECTORY } from '../backups/layout.js';
import { formatMetadata, METADATA_NAME, writeMetadata, type BackupMetadata } from '../backups/metadata-file.js';
import { removeOtherFolders } from '../replicas/claimed-files.js';
import type { CompletedPart } from '../replicas/ledger-state.js';
import type { RunClaim } from '../replicas/run-claim.js';
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
  /** Of a service with replicas: the right to list the run. */
  claim?: Pick<RunClaim, 'decide' | 'assertHeld'> | undefined;
  leadMs?: number | undefined;
}

/**
 * Lists the results: from here on the run is a backup. What has not changed since the backup before leaves nothing
 * behind. Returns whether there is anything. Throws StorageError, and FencedError if another replica has the run.
 */
export async function completeRun(results: readonly NamespaceResult[], completion: Completion): Promise<boolean> {
  const { plan, timestampMs, storage, path, claim, leadMs } = completion;
  const kept = plan.type === 'full' ? results : results.filter(({ records }) => records > 0);
  const lead = leadMs === undefined ? {} : { leadMs };
  if (kept.length === 0) {
    await claim?.decide({ outcome: 'unchanged', ...lead });
    await deleteFolder(path, storage);
    return false;
  }
  const parts = kept.map((result) => toPart(result, timestampMs));
  await claim?.decide({ outcome: 'success', parts, ...lead });
  await listParts(parts, completion);
  return true;
}

/** Makes the run a backup with those parts. Whoever does it again changes nothing. Throws as `completeRun` does. */
export async function listParts(parts: readonly CompletedPart[], completion: Completion): Promise<void> {
  const { plan, environment, storage, path, signal, claim } = completion;
  // What attempts that failed have left, and namespaces without a change.
  await removeOtherFolders(path, new Set(parts.map(({ folder }) => folder)), storage);
  if (plan.type === 'full' && plan.policy['with-cluster-configuration']) {
    // The data is worth more than the configuration, which may be refused to the user of the backup.
    await writeConfigurations(completion).catch((error: unknown) => {
      signal.throwIfAborted();
      const text = `The configuration of the cluster could not be kept: ${errorMessage(error)}`;
      environment.log.info(warningEvent('routine.configuration', text, { routine: plan.name }));
    });
  }
  // All of them at the end, so that a run that fails was never listed in part.
  for (const { folder, metadata } of parts) {
    const directory = joinPath(joinPath(path, DATA_DIRECTORY), folder);
    const file = joinPath(directory, METADATA_NAME);
    if (claim === undefined) await writeMetadata(file, metadata, storage);
    else await writeClaimedMetadata(directory, metadata, claim, storage);
  }
}

/**
 * A replica that was stopped here, and comes back after another one has listed the run and an old backup was deleted,
 * must not list it again.
 */
async function writeClaimedMetadata(
  directory: string,
  metadata: BackupMetadata,
  claim: Pick<RunClaim, 'assertHeld'>,
  storage: Storage,
): Promise<void> {
  const file = joinPath(directory, METADATA_NAME);
  await claim.assertHeld();
  const isNew = await storage.createExclusive(file, formatMetadata(metadata));
  try {
    await claim.assertHeld();
  } catch (error) {
    const isDeleted = isNew && !(await storage.exists('file', joinPath(directory, MANIFEST_NAME)));
    if (isDeleted) await storage.deleteFile(file, 'ignore');
    throw error;
  }
}

function toPart(result: NamespaceResult, timestampMs: number): CompletedPart {
  const { bounds } = result;
  return {
    folder: basename(result.path),
    metadata: {
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
    },
  };
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
