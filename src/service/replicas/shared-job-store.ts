/** Restore jobs of all replicas in a storage of the configuration: each is known, and can be canceled, at every one. */
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { parseJob } from '../restore/job-directory.js';
import { RESTORE_JOBS, type StoredJob } from '../restore/job-store.js';
import { ensureDirectory } from '../routines/ensure-directory.js';
import type { OpenedStorage } from '../settings/open-storage.js';
import type { Holder } from './ledger-state.js';

/** In the root of the storage; no routine has such a name in front of its folder of runs. */
const DIRECTORY = '.replicas/restore-jobs';
const JOB = /^(\d{1,16})\.json$/;

/** A job with who makes it. */
export interface SharedJob extends StoredJob {
  replica: string;
  runId: string;
  /** The contents of the file: other ones show that somebody still works on the job. */
  text: string;
}

export class SharedJobStore {
  private isPrepared = false;
  private writes = 0;

  constructor(
    private readonly open: () => Promise<OpenedStorage>,
    private readonly holder: Holder,
  ) {}

  /** Those of earlier processes of this replica, by their start. Throws StorageError. */
  async readAll(log: Log): Promise<StoredJob[]> {
    const { replica } = this.holder;
    return (await this.list(log)).filter((job) => job.replica === replica);
  }

  /** Those of all replicas, by their start. What cannot be read is reported and left out. Throws StorageError. */
  list(log: Log): Promise<SharedJob[]> {
    return this.withStorage(async (storage, directory) => {
      const jobs: SharedJob[] = [];
      for (const { name } of await storage.list(directory)) {
        const id = JOB.exec(name)?.[1];
        if (id === undefined) continue;
        try {
          const job = await readJob(id, storage, directory);
          if (job !== undefined) jobs.push(job);
        } catch (error) {
          log.info(warningEvent('message', `The restore job ${id} cannot be read: ${errorMessage(error)}`));
        }
      }
      return jobs.sort((a, b) => a.startedMs - b.startedMs);
    });
  }

  /** Undefined = there is no such job. Throws StorageError, and an Error if it cannot be read. */
  read(id: string): Promise<SharedJob | undefined> {
    return this.withStorage((storage, directory) => readJob(id, storage, directory));
  }

  /** A job of this process. Throws StorageError. */
  write({ id, routine, startedMs, status }: StoredJob): Promise<void> {
    const { replica, runId } = this.holder;
    const job = { replica, runId, count: ++this.writes, routine, startedMs, status };
    return this.withStorage((storage, directory) =>
      storage.writeSmall(findPath(directory, id), `${JSON.stringify(job)}\n`, 'the restore job'),
    );
  }

  /** Ends a job of a replica that is gone, unless it was written meanwhile. Throws StorageError. */
  fail({ id, text }: SharedJob, reason: string): Promise<void> {
    return this.withStorage(async (storage, directory) => {
      const path = findPath(directory, id);
      const found = await storage.readVersion(path);
      if (found?.text !== text) return;
      const value = JSON.parse(text) as { status: object };
      const failed = { ...value, status: { ...value.status, status: 'failure', error: reason } };
      await storage.replaceIfUnchanged(path, found.version, `${JSON.stringify(failed)}\n`);
    });
  }

  delete(id: string): Promise<void> {
    return this.withStorage(async (storage, directory) => {
      await storage.deleteFile(findPath(directory, id), 'ignore');
      await storage.deleteFile(findCancelPath(directory, id), 'ignore');
    });
  }

  /** Asks the replica that makes the job to end it. Throws StorageError. */
  async requestCancel(id: string): Promise<void> {
    await this.withStorage((storage, directory) => storage.createExclusive(findCancelPath(directory, id), ''));
  }

  /** Which of the jobs somebody has asked to end. Throws StorageError. */
  findCanceled(ids: readonly string[]): Promise<string[]> {
    return this.withStorage(async (storage, directory) => {
      const names = new Set((await storage.list(directory)).map(({ name }) => name));
      return ids.filter((id) => names.has(`${id}.cancel`));
    });
  }

  private async withStorage<T>(work: (storage: Storage, directory: string) => Promise<T>): Promise<T> {
    const opened = await this.open();
    try {
      const storage = await opened.storage.forPath(opened.root);
      const directory = joinPath(opened.root, DIRECTORY);
      if (!this.isPrepared) await ensureDirectory(opened.root, directory, storage);
      this.isPrepared = true;
      return await work(storage, directory);
    } finally {
      await opened.close().catch(() => undefined);
    }
  }
}

function findPath(directory: string, id: string): string {
  return joinPath(directory, `${id}.json`);
}

function findCancelPath(directory: string, id: string): string {
  return joinPath(directory, `${id}.cancel`);
}

async function readJob(id: string, storage: Storage, directory: string): Promise<SharedJob | undefined> {
  const found = await storage.readVersion(findPath(directory, id));
  if (found === undefined) return undefined;
  const { text } = found;
  const { replica, runId } = JSON.parse(text) as Record<string, unknown>;
  if (typeof replica !== 'string' || typeof runId !== 'string') throw new Error('it does not say who makes it');
  return { ...parseJob(id, Buffer.from(text), RESTORE_JOBS), replica, runId, text };
}
