/** Jobs as small documents of a directory, so that they are known after a restart. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { LocalStorage } from '../../storage/local/storage.js';

const SUFFIX = '.json';
const DIRECTORY_MODE = 0o700;

/** How a kind of jobs is kept. */
export interface JobForm<Job> {
  /** Name of the directory. */
  directory: string;
  /** Of ids; other files are left alone. */
  id: RegExp;
  /** For messages: the restore job. */
  what: string;
  maxBytes: number;
  /** Throws an Error if the text is no job with that id. */
  parse: (id: string, text: string) => Job;
  /** Milliseconds since 1970. */
  readStart: (job: Job) => number;
}

export class JobDirectory<Job extends { id: string }> {
  private readonly storage = new LocalStorage();

  private constructor(
    private readonly directory: string,
    private readonly form: JobForm<Job>,
  ) {}

  /** @param dataDirectory must exist. Throws the error of the file system. */
  static async open<Job extends { id: string }>(dataDirectory: string, form: JobForm<Job>): Promise<JobDirectory<Job>> {
    const directory = join(dataDirectory, form.directory);
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    return new JobDirectory(directory, form);
  }

  /** By their start, the oldest first. What cannot be read is reported and left out. Throws StorageError. */
  async readAll(log: Log): Promise<Job[]> {
    const { id: pattern, what, readStart } = this.form;
    const jobs: Job[] = [];
    for (const { name } of await this.storage.list(this.directory)) {
      const id = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : '';
      if (!pattern.test(id)) continue;
      try {
        jobs.push(parseJob(id, await this.storage.readSmall(join(this.directory, name), `the ${what}`), this.form));
      } catch (error) {
        log.info(warningEvent('message', `The ${what} ${id} cannot be read: ${errorMessage(error)}`));
      }
    }
    return jobs.sort((a, b) => readStart(a) - readStart(b));
  }

  /** Only the owner may read the file, which is replaced in one step. Throws StorageError. */
  async write(job: Job): Promise<void> {
    await this.storage.writeSmall(this.findPath(job.id), `${JSON.stringify(job)}\n`, `the ${this.form.what}`);
  }

  async delete(id: string): Promise<void> {
    await this.storage.deleteFile(this.findPath(id), 'ignore');
  }

  private findPath(id: string): string {
    return join(this.directory, `${id}${SUFFIX}`);
  }
}

/** Throws an Error if the bytes are no job. */
export function parseJob<Job>(id: string, bytes: Buffer, { maxBytes, parse }: JobForm<Job>): Job {
  if (bytes.length > maxBytes) throw new Error(`it has ${bytes.length} bytes`);
  return parse(id, bytes.toString('utf8'));
}
