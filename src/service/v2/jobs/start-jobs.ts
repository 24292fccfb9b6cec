/** The jobs of /v2 that write to a cluster: restores and clones. */
import { optional } from '../../settings/optional.js';
import { beginBackup } from '../backups/create-backups.js';
import type { CatalogView, V2Context } from '../context.js';
import { toV2Error } from '../errors.js';
import { prepareBackup, prepareMoment, refuseTarget, type PreparedRestore } from '../restore/prepare-restore.js';
import { runRestore } from '../restore/run-restore.js';
import type { Job } from '../schema/job.js';
import type { CloneRequest } from '../schema/requests.js';
import type { RestoreAtTime, RestoreBackup } from '../schema/restore-backup.js';
import type { JobFacts, Jobs } from './jobs.js';
import { startJob, startWithView, type StartedJob } from './start-job.js';
import { followAbort } from '../../../core/abort.js';

export function restoreOne(
  context: V2Context,
  jobs: Jobs,
  storage: string,
  request: RestoreBackup,
  choice: { id: string; routine: string | undefined },
): Promise<Job> {
  return startWithView(context, storage, async (view) => {
    const prepared = await prepareBackup(context, view, request, choice);
    return startRestore(context, jobs, view, prepared, {});
  });
}

export function restoreMoment(context: V2Context, jobs: Jobs, storage: string, request: RestoreAtTime): Promise<Job> {
  return startWithView(context, storage, async (view) => {
    const prepared = await prepareMoment(context, view, request);
    return startRestore(context, jobs, view, prepared, { time: new Date(request.time).toISOString() });
  });
}

async function startRestore(
  context: V2Context,
  jobs: Jobs,
  view: CatalogView,
  prepared: PreparedRestore,
  more: JobFacts,
): Promise<StartedJob> {
  const { base, cluster, routine, item } = prepared;
  try {
    await refuseTarget(context, prepared);
  } catch (error) {
    await base.storages.close();
    throw error;
  }
  const facts: JobFacts = {
    storage: view.catalog.name,
    ...(item === undefined ? {} : { backup: item.id }),
    ...(routine === undefined ? {} : { routine }),
    ...(cluster === undefined ? {} : { cluster }),
    ...more,
  };
  return startJob(jobs, 'RESTORE', facts, (handle) => runRestore(context, view, prepared, handle));
}

/** A backup that is restored: one job. Throws what both would, as far as it is known before. */
export async function cloneCluster(context: V2Context, jobs: Jobs, request: CloneRequest): Promise<Job> {
  const { storage, id, source, include, exclude, rename, cluster, destination } = request;
  context.directory.get(storage, 'body');
  const policy = request['backup-policy'];
  const backup = await beginBackup(context, storage, {
    ...optional('id', id),
    ...optional('cluster', source),
    ...optional('backup-policy', policy),
    ...optional('include', include),
    ...optional('exclude', exclude),
  });
  const restore: RestoreBackup = {
    ...optional('cluster', cluster),
    ...optional('destination', destination),
    ...optional('rename', rename),
    ...optional('on-existing', request['on-existing']),
  };
  const facts: JobFacts = { storage, backup: backup.id, ...optional('cluster', cluster), phase: 'backup' };
  return jobs.start('CLONE', facts, async (handle) => {
    const stopFollowing = followAbort(handle.signal, () => void context.backups.cancel(storage, backup.id));
    try {
      await context.backups.settle(storage, backup.id);
    } finally {
      stopFollowing();
    }
    handle.signal.throwIfAborted();
    return context.view(storage, async (view) => {
      const prepared = await prepareBackup(context, view, restore, { id: backup.id, routine: undefined });
      handle.update({ phase: 'restore' });
      try {
        await refuseTarget(context, prepared);
      } catch (error) {
        await prepared.base.storages.close();
        throw toV2Error(error);
      }
      return runRestore(context, view, prepared, handle);
    });
  });
}
