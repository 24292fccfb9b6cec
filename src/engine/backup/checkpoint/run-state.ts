/** What a run begins with: locks, and a new state or that of the run that it continues. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { PartitionFilter } from '../../../aerospike/config.js';
import { serializeError } from '../../../core/errors.js';
import type { RunContext } from '../../../core/run-context.js';
import type { Shard } from '../../../core/shard.js';
import { fingerprintSelection } from '../../shard/partitions.js';
import { canonicalPath, joinPath, storageCapabilities } from '../../../storage/paths.js';
import { createBackupId, type ManifestInfo } from '../../catalog/manifest.js';
import { refuseBase } from '../../catalog/refuse-base.js';
import { refuseDeleted } from '../../catalog/tombstone.js';
import { readProgramVersion } from '../../../core/version.js';
import type { BackupConfig, BackupTarget, ManifestRequest } from '../config.js';
import type { BackupMetadata } from '../metadata.js';
import { backupFileName } from '../output/file-naming.js';
import { checkTarget, prepareTarget, TargetError } from '../output/target.js';
import { divideFilters, RecordQuota, type PlannedJob } from '../plan.js';
import { Checkpointer, SHARED_NAME } from './checkpointer.js';
import { shardLockName } from '../../shard/names.js';
import { canonicalTarget, createIdentity } from './identity.js';
import { LOCK_NAME, RunLock } from './lock.js';
import { refuseOtherRuns } from './shard-locks.js';
import { checkReplaceable } from './own-shard.js';
import { PartitionProgress } from './partition-progress.js';
import { findExposedFile, hashKeptBytes, renewEncryption } from './renew-encryption.js';
import { checkResumable, stateFilePath, truncateFiles, usesWorkingDirectory, type ResumeState } from './resume.js';
import {
  checkCluster,
  checkIdentity,
  isCState,
  loadState,
  parseState,
  StateError,
  type BackupState,
  type ClusterIdentity,
} from './state-file.js';

const VECTOR_BYTES = 16;

/** The state of the run that is continued, and the lock under which it was read. */
export interface SavedRun {
  state: BackupState;
  lock: RunLock;
}

export interface RunState {
  /** Undefined = a new run. */
  resumed: ResumeState | undefined;
  checkpointer: Checkpointer;
  lock: RunLock;
}

/**
 * Refuses a target, or a state file, that cannot be used, and locks the run to continue; changes nothing else. Resolves
 * with the run to continue, undefined = a new one.
 */
export async function checkPreconditions(
  config: BackupConfig,
  cluster: ClusterIdentity,
  context: RunContext,
  onLockLost: (error: Error) => void,
): Promise<SavedRun | undefined> {
  const { continueFrom, stateFileDst, target } = config;
  if ('path' in target && stateFileDst !== undefined && canonicalPath(stateFileDst) === canonicalPath(target.path)) {
    const isInDirectory = target.kind === 'directory' && storageCapabilities(target.path).hasDirectories;
    if (!isInDirectory) {
      throw new TargetError('The state file needs another path than the backup itself', { hint: 'move-state-file' });
    }
  }
  if (continueFrom === undefined) {
    await checkTarget(config);
    if (config.removeFiles && 'path' in target) await refuseBase(target, config.storages);
    return undefined;
  }
  // Once without the lock, so that what cannot be continued is left as it is, and once with it.
  await loadForContinuation(continueFrom, config, cluster);
  const lock = await acquireLock(config, context, onLockLost);
  try {
    return { state: await loadForContinuation(continueFrom, config, cluster), lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function loadForContinuation(
  continueFrom: string,
  config: BackupConfig,
  cluster: ClusterIdentity,
): Promise<BackupState> {
  const { storages, target, maxRecords = 0 } = config;
  if ('path' in target) await refuseDeleted(target, await storages.forPath(target.path));
  const state = await loadState(continueFrom, storages);
  checkIdentity(continueFrom, state.identity, createIdentity(config));
  checkCluster(continueFrom, state.cluster, cluster);
  const { records } = state.counters;
  if (maxRecords > 0 && maxRecords < records) {
    const text = `The limit of ${maxRecords} record(s) is below the ${records} record(s) that ${continueFrom} has already`;
    throw new StateError('STATE_MISMATCH', text);
  }
  checkManifest(state, continueFrom, config);
  await checkResumable(state, continueFrom, config);
  return state;
}

/** Throws StateError. */
function checkManifest({ manifest }: BackupState, path: string, config: BackupConfig): void {
  if (manifest?.state === 'COMPLETED') {
    throw new StateError('STATE_MISMATCH', `${path} is of a backup that is complete: there is nothing to continue`);
  }
  if (config.manifest === undefined) return;
  if (manifest === undefined) {
    throw new StateError('STATE_MISMATCH', `${path} has no manifest: the backup was begun without one`);
  }
  const { id } = config.manifest;
  if (id === undefined || id === manifest.id) return;
  throw new StateError('STATE_MISMATCH', `${path} belongs to the backup ${manifest.id}, not to ${id}`);
}

export interface JobPlan {
  jobs: PlannedJob[];
  /** Of a run with a record limit. */
  quota: RecordQuota | undefined;
}

/** The jobs that are left. */
export function planJobs(
  filters: readonly PartitionFilter[],
  saved: BackupState | undefined,
  { parallel, maxRecords = 0, target, prefix }: BackupConfig,
): JobPlan {
  const open = divideFilters(saved?.filters ?? filters, parallel).filter(
    (each) => saved?.cursors.covers(each) !== true,
  );
  // With nothing left to read, the first file of a directory may still be missing: any job creates it.
  const isComplete =
    saved === undefined ||
    target.kind !== 'directory' ||
    saved.files.some(({ name }) => name === backupFileName(prefix, 0));
  if (open.length === 0 && !isComplete) open.push(saved.filters[0]!);
  const unfinished = open.map((filter) => ({ filter, cursors: saved?.cursors.within(filter) }));
  if (maxRecords === 0) return { jobs: unfinished.map((job) => ({ ...job, maxRecords: undefined })), quota: undefined };
  const left = maxRecords - (saved?.counters.records ?? 0);
  const quota = new RecordQuota(unfinished);
  return { jobs: left === 0 ? [] : quota.takeJobs(left), quota };
}

/** What is backed up. */
export interface BackupSource {
  metadata: BackupMetadata;
  cluster: ClusterIdentity;
  /** Lowest version of the nodes. */
  serverVersion: string;
  /** Before the scan. */
  startedMs: number;
  /** The partitions of all shards together. */
  selected: readonly PartitionFilter[];
}

function createManifest(
  request: ManifestRequest,
  { serverVersion, startedMs, selected }: BackupSource,
  shard: Shard | undefined,
): ManifestInfo {
  const started = new Date(startedMs);
  return {
    id: request.id ?? createBackupId(started, randomBytes(3).toString('hex')),
    type: request.type,
    ...(request.parent === undefined ? {} : { parent: request.parent }),
    state: 'IN_PROGRESS',
    version: readProgramVersion(),
    serverVersion,
    started: started.toISOString(),
    ...(request.modifiedBefore === undefined ? {} : { modifiedBefore: request.modifiedBefore }),
    ...(shard === undefined ? {} : { shard: { ...shard, selection: fingerprintSelection(selected) } }),
  };
}

/** Prepares the target and the state file: from here on the run can be continued, whatever ends it. */
export async function createRunState(
  saved: SavedRun | undefined,
  filters: readonly PartitionFilter[],
  source: BackupSource,
  config: BackupConfig,
  context: RunContext,
  onLockLost: (error: Error) => void,
): Promise<RunState> {
  if (saved !== undefined) return continueState(saved, config, context);
  await createDirectory(config, context);
  const lock = await acquireLock(config, context, onLockLost);
  try {
    await checkReplaceable(config);
    const checkpointer = await createState(filters, source, config, context, lock);
    return { resumed: undefined, checkpointer, lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function continueState(saved: SavedRun, config: BackupConfig, context: RunContext): Promise<RunState> {
  const { state, lock } = saved;
  const { emit, runId } = context;
  emit({ type: 'resume.start', records: state.counters.records });
  const { manifest } = state;
  if (manifest !== undefined) {
    manifest.state = 'IN_PROGRESS';
    delete manifest.reason;
  }
  // A manifest stays where it is.
  const path = manifest === undefined ? await stateFilePath(config) : config.continueFrom!;
  if (canonicalPath(path) !== canonicalPath(config.continueFrom ?? path)) await refuseForeignState(path, config);
  state.runId = runId;
  state.target = canonicalTarget(config.target);
  const checkpointer = new Checkpointer({
    path,
    state,
    storages: config.storages,
    key: config.encryption?.key,
    lock,
    emit,
  });
  const exposed = await findExposedFile(state, config);
  if (exposed !== undefined) {
    // The hashes of its bytes are removed first: killed in between, the run can be continued all the same.
    delete exposed.file.tail;
    delete exposed.file.blocks;
    await checkpointer.begin();
    await renewEncryption(exposed, config);
  }
  const resumed = await truncateFiles(state, config, emit);
  if (manifest !== undefined) await hashKeptBytes(state, config);
  await checkpointer.begin();
  return { resumed, checkpointer, lock };
}

/** The lock of a directory lies in it. */
async function createDirectory({ target, storages }: BackupConfig, { emit }: RunContext): Promise<void> {
  if (target.kind !== 'directory') return;
  const storage = await storages.forPath(target.path);
  if (!(await storage.exists('directory', target.path))) emit({ type: 'target.create', path: target.path });
  await storage.ensureDirectory(target.path);
}

async function createState(
  filters: readonly PartitionFilter[],
  source: BackupSource,
  config: BackupConfig,
  context: RunContext,
  lock: RunLock,
): Promise<Checkpointer> {
  const { cluster } = source;
  const { sindexes, udfs } = source.metadata;
  const { target, storages, encryption } = config;
  const { emit, runId } = context;
  const state: BackupState = {
    runId,
    target: canonicalTarget(target),
    identity: createIdentity(config),
    cluster,
    filters: [...filters],
    cursors: new PartitionProgress(),
    files: [],
    counters: { records: 0, bytes: 0, sindexes, udfs },
    ...(config.manifest === undefined ? {} : { manifest: createManifest(config.manifest, source, config.shard) }),
  };
  if (isPipe(target) && config.encryption !== undefined) {
    state.files.push({ name: SHARED_NAME, bytes: 0, records: 0, vector: randomBytes(VECTOR_BYTES).toString('hex') });
  }
  const withoutState =
    (config.noRecords && config.manifest === undefined) ||
    (target.kind === 'stream' && config.stateFileDst === undefined);
  const path = withoutState ? undefined : await stateFilePath(config);
  let checkpointer = new Checkpointer({ path, state, storages, key: encryption?.key, lock, emit });
  if (path !== undefined && usesWorkingDirectory(config)) {
    // Nobody chose the working directory: what cannot be used there is no reason not to back up.
    try {
      await refuseForeignState(path, config);
      await checkpointer.begin();
    } catch (error) {
      if (error instanceof StateError) emit({ type: 'state.missing', path });
      else emit({ type: 'state.missing', path, error: serializeError(error) });
      checkpointer = new Checkpointer({ path: undefined, state, storages, lock, emit });
    }
  } else if (path !== undefined) {
    await refuseForeignState(path, config);
    // A path of its own is tried before anything is deleted; the usual one is beside what is deleted.
    // A manifest must not say any more that the backup is complete whose files are deleted now.
    if (config.stateFileDst !== undefined || config.manifest !== undefined) await checkpointer.begin();
  }
  try {
    await prepareTarget(config, context);
    if (path !== undefined && !usesWorkingDirectory(config)) await checkpointer.begin();
  } catch (error) {
    await checkpointer.remove().catch(() => undefined);
    throw error;
  }
  return checkpointer;
}

/**
 * A state file replaces only one that an earlier run to the same target left behind, or, at its usual place, one of the
 * C tool. Throws StateError.
 */
async function refuseForeignState(path: string, config: BackupConfig): Promise<void> {
  const storage = await config.storages.forPath(path);
  if (!(await storage.exists('file', path))) return;
  const bytes = await storage.readSmall(path, 'the state file');
  const isUsualPath = config.stateFileDst === undefined && !usesWorkingDirectory(config);
  if (isUsualPath && (isCState(bytes) || bytes.length === 0)) return;
  const target = canonicalTarget(config.target);
  const other = config.manifest === undefined ? parseOtherState(bytes, path) : parseState(bytes, path);
  const prefix = 'output-file-prefix';
  if (config.manifest !== undefined && other.identity[prefix] !== createIdentity(config)[prefix]) {
    const text = `${path} is the manifest of another backup, of the files ${String(other.identity[prefix])}_NNNNN.asb`;
    throw new StateError('STATE_FOREIGN', text);
  }
  // Beside the files, it is theirs, wherever they were moved to.
  if (isUsualPath || (other.target === target && !isPipe(config.target))) return;
  const text = `${path} is the state of another backup, to ${other.target}`;
  throw new StateError('STATE_FOREIGN', text, { hint: 'move-state-file' });
}

/** Says what to do about a file that is none of ours: it is not overwritten. Throws StateError. */
function parseOtherState(bytes: Buffer, path: string): BackupState {
  try {
    return parseState(bytes, path);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new StateError(error.code, error.message, { hint: 'move-state-file', cause: error });
  }
}

/** What was written to a pipe cannot be read again. */
function isPipe({ kind }: BackupTarget): boolean {
  return kind === 'stdout' || kind === 'stream';
}

async function acquireLock(
  config: BackupConfig,
  { runId, signal }: RunContext,
  onLost: (error: Error) => void,
): Promise<RunLock> {
  const paths = await lockPaths(config);
  const lock = await RunLock.acquire({ paths, runId, storages: config.storages, signal, onLost });
  try {
    await refuseOtherRuns(config);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return lock;
}

/** Of everything that a run replaces: the files, and the state where it is not among them. */
async function lockPaths(config: BackupConfig): Promise<string[]> {
  const { target, stateFileDst, continueFrom } = config;
  const paths = await targetLockPaths(config);
  const usual = 'path' in target && !usesWorkingDirectory(config);
  if (stateFileDst !== undefined) paths.push(`${await stateFilePath(config)}.lock`);
  if (continueFrom !== undefined && !usual) paths.push(`${continueFrom}.lock`);
  return paths;
}

/** Empty for what is no file: who writes to a pipe or device at the same time mixes the bytes, as with any program. */
export async function targetLockPaths({
  target,
  prefix,
  shard,
  storages,
}: Pick<BackupConfig, 'target' | 'storages' | 'shard'> & { prefix?: string }): Promise<string[]> {
  if (!('path' in target)) return [];
  const { path, kind } = target;
  if (kind === 'directory') {
    const name = shard === undefined ? LOCK_NAME : shardLockName(prefix ?? '');
    return [joinPath(joinPath(path, dirname(prefix ?? '')), name)];
  }
  const storage = await storages.forPath(path);
  const isPlain = !(await storage.exists('file', path)) || (await storage.stat(path)).kind === 'regular';
  return isPlain ? [`${path}.lock`] : [];
}
