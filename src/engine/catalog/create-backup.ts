/** Backs up several namespaces under one id: one after the other, each as a run of its own. */
import { errorMessage, ToolError } from '../../core/errors.js';
import { createRunId } from '../../core/run.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { createIdentity } from '../backup/checkpoint/identity.js';
import { LOCK_NAME, RunLock } from '../backup/checkpoint/lock.js';
import { refuseOtherRuns } from '../backup/checkpoint/shard-locks.js';
import { checkIdentity } from '../backup/checkpoint/state-file.js';
import type { BackupConfig } from '../backup/config.js';
import {
  createBackupDocument,
  isDirectoryName,
  readBackupDocument,
  type BackupDocument,
  type BackupSelection,
} from './backup-document.js';
import { removeBackupOutcome, writeBackupOutcome } from './backup-outcome.js';
import { readClusterNamespaces, type ClusterNamespaces } from './cluster-namespaces.js';
import { CatalogError } from './errors.js';
import { readBackup, type CatalogEntry } from './find-backups.js';
import { shardLockName, shardPrefix } from '../shard/names.js';
import { isBackupId, manifestPath } from './manifest.js';
import { findModifiedAfter, readParent } from './parent-backup.js';
import { checkSelection, selectNamespaces, selectSets } from './set-selection.js';
import { followAbort } from '../../core/abort.js';

const NS_PER_MS = 1_000_000n;

/**
 * What all runs have in common. Those fields that differ from namespace to namespace are replaced: namespace, sets,
 * target, prefix, manifest, bounds in time, and the run to continue.
 */
export type CommonRun = BackupConfig;

export interface CreateBackupConfig {
  /** The directory or prefix that the backup becomes a part of. */
  root: string;
  id: string;
  /** In the order in which they are read. `all`: those that the cluster has. */
  namespaces: readonly string[] | 'all';
  selection: BackupSelection;
  /** Id of the backup whose changes this one is to hold; absent = it is a full one. */
  parent?: string;
  /** Records that are changed after the start of the backup are left out. */
  sealed?: boolean;
  run: CommonRun;
  signal: AbortSignal;
  /** Starts the run of one namespace and reports it. Settles as the run does. */
  runNamespace: RunNamespace;
  /** Takes secrets out of the reason of a failure; absent = none. */
  redact?: ((text: string) => string) | undefined;
}

export type RunNamespace = (run: BackupConfig, signal: AbortSignal) => Promise<void>;

export type RunsOfBackup = Pick<CreateBackupConfig, 'id' | 'run' | 'signal' | 'runNamespace'>;

/** What has to be the same as when the backup was begun is taken from its documents. */
export type ContinueBackupConfig = Omit<CreateBackupConfig, 'namespaces' | 'selection' | 'parent' | 'sealed'>;

/**
 * Makes a new backup. Throws CatalogError CATALOG_EXISTS if the id is or was used, CATALOG_NAMESPACE,
 * CATALOG_SELECTION, CATALOG_PARENT: nothing was changed then; LockError; and what the run of a namespace rejects with,
 * which ends the backup.
 */
export async function createBackup(config: CreateBackupConfig): Promise<CatalogEntry> {
  const { root, id, parent: parentId, selection, sealed, run, signal } = config;
  const { storages } = run;
  if (!isBackupId(id)) throw new CatalogError('CATALOG_EXISTS', `"${id}" cannot be the id of a backup`);
  const path = joinPath(root, id);
  const storage = await storages.forPath(root);
  await refuseUsed(path, id, storage);
  const cluster = await readClusterNamespaces(run.cluster, signal);
  const namespaces = chooseNamespaces(config, cluster);
  const document: BackupDocument = {
    id,
    type: parentId === undefined ? 'full' : 'incremental',
    ...(parentId === undefined ? {} : { parent: parentId }),
    started: new Date().toISOString(),
    namespaces,
    selection,
    ...(sealed === true ? { sealed } : {}),
  };
  const parent = parentId === undefined ? undefined : await readParent(root, parentId, storages);
  const runs = namespaces.map((namespace) => createRun(path, namespace, document, run));
  for (const each of runs) setLowerBound(each, parent, cluster);
  signal.throwIfAborted();
  await storage.ensureDirectory(root);
  if (!(await createBackupDocument(path, document, storages, run.encryption?.key))) throw usedError(id, path);
  // From here on, an interrupt is part of what became of the backup.
  return withLock(path, config, NEVER, async (stop) => {
    await recordOutcome(path, storage, { ...config, signal: stop }, async () => {
      // Whoever deletes the parent looks for its children after having said so.
      if (parentId !== undefined) await readParent(root, parentId, storages);
      await runAll(runs, config, stop);
    });
  });
}

/**
 * Finishes a backup: what is complete of it is left alone, what was interrupted goes on where it was, what was not
 * begun begins. Throws CatalogError CATALOG_STATE if there is nothing to continue, StateError STATE_MISMATCH if the run
 * differs from that which was begun, and what createBackup throws.
 */
export async function continueBackup(config: ContinueBackupConfig): Promise<CatalogEntry> {
  const { root, id, run, signal } = config;
  const path = joinPath(root, id);
  const { storages } = run;
  const storage = await storages.forPath(path);
  const key = run.encryption?.key;
  // Once without the lock, so that a directory that is no backup gets none.
  assertContinuable(await readBackup(path, storages), path);
  const cluster = await readClusterNamespaces(run.cluster, signal);
  return withLock(path, config, signal, async (stop) => {
    const document = await readBackupDocument(path, storage, key);
    if (document === undefined) throw new CatalogError('CATALOG_NOT_FOUND', `There is no backup at ${path}`);
    const entry = await readBackup(path, storages);
    assertContinuable(entry, path);
    const parent = document.parent === undefined ? undefined : await readParent(root, document.parent, storages);
    const left: BackupConfig[] = [];
    for (const part of entry.parts) {
      const each = createRun(path, part.namespace, document, run);
      const manifest = manifestPath({ kind: 'directory', path: part.path });
      if (part.manifest === undefined) {
        setLowerBound(each, parent, cluster);
      } else {
        const { identity } = part.manifest;
        const after = identity['modified-after'];
        if (typeof after === 'string' && after !== '') each.modifiedAfterNs = BigInt(after);
        checkIdentity(manifest, identity, createIdentity(each));
        each.continueFrom = manifest;
      }
      if (part.manifest?.manifest?.state !== 'COMPLETED') left.push(each);
    }
    await recordOutcome(path, storage, { ...config, signal: stop }, async () => {
      await removeBackupOutcome(path, storage);
      await runAll(left, config, stop);
    });
  });
}

export async function runAll(
  runs: readonly BackupConfig[],
  { id, runNamespace }: RunsOfBackup,
  stop: AbortSignal,
): Promise<void> {
  for (const run of runs) {
    stop.throwIfAborted();
    await runNamespace(run, stop).catch((error: unknown) => {
      throw explainFailure(error, id);
    });
  }
}

/** The run of a namespace is continued as a part of the backup, not by itself. */
function explainFailure(error: unknown, id: string): unknown {
  if (!(error instanceof ToolError)) return error;
  const { code, message, details, hint, stack, cause } = error;
  const isOwnHint = hint === 'continue-backup' || hint === 'start-again' || hint === 'start-again-removing';
  if (hint !== undefined && !isOwnHint) return error;
  const explained = new ToolError(code, message, {
    cause,
    details: { ...details, id },
    hint: 'continue-catalog-backup',
  });
  if (stack !== undefined) explained.stack = stack;
  return explained;
}

/** If `work` fails, says so beside the document: there may be no manifest that does. */
async function recordOutcome(
  path: string,
  storage: Storage,
  { signal, redact }: Pick<CreateBackupConfig, 'signal' | 'redact'>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const state = signal.aborted ? 'CANCELED' : 'FAILED';
    const text = errorMessage(error);
    const outcome = { state, reason: redact?.(text) ?? text, ended: new Date().toISOString() } as const;
    // Where it cannot be written, the backup counts as interrupted.
    await writeBackupOutcome(path, outcome, storage).catch(() => undefined);
    throw error;
  }
}

/** Throws CatalogError CATALOG_STATE. */
function assertContinuable({ state, reason, document, id }: CatalogEntry, path: string): void {
  if (document === undefined) {
    const what = state === 'DAMAGED' ? (reason ?? 'It is damaged') : `${path} has no document of several namespaces`;
    throw new CatalogError('CATALOG_STATE', `The backup cannot be continued: ${what}`);
  }
  if (state === 'COMPLETED') {
    throw new CatalogError('CATALOG_STATE', `The backup ${id} is complete: there is nothing to continue`);
  }
  const continuable: readonly string[] = ['FAILED', 'CANCELED', 'INCOMPLETE', 'IN_PROGRESS'];
  if (continuable.includes(state)) return;
  const why = reason === undefined ? '' : `: ${reason}`;
  throw new CatalogError('CATALOG_STATE', `The backup ${id} is ${state} and cannot be continued${why}`);
}

/** Throws CatalogError CATALOG_EXISTS if anything is at the place of the backup, be it the rest of a deleted one. */
export async function refuseUsed(path: string, id: string, storage: Storage): Promise<void> {
  if (!(await storage.exists('directory', path))) return;
  const isEmpty = (await storage.list(path)).length === 0 && (await storage.listDirectories(path)).length === 0;
  if (!isEmpty) throw usedError(id, path);
}

function usedError(id: string, path: string): CatalogError {
  return new CatalogError('CATALOG_EXISTS', `The id ${id} is used already: there is something at ${path}`, {
    hint: 'other-backup-id',
  });
}

/** Throws CatalogError CATALOG_NAMESPACE, CATALOG_SELECTION. */
export function chooseNamespaces(
  { namespaces: wanted, selection }: CreateBackupConfig,
  { namespaces: found }: ClusterNamespaces,
): string[] {
  checkSelection(wanted === 'all' ? found : wanted, selection);
  const chosen = wanted === 'all' ? selectNamespaces(found, selection) : [...new Set(wanted)];
  if (chosen.length === 0) throw new CatalogError('CATALOG_SELECTION', 'The selection leaves no namespace');
  for (const namespace of chosen) {
    if (!found.includes(namespace)) {
      const text = `The cluster has no namespace "${namespace}". It has: ${found.join(', ')}`;
      throw new CatalogError('CATALOG_NAMESPACE', text);
    }
    if (!isDirectoryName(namespace)) {
      throw new CatalogError('CATALOG_NAMESPACE', `"${namespace}" cannot be the name of a directory of a backup`);
    }
    if (selectSets(namespace, selection) === undefined) {
      throw new CatalogError('CATALOG_SELECTION', `The selection leaves nothing of the namespace ${namespace}`);
    }
  }
  return chosen;
}

/** The run of one namespace, without the lower bound in time. */
export function createRun(
  path: string,
  namespace: string,
  { id, type, parent, started, selection, sealed }: BackupDocument,
  run: CommonRun,
): BackupConfig {
  const chosen = selectSets(namespace, selection);
  if (chosen === undefined) {
    throw new CatalogError('CATALOG_SELECTION', `The selection leaves nothing of the namespace ${namespace}`);
  }
  const { shard } = run;
  return {
    ...run,
    namespace,
    ...chosen,
    prefix: shard === undefined ? namespace : shardPrefix(namespace, shard),
    target: { kind: 'directory', path: joinPath(path, namespace) },
    ...(sealed === true ? { modifiedBeforeNs: BigInt(Date.parse(started)) * NS_PER_MS } : {}),
    manifest: {
      id,
      type,
      ...(parent === undefined ? {} : { parent }),
      ...(sealed === true ? { modifiedBefore: started } : {}),
    },
  };
}

export function setLowerBound(
  run: BackupConfig,
  parent: CatalogEntry | undefined,
  { clockLeadMs }: ClusterNamespaces,
): void {
  if (parent !== undefined) run.modifiedAfterNs = findModifiedAfter(parent, run, clockLeadMs);
}

const NEVER = new AbortController().signal;

/**
 * Calls `work` with the lock of the backup held; `waiting` ends the wait for it. Resolves with the backup as it is
 * afterwards.
 */
export async function withLock(
  path: string,
  { run, signal }: RunsOfBackup,
  waiting: AbortSignal,
  work: (stop: AbortSignal) => Promise<void>,
): Promise<CatalogEntry> {
  const { storages } = run;
  const stopping = new AbortController();
  const stopFollowing = followAbort(signal, () => stopping.abort(signal.reason));
  const lock = await RunLock.acquire({
    paths: [joinPath(path, run.shard === undefined ? LOCK_NAME : shardLockName(shardPrefix('backup', run.shard)))],
    runId: createRunId(),
    storages,
    signal: waiting,
    onLost: (error) => stopping.abort(error),
  });
  try {
    await refuseOtherRuns({ ...run, target: { kind: 'directory', path }, prefix: '' });
    await work(stopping.signal);
  } finally {
    stopFollowing();
    await lock.release();
  }
  return readBackup(path, storages);
}
