/** Jobs of /v2 as small documents of a directory, so that they are known after a restart. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../core/errors.js';
import { warningEvent, type Log } from '../../../core/log.js';
import { LocalStorage } from '../../../storage/local/storage.js';
import { checkValue } from '../../document/check-value.js';
import { Job } from '../schema/job.js';

const DIRECTORY = 'v2-jobs';
const NAME = /^([a-z0-9-]{1,80})\.json$/;
const MAX_BYTES = 1 << 20;
const DIRECTORY_MODE = 0o700;

/** Holds neither addresses nor secrets. */
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
  async readAll(log: Log): Promise<Job[]> {
    const jobs: Job[] = [];
    for (const { name } of await this.storage.list(this.directory)) {
      const id = NAME.exec(name)?.[1];
      if (id === undefined) continue;
      try {
        jobs.push(parseJob(id, await this.storage.readSmall(join(this.directory, name), 'the job')));
      } catch (error) {
        log.info(warningEvent('message', `The job ${id} cannot be read: ${errorMessage(error)}`));
      }
    }
    return jobs.sort((a, b) => Date.parse(a.created) - Date.parse(b.created));
  }

  /** Only the owner may read the file, which is replaced in one step. Throws StorageError. */
  async write(job: Job): Promise<void> {
    await this.storage.writeSmall(this.findPath(job.id), `${JSON.stringify(job)}\n`, 'the job');
  }

  async delete(id: string): Promise<void> {
    await this.storage.deleteFile(this.findPath(id), 'ignore');
  }

  private findPath(id: string): string {
    return join(this.directory, `${id}.json`);
  }
}

function parseJob(id: string, bytes: Buffer): Job {
  if (bytes.length > MAX_BYTES) throw new Error(`it has ${bytes.length} bytes`);
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  const problems = checkValue(Job, value, '');
  if (problems.length > 0) throw new Error(problems[0]);
  const job = value as Job;
  if (job.id !== id) throw new Error('it has another id');
  return job;
}
