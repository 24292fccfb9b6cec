/** The jobs that /v2 can start: restores, verifications, copies and clones. */
import { readSettings } from '../../../api/read-settings.js';
import { soundnessSchema, toVerifyConfig } from '../../../config/catalog/verify-config.js';
import { createProcessLimits, type RunContext } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import { copyBackup } from '../../../engine/catalog/copy-backup.js';
import { ensureDirectory } from '../../routines/ensure-directory.js';
import { verifyBackup } from '../../../engine/catalog/verify-backup.js';
import { joinPath } from '../../../storage/paths.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { findEntity } from '../../document/find-entity.js';
import { toEncryptSettings } from '../../settings/encryption-settings.js';
import { optional } from '../../settings/optional.js';
import { SecretResolver } from '../../settings/secret-resolver.js';
import { findState, type BackupItem } from '../backups/backup-item.js';
import { beginBackup } from '../backups/create-backups.js';
import { findKnown } from '../backups/read-backups.js';
import type { CatalogView, V2Context } from '../context.js';
import { toV2Error, V2Error } from '../errors.js';
import type { BackupChoice } from '../operations.js';
import {
  findPolicy,
  prepareBackup,
  prepareMoment,
  refuseTarget,
  type PreparedRestore,
} from '../restore/prepare-restore.js';
import { runRestore } from '../restore/run-restore.js';
import type { Job } from '../schema/job.js';
import type { CloneRequest, CopyBackup, VerifyBackup } from '../schema/requests.js';
import type { RestoreAtTime, RestoreBackup } from '../schema/restore-backup.js';
import type { OpenedCatalog } from '../storages/storage-directory.js';
import type { JobFacts, JobHandle, Jobs } from './jobs.js';

const PARALLEL_FILES = 4;
const MOST_PROBLEMS = 1000;

/** Keeps the storage open from what is checked now to the end of the job. */
async function startWithView(
  context: V2Context,
  storage: string,
  begin: (view: CatalogView) => Promise<{ job: Job; ended: Promise<unknown> }>,
): Promise<Job> {
  return new Promise<Job>((resolve, reject) => {
    context
      .view(storage, async (view) => {
        const { job, ended } = await begin(view);
        resolve(job);
        await ended;
      })
      .catch(reject);
  });
}

/** Starts a job; `ended` resolves when its work has settled. */
async function startJob(
  jobs: Jobs,
  kind: Job['kind'],
  facts: JobFacts,
  work: (handle: JobHandle) => Promise<Partial<Job>>,
): Promise<{ job: Job; ended: Promise<void> }> {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const job = await jobs.start(kind, facts, async (handle) => {
    try {
      return await work(handle);
    } finally {
      end();
    }
  });
  return { job, ended };
}

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
): Promise<{ job: Job; ended: Promise<void> }> {
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

/** Throws V2Error not-restorable, deleted, not-found, invalid-request. */
export function verifyOne(
  context: V2Context,
  jobs: Jobs,
  storage: string,
  request: VerifyBackup,
  { id, routine }: { id: string } & BackupChoice,
): Promise<Job> {
  const checksumsOnly = request['checksums-only'] ?? request.deep === false;
  if (request['checksums-only'] === true && request.deep === true) {
    throw new V2Error('invalid-request', 'checksums-only and deep are opposites');
  }
  return startWithView(context, storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const entry = findFiles(item, view);
    const facts: JobFacts = { storage, backup: item.id, ...optional('routine', item.routine) };
    return startJob(jobs, 'VERIFY', facts, async (handle) => {
      const { catalog } = view;
      const { log } = context.options;
      const encrypt = await findKey(context, item);
      const settings = { checksumsOnly, parallel: PARALLEL_FILES, ...optional('encrypt', encrypt) };
      const values = await readSettings(soundnessSchema, settings);
      const config = toVerifyConfig(values, { log, signal: handle.signal });
      await config.storages.close();
      const result = await verifyBackup(entry, { ...config, storages: catalog.storages }, toRunContext(handle));
      handle.report({ percent: 100, records: result.records ?? 0, bytes: result.bytes });
      const { problems, files, bytes, records } = result;
      const sound = problems.length === 0;
      const verify = {
        sound,
        files,
        bytes,
        ...optional('records', records),
        problems: problems.slice(0, MOST_PROBLEMS),
      };
      handle.update({ verify });
      return {};
    });
  });
}

function findFiles(item: BackupItem, view: CatalogView): NonNullable<BackupItem['entry']> {
  const { state } = findState(item, view.context);
  const facts = { id: item.id, state };
  if (state === 'DELETED') throw new V2Error('deleted', `The backup "${item.id}" is deleted`, { facts });
  if (item.entry !== undefined && state !== 'STARTED' && state !== 'IN_PROGRESS') return item.entry;
  throw new V2Error('not-restorable', `The backup "${item.id}" is ${state} and has no files that are complete`, {
    facts,
  });
}

async function findKey(context: V2Context, item: BackupItem): ReturnType<typeof toEncryptSettings> {
  const { document } = context;
  const policy = findEntity(document['backup-policies'], findPolicy(context, item) ?? '');
  const agent = findEntity(document['backup-routines'], item.routine ?? '')?.['secret-agent'];
  return toEncryptSettings(policy?.encryption, optional('secret-agent-name', agent), new SecretResolver(document));
}

function toRunContext({ signal }: JobHandle): RunContext {
  return { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
}

/** Throws V2Error no-storage, id-taken, not-restorable, deleted, feature-disabled, not-found. */
export function copyOne(
  context: V2Context,
  jobs: Jobs,
  storage: string,
  { to, verify = true }: CopyBackup,
  { id, routine }: { id: string } & BackupChoice,
): Promise<Job> {
  context.directory.get(to, 'body');
  if (to === storage) throw new V2Error('invalid-request', 'A backup cannot be copied to the storage that it is in');
  return startWithView(context, storage, async (view) => {
    const item = findKnown(context, view, id, routine);
    const entry = findFiles(item, view);
    const { state } = findState(item, view.context);
    if (entry.kind === 'abs') {
      throw new V2Error(
        'feature-disabled',
        `Runs of routines are not copied: "${item.id}" is one of "${item.routine!}"`,
      );
    }
    if (state !== 'COMPLETED') {
      throw new V2Error('not-restorable', `The backup "${item.id}" is ${state}`, { facts: { id: item.id, state } });
    }
    await context.view(to, (target) => refuseTaken(item.id, target));
    return startJob(jobs, 'COPY', { storage, backup: item.id, to }, (handle) =>
      context.directory.use(to, async (target) => {
        try {
          await ensureDirectory(target.root, target.root, target.backend);
          const copied = await copyBackup(
            {
              source: entry.path,
              destination: joinPath(target.root, item.id),
              verifies: verify,
              parallel: PARALLEL_FILES,
              storages: joinStorages(view.catalog, target),
            },
            toRunContext(handle),
          );
          const { files, bytes, kept, missingParent } = copied;
          handle.report({ percent: 100, records: 0, bytes });
          return {
            copy: { storage: to, backup: copied.id, files, bytes, kept, ...optional('missing-parent', missingParent) },
          };
        } finally {
          context.touch(to, joinPath(target.root, item.id));
        }
      }),
    );
  });
}

/** A copy that was interrupted goes on. Throws V2Error id-taken. */
async function refuseTaken(id: string, { items, catalog, context }: CatalogView): Promise<void> {
  const taken = items.find((item) => item.id === id);
  if (taken === undefined || findState(taken, context).state === 'INCOMPLETE') return;
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
    const cancel = (): void => void context.backups.cancel(storage, backup.id);
    handle.signal.addEventListener('abort', cancel, { once: true });
    try {
      await context.backups.settle(storage, backup.id);
    } finally {
      handle.signal.removeEventListener('abort', cancel);
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
