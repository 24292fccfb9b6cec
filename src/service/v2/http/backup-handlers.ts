/** Backups, restores and jobs. */
import type { BackupChoice, BackupFilter, JobListFilter, V2Operations } from '../operations.js';
import type { Backup } from '../schema/backup.js';
import type { CreateBackup } from '../schema/create-backup.js';
import { JOB_KINDS, JOB_STATES, type Job } from '../schema/job.js';
import type { CloneRequest, CopyBackup, HoldBackup, VerifyBackup } from '../schema/requests.js';
import type { RestoreAtTime, RestoreBackup } from '../schema/restore-backup.js';
import { BACKUP_STATES, V2_BACKUP_TYPES } from '../schema/values.js';
import { V2Error } from '../errors.js';
import { readEntityName, readId, readPrefix } from './query.js';
import type { V2Answer, V2Handler, V2Request } from './request.js';

export function backupHandlers(operations: V2Operations): Record<string, V2Handler> {
  const waitForBackup = (backup: Backup, request: V2Request): Promise<Backup> =>
    awaitBackup(operations, backup, request);
  const waitForJob = (job: Job, request: V2Request): Promise<Job> => awaitJob(operations, job, request);
  const acceptJob = async (job: Promise<Job>, request: V2Request): Promise<V2Answer> => {
    const begun = await job;
    return { location: begun.href, document: await waitForJob(begun, request) };
  };
  const readRestore = async (id: string): Promise<Job> => {
    const job = await operations.readJob(id);
    if (job.kind === 'RESTORE' || job.kind === 'CLONE') return job;
    throw new V2Error('not-found', `the job ${id} does not restore`);
  };

  return {
    createBackup: async (request) => {
      const begun = await operations.createBackup(readStorage(request), request.document as CreateBackup);
      return { location: begun.href, document: await waitForBackup(begun, request) };
    },
    listBackups: async (request) => {
      const prefix = request.query.text('prefix');
      const filter = readBackupFilter(request, prefix === undefined ? undefined : readPrefix(`${prefix}*`));
      return { document: await operations.listBackups(readStorage(request), filter), kept: 'backups' };
    },
    readBackup: async (request) => {
      const { params, query } = request;
      const prefix = readPrefix(params.id ?? '');
      if (prefix !== undefined) {
        const filter = readBackupFilter(request, prefix);
        return { document: await operations.listBackups(readStorage(request), filter), kept: 'backups' };
      }
      for (const name of ['state', 'type', 'from', 'to', 'limit', 'after']) {
        if (query.text(name) !== undefined) {
          throw new V2Error('invalid-request', `${name}: belongs to lists; an id that ends with * asks for one`);
        }
      }
      const { storage, id, choice } = readKey(request);
      const backup = await operations.readBackup(storage, id, choice);
      return { document: await waitForBackup(backup, request), kept: 'document' };
    },
    deleteBackup: async (request) => {
      const { storage, id, choice } = readKey(request);
      await operations.deleteBackup(storage, id, { ...choice, cascade: request.query.flag('cascade') });
      return {};
    },
    cancelV2Backup: async (request) => {
      const { storage, id, choice } = readKey(request);
      return { document: await operations.cancelBackup(storage, id, choice) };
    },
    holdBackup: async (request) => {
      const { storage, id, choice } = readKey(request);
      const { reason } = request.document as HoldBackup;
      const options = { ...choice, ...(reason === undefined ? {} : { reason }) };
      return { document: await operations.hold(storage, id, options) };
    },
    releaseBackup: async (request) => {
      const { storage, id, choice } = readKey(request);
      return { document: await operations.release(storage, id, choice) };
    },
    copyBackup: (request) => {
      const { storage, id, choice } = readKey(request);
      return acceptJob(operations.copyBackup(storage, id, request.document as CopyBackup, choice), request);
    },
    verifyBackup: (request) => {
      const { storage, id, choice } = readKey(request);
      return acceptJob(operations.verifyBackup(storage, id, request.document as VerifyBackup, choice), request);
    },
    restoreBackup: async (request) => {
      const { storage, id, choice } = readKey(request);
      const wanted = request.document as RestoreBackup;
      if (!request.query.flag('plan')) {
        return acceptJob(operations.restoreBackup(storage, id, wanted, choice), request);
      }
      return { status: 200, document: await operations.planRestore(storage, id, wanted, choice) };
    },
    readLatestRestore: async (request) => {
      const { storage, id, choice } = readKey(request);
      return { document: await operations.latestRestore(storage, id, choice) };
    },
    restoreAtTime: async (request) => {
      const storage = readStorage(request);
      const wanted = request.document as RestoreAtTime;
      if (!request.query.flag('plan')) return acceptJob(operations.restoreAtTime(storage, wanted), request);
      return { status: 200, document: await operations.planRestoreAtTime(storage, wanted) };
    },
    readRestore: async (request) => ({
      document: await waitForJob(await readRestore(request.params.job ?? ''), request),
    }),
    clone: (request) => acceptJob(operations.clone(request.document as CloneRequest), request),
    listJobs: async ({ query }) => ({ document: await operations.listJobs(readJobFilter(query)) }),
    readJob: async (request) => ({
      document: await waitForJob(await operations.readJob(request.params.job ?? ''), request),
    }),
    cancelJob: async ({ params }) => ({ document: await operations.cancelJob(params.job ?? '') }),
    readState: async () => ({ document: await operations.state() }),
    readRanges: async (request) => ({ document: await operations.ranges(readStorage(request)) }),
    listStorages: async () => ({ document: { storages: await operations.storages() } }),
  };
}

/** How the backup is when it has ended or the time is up. */
export async function awaitBackup(operations: V2Operations, backup: Backup, request: V2Request): Promise<Backup> {
  const timeoutMs = request.query.waitMs();
  if (timeoutMs === 0 || (backup.state !== 'STARTED' && backup.state !== 'IN_PROGRESS')) return backup;
  const choice = backup.routine === undefined ? {} : { routine: backup.routine };
  return operations.waitForBackup(backup.storage, backup.id, choice, { timeoutMs, signal: request.signal });
}

async function awaitJob(operations: V2Operations, job: Job, request: V2Request): Promise<Job> {
  const timeoutMs = request.query.waitMs();
  if (timeoutMs === 0 || (job.state !== 'STARTED' && job.state !== 'IN_PROGRESS')) return job;
  return operations.waitForJob(job.id, { timeoutMs, signal: request.signal });
}

function readStorage({ params }: V2Request): string {
  return readEntityName(params.storage ?? '', 'storage');
}

function readKey(request: V2Request): { storage: string; id: string; choice: BackupChoice } {
  const routine = request.query.text('routine');
  return {
    storage: readStorage(request),
    id: readId(request.params.id ?? ''),
    choice: routine === undefined ? {} : { routine: readEntityName(routine, 'routine') },
  };
}

function readBackupFilter({ query }: V2Request, prefix: string | undefined): BackupFilter {
  const states = query.list('state', BACKUP_STATES);
  const types = query.list('type', V2_BACKUP_TYPES);
  const routine = query.text('routine');
  return {
    ...query.page(),
    ...query.bounds(),
    ...(prefix === undefined ? {} : { prefix }),
    ...(states === undefined ? {} : { states }),
    ...(types === undefined ? {} : { types }),
    ...(routine === undefined ? {} : { routine: readEntityName(routine, 'routine') }),
  };
}

function readJobFilter(query: V2Request['query']): JobListFilter {
  const kinds = query.list('kind', JOB_KINDS);
  const states = query.list('state', JOB_STATES);
  const [storage, backup] = [query.text('storage'), query.text('backup')];
  return {
    ...query.page(),
    ...query.bounds(),
    ...(kinds === undefined ? {} : { kinds }),
    ...(states === undefined ? {} : { states }),
    ...(storage === undefined ? {} : { storage }),
    ...(backup === undefined ? {} : { backup }),
  };
}
