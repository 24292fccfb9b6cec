/** Copies of backups to other storages. */
import { copyBackup, type CopyResult } from '../../../engine/catalog/copy-backup.js';
import { copyRun } from '../../../engine/catalog/copy-run.js';
import type { CatalogEntry } from '../../../engine/catalog/find-backups.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { ensureDirectory } from '../../routines/ensure-directory.js';
import { optional } from '../../settings/optional.js';
import { findState, type BackupItem } from '../backups/backup-item.js';
import { findKnown } from '../backups/read-backups.js';
import type { CatalogView, V2Context } from '../context.js';
import { V2Error } from '../errors.js';
import type { BackupChoice } from '../operations.js';
import type { CopyJobResult, Job } from '../schema/job.js';
import type { CopyBackup } from '../schema/requests.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import type { JobFacts, JobHandle, Jobs } from './jobs.js';
import { startJob, startWithView, toRunContext, type StartedJob } from './start-job.js';
import { findFiles } from './verify-jobs.js';

const PARALLEL_FILES = 4;

/** Throws V2Error no-storage, id-taken, not-restorable, deleted, not-found. */
export function copyOne(
  context: V2Context,
  jobs: Jobs,
  storage: string,
  { to, verify = true }: CopyBackup,
  { id, routine }: { id: string } & BackupChoice,
): Promise<Job> {
  context.directory.get(to, 'body');
  if (to === storage) throw new V2Error('invalid-request', 'A backup cannot be copied to the storage that it is in');
  return startWithView(context, storage, (view) => {
    const item = findKnown(context, view, id, routine);
    return startCopy(context, jobs, view, item, { to, verify });
  });
}

/** Throws V2Error as copyOne does. */
export async function startCopy(
  context: V2Context,
  jobs: Jobs,
  view: CatalogView,
  item: BackupItem,
  { to, verify, ...more }: Required<CopyBackup> & Pick<JobFacts, 'trigger'>,
): Promise<StartedJob> {
  const entry = findFiles(item, view);
  const { state } = findState(item, view.context);
  if (state !== 'COMPLETED') {
    throw new V2Error('not-restorable', `The backup "${item.id}" is ${state}`, { facts: { id: item.id, state } });
  }
  await context.view(to, (target) => refuseTaken(item, target));
  const storage = view.catalog.name;
  const facts: JobFacts = { storage, backup: item.id, to, ...optional('routine', item.routine), ...more };
  return startJob(jobs, 'COPY', facts, (handle) =>
    context.directory.use(to, async (target) => {
      const path = joinPath(target.root, entry.kind === 'abs' ? entry.id : item.id);
      try {
        const copied = await copyFiles(context, view, target, item, entry, { path, verify, handle });
        handle.report({ percent: 100, records: 0, bytes: copied.bytes });
        return { copy: toCopyResult(to, item, copied) };
      } finally {
        context.touch(to, path);
      }
    }),
  );
}

async function copyFiles(
  context: V2Context,
  { catalog }: CatalogView,
  target: OpenedCatalog,
  item: BackupItem,
  entry: CatalogEntry,
  { path, verify, handle }: { path: string; verify: boolean; handle: JobHandle },
): Promise<CopyResult> {
  const storages = joinStorages(catalog, target);
  const common = { destination: path, verifies: verify, parallel: PARALLEL_FILES, storages };
  if (entry.kind !== 'abs') {
    await ensureDirectory(target.root, target.root, target.backend);
    return copyBackup({ ...common, source: entry.path }, toRunContext(handle));
  }
  // The retention of the routine leaves the run alone meanwhile.
  const { runner } = context.options;
  const isConfigured = Object.hasOwn(context.document['backup-routines'] ?? {}, item.routine!);
  const unlock = isConfigured ? runner.lockForRestore(item.routine!) : undefined;
  try {
    if (isConfigured) await runner.settleRetention(item.routine!);
    return await copyRun({ ...common, entry, root: target.root }, toRunContext(handle));
  } finally {
    unlock?.();
  }
}

function toCopyResult(
  storage: string,
  item: BackupItem,
  { id, files, bytes, kept, missingParent }: CopyResult,
): CopyJobResult {
  const backup = item.run ?? id;
  return { storage, backup, files, bytes, kept, ...optional('missing-parent', missingParent) };
}

/** A copy that was interrupted goes on. Throws V2Error id-taken. */
async function refuseTaken({ id, run, routine }: BackupItem, { items, catalog, context }: CatalogView): Promise<void> {
  const taken = items.find((item) =>
    run === undefined ? item.id === id : item.run === run && item.routine === routine,
  );
  if (taken === undefined || ['INCOMPLETE', 'IN_PROGRESS'].includes(findState(taken, context).state)) return;
  const text = `The id "${id}" is or was that of a backup of storage "${catalog.name}"`;
  throw await Promise.resolve(new V2Error('id-taken', text, { facts: { id, storage: catalog.name } }));
}

/** Each path is that of the storage whose root it is below: the two may have different credentials. */
function joinStorages(source: OpenedCatalog, target: OpenedCatalog): StorageAccess {
  const isBelow = (path: string, root: string): boolean =>
    path === root || path.startsWith(`${root.replace(/\/+$/, '')}/`);
  const choose = (path: string): StorageAccess => {
    const isTarget =
      isBelow(path, target.root) && (!isBelow(path, source.root) || target.root.length > source.root.length);
    return isTarget ? target.storages : source.storages;
  };
  return {
    forPath: (path) => choose(path).forPath(path),
    openChannels: (paths, count) => source.storages.openChannels(paths, count),
    close: () => Promise.resolve(),
  };
}
