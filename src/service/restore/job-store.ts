/** Restore jobs as small documents of a directory, so that they are known after a restart. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { LocalStorage } from '../../storage/local/storage.js';
import { checkValue } from '../document/check-value.js';
import { RestoreJobStatus } from '../document/schema/job-status.js';

const DIRECTORY = 'restore-jobs';
const NAME = /^(\d{1,16})\.json$/;
const MAX_BYTES = 1 << 16;
const DIRECTORY_MODE = 0o700;

/** Holds no settings: neither addresses nor secrets. */
export interface StoredJob {
  id: string;
  /** Absent = a restore of a path. */
  routine?: string;
  startedMs: number;
  status: RestoreJobStatus;
}

export class JobStore {
  private readonly storage = new LocalStorage();
  private constructor(private readonly directory: string) {}

  /** @param dataDirectory must exist. Throws the error of the file system. */
  static async open(dataDirectory: string): Promise<JobStore> {
    const directory = join(dataDirectory, DIRECTORY);
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    return new JobStore(directory);
  }

  /** By their start, the oldest first. What cannot be read is reported and left out. Throws StorageError. */
  async readAll(log: Log): Promise<StoredJob[]> {
    const jobs: StoredJob[] = [];
    for (const { name } of await this.storage.list(this.directory)) {
      const id = NAME.exec(name)?.[1];
      if (id === undefined) continue;
      try {
        jobs.push(parseJob(id, await this.storage.readSmall(join(this.directory, name), 'the restore job')));
      } catch (error) {
        log.info(warningEvent('message', `The restore job ${id} cannot be read: ${errorMessage(error)}`));
      }
    }
    return jobs.sort((a, b) => a.startedMs - b.startedMs);
  }

  /** Only the owner may read the file, which is replaced in one step. Throws StorageError. */
  async write(job: StoredJob): Promise<void> {
    await this.storage.writeSmall(this.findPath(job.id), `${JSON.stringify(job)}\n`, 'the restore job');
  }

  async delete(id: string): Promise<void> {
    await this.storage.deleteFile(this.findPath(id), 'ignore');
  }

  private findPath(id: string): string {
    return join(this.directory, `${id}.json`);
  }
}

/** Throws an Error if the bytes are no job. */
export function parseJob(id: string, bytes: Buffer): StoredJob {
  if (bytes.length > MAX_BYTES) throw new Error(`it has ${bytes.length} bytes`);
  const { routine, startedMs, status } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  const problems = checkValue(RestoreJobStatus, status, 'status');
  if (problems.length > 0) throw new Error(problems[0]);
  if (!Number.isSafeInteger(startedMs)) throw new Error('its start is missing');
  return {
    id,
    ...(typeof routine === 'string' ? { routine } : {}),
    startedMs: startedMs as number,
    status: status as RestoreJobStatus,
  };
}
