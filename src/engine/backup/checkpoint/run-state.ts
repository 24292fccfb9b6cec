/** What a run begins with: nothing, or the state of the run that it continues. */
import { randomBytes } from 'node:crypto';
import type { PartitionFilter } from '../../../aerospike/config.js';
import { errorMessage } from '../../../core/errors.js';
import { type Log, logEvent, warningEvent } from '../../../core/log.js';
import { canonicalPath, storageCapabilities } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { Checkpointer, SHARED_NAME } from './checkpointer.js';
import { PartitionProgress } from './partition-progress.js';
import type { BackupMetadata } from '../metadata.js';
import type { BackupOptions, BackupTarget } from '../config.js';
import { divide, divideFilters, share } from '../plan.js';
import {
  checkResumable,
  truncateFiles,
  createIdentity,
  stateFilePath,
  type ResumeState,
  usesWorkingDirectory,
} from './resume.js';
import { checkIdentity, loadState, StateError, type BackupState, type Identity } from './state-file.js';
import { checkTarget, prepareTarget, TargetError } from '../output/target.js';
import type { Job } from '../worker-pool.js';
import { isWriterAlive, currentWriter } from './lock.js';

const VECTOR_BYTES = 16;

export interface RunState {
  state: BackupState;
  /** Absent = a new run. */
  resumed: ResumeState | undefined;
  checkpointer: Checkpointer | undefined;
}

/**
 * Refuses a target, or a state file, that cannot be used. Changes nothing; returns the state of the run to continue.
 */
export async function checkPreconditions(options: BackupOptions): Promise<BackupState | undefined> {
  const { continueFrom, stateFileDst, target, maxRecords = 0 } = options;
  if ('path' in target && stateFileDst !== undefined && canonicalPath(stateFileDst) === canonicalPath(target.path)) {
    const isInDirectory = target.kind === 'directory' && storageCapabilities(target.path).hasDirectories;
    if (!isInDirectory) throw new TargetError('--state-file-dst has to be another path than the backup itself.');
  }
  if (continueFrom === undefined) {
    await checkTarget(options);
    return undefined;
  }
  const state = await loadState(continueFrom, options.storages);
  if (await isWriterAlive(state.writer)) {
    const text = `The backup of ${continueFrom} is still under way in process ${state.writer?.pid ?? 0}; stop that first.`;
    throw new StateError('STATE_IN_USE', text);
  }
  checkIdentity(continueFrom, state.identity, createIdentity(options));
  const { records } = state.counters;
  if (maxRecords > 0 && maxRecords < records) {
    const text = `--max-records ${maxRecords} is less than the ${records} record(s) that ${continueFrom} has already.`;
    throw new StateError('STATE_MISMATCH', text);
  }
  await checkResumable(state, continueFrom, options);
  return state;
}

/** The jobs that are left. */
export function remainingJobs(
  filters: readonly PartitionFilter[],
  saved: BackupState | undefined,
  { parallel, maxRecords = 0, target }: BackupOptions,
): Job[] {
  if (saved === undefined) return divide(filters, parallel, maxRecords);
  const left = maxRecords === 0 ? 0 : maxRecords - saved.counters.records;
  if (maxRecords > 0 && left === 0) return [];
  const all = divideFilters(saved.filters, parallel);
  const open = all.filter((filter) => !saved.cursors.covers(filter));
  // With nothing left to read, the first file of a directory may still be missing: any job creates it.
  const complete = target.kind !== 'directory' || saved.files.some(({ name }) => name.endsWith('_00000.asb'));
  if (open.length === 0 && !complete) open.push(all[0]!);
  return share(open, left).map((job) => ({ ...job, cursors: saved.cursors.within(job.filter) }));
}

/**
 * The state of a backup to standard output lies in the working directory, which may be one that nothing can be written
 * to, or where another run keeps its state. Neither is a reason not to back up.
 */
async function probeStateFile(
  checkpointer: Checkpointer,
  { identity }: BackupState,
  storages: StorageAccess,
  log: Log,
): Promise<Checkpointer | undefined> {
  const { path } = checkpointer;
  const hint = 'This run cannot be continued if it is interrupted; --state-file-dst gives its state a place.';
  if (
    (await (await storages.forPath(path)).exists('file', path)) &&
    !(await isOfSameTarget(path, identity, storages))
  ) {
    log.info(warningEvent('state.missing', `${path} exists and is the state of another run. ${hint}`, { path }));
    return undefined;
  }
  try {
    await checkpointer.begin();
    return checkpointer;
  } catch (error) {
    log.info(warningEvent('state.missing', `${errorMessage(error)} ${hint}`, { path }));
    return undefined;
  }
}

/** What was written cannot be looked at again. */
function isPipe({ kind }: BackupTarget): boolean {
  return kind === 'stdout' || kind === 'stream';
}

/** An earlier run wrote to the same place: what its state speaks of is being replaced. */
async function isOfSameTarget(path: string, { target }: Identity, storages: StorageAccess): Promise<boolean> {
  if (target === '[stdout]' || target === '[stream]') return false;
  const other = await loadState(path, storages).catch(() => undefined);
  return other?.identity.target === target && !(await isWriterAlive(other?.writer));
}

/** Prepares the target and the state file: from here on the run can be continued, whatever ends it. */
export async function createState(
  saved: BackupState | undefined,
  filters: readonly PartitionFilter[],
  globals: BackupMetadata,
  options: BackupOptions,
  log: Log,
): Promise<RunState> {
  const { storages } = options;
  const path = await stateFilePath(options);
  if (saved !== undefined) {
    const { records } = saved.counters;
    log.info(logEvent('resume.start', `Continuing the backup of ${records} record(s) so far`, { records }));
    saved.writer = currentWriter();
    const resumed = await truncateFiles(saved, options, log);
    const checkpointer = new Checkpointer(path, saved, log, storages);
    await checkpointer.begin();
    return { state: saved, resumed, checkpointer };
  }
  const { sindexes, udfs } = globals;
  const state: BackupState = {
    identity: createIdentity(options),
    filters: [...filters],
    cursors: new PartitionProgress(),
    files: [],
    counters: { records: 0, bytes: 0, sindexes, udfs },
    writer: currentWriter(),
  };
  if (isPipe(options.target) && options.encryption !== undefined) {
    state.files.push({ name: SHARED_NAME, bytes: 0, vector: randomBytes(VECTOR_BYTES).toString('hex') });
  }
  if (options.noRecords || (options.target.kind === 'stream' && options.stateFileDst === undefined)) {
    await prepareTarget(options, log);
    return { state, resumed: undefined, checkpointer: undefined };
  }
  const checkpointer = new Checkpointer(path, state, log, storages);
  if (usesWorkingDirectory(options)) {
    const here = await probeStateFile(checkpointer, state, storages, log);
    try {
      await prepareTarget(options, log);
    } catch (error) {
      await here?.remove().catch(() => undefined);
      throw error;
    }
    return { state, resumed: undefined, checkpointer: here };
  }
  // A path of its own is tried before anything is deleted; the usual one may lie in a directory yet to be created.
  if (options.stateFileDst !== undefined) await checkpointer.begin();
  try {
    await prepareTarget(options, log);
    await checkpointer.begin();
  } catch (error) {
    await checkpointer.remove().catch(() => undefined);
    throw error;
  }
  return { state, resumed: undefined, checkpointer };
}
