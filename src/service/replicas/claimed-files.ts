/** Files of a run that a replica has claimed: what is taken over from the one before, and what becomes of the rest. */
import { errorMessage } from '../../core/errors.js';
import { parseState } from '../../engine/backup/checkpoint/state-file.js';
import { MANIFEST_NAME } from '../../engine/catalog/manifest.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { DATA_DIRECTORY, namespacePath } from '../backups/layout.js';
import { deleteFolder } from '../routines/delete-folder.js';
import { ensureDirectory } from '../routines/ensure-directory.js';
import { resumeJobs, type LeftoverRun } from '../routines/leftovers.js';
import type { NamespaceJob, NamespaceResult } from '../routines/namespace-run.js';
import type { EndedRun, RunTask } from './ledger-state.js';
import type { RunClaim } from './run-claim.js';

/**
 * What is done of the jobs, and what is left. A namespace that was interrupted goes on in its folder if nobody writes
 * there any more; otherwise in a copy, or from its beginning where its files cannot be copied. Throws StorageError.
 */
export async function resumeClaimed(
  jobs: readonly NamespaceJob[],
  leftover: LeftoverRun,
  storage: Storage,
  claim: Pick<RunClaim, 'isPredecessorDead' | 'firstAttempt'>,
  report: (text: string) => void,
): Promise<{ done: NamespaceResult[]; left: NamespaceJob[] }> {
  const done: NamespaceResult[] = [];
  const left: NamespaceJob[] = [];
  // Without a manifest there is nothing to go on from.
  const known = { ...leftover, folders: leftover.folders.filter(({ hasManifest }) => hasManifest) };
  for (const job of jobs) {
    try {
      const found = await resumeJobs([job], known, storage);
      done.push(...found.done);
      for (const resumed of found.left) {
        const isOpen = resumed.continued !== undefined && !claim.isPredecessorDead;
        left.push(isOpen ? ((await copyAttempt(resumed, leftover.path, storage, claim.firstAttempt)) ?? job) : resumed);
      }
    } catch (error) {
      report(`The namespace ${job.namespace} is begun again: ${errorMessage(error)}`);
      left.push(job);
    }
  }
  return { done, left };
}

/** The job goes on in the copy; undefined = the storage keeps unfinished files where nobody can read them. */
async function copyAttempt(
  job: NamespaceJob,
  runPath: string,
  storage: Storage,
  attempt: number,
): Promise<NamespaceJob | undefined> {
  if (!storage.capabilities.hasDirectories) return undefined;
  const from = job.continued!.path;
  const to = namespacePath(runPath, job.namespace, attempt);
  const manifest = await storage.readSmall(joinPath(from, MANIFEST_NAME), 'the manifest');
  const { files } = parseState(manifest, joinPath(from, MANIFEST_NAME));
  await ensureDirectory(runPath, to, storage);
  for (const { name, bytes } of files) await copyStart(joinPath(from, name), joinPath(to, name), bytes, storage);
  await storage.writeSmall(joinPath(to, MANIFEST_NAME), manifest.toString('utf8'), 'the manifest');
  return { ...job, continued: { path: to, attempt } };
}

/** The bytes that the checkpoint counts: what lies behind them may still change. */
async function copyStart(from: string, to: string, bytes: number, storage: Storage): Promise<void> {
  const source = await storage.open(from);
  try {
    const sink = await storage.create(to, bytes);
    try {
      let left = bytes;
      while (left > 0) {
        const chunk = await source.read();
        if (chunk === undefined) throw new Error(`${from} has fewer bytes than its checkpoint says`);
        await sink.write(chunk.subarray(0, left));
        left -= Math.min(left, chunk.length);
      }
      await sink.close();
    } catch (error) {
      await sink.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** The folders of namespaces that are no part of the backup: of attempts that failed or were taken over. */
export async function removeOtherFolders(
  runPath: string,
  keptNames: ReadonlySet<string>,
  storage: Storage,
): Promise<void> {
  const data = joinPath(runPath, DATA_DIRECTORY);
  for (const name of await storage.listDirectories(data)) {
    if (!keptNames.has(name)) await deleteFolder(joinPath(data, name), storage);
  }
}

/**
 * What a replica has written after another one had taken the run over and ended it. A run that goes on is left alone:
 * the other replica removes the rest when it ends. Throws StorageError.
 */
export async function removeFencedFiles(
  { type, timestampMs }: RunTask,
  recent: readonly EndedRun[],
  runPath: string,
  storage: Storage,
): Promise<void> {
  const ended = recent.find((each) => each.type === type && each.timestampMs === timestampMs);
  if (ended === undefined) return;
  if (ended.outcome === 'success') await removeOtherFolders(runPath, new Set(ended.folders), storage);
  else await deleteFolder(runPath, storage);
}
