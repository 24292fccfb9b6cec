/** Calls of an object store through the SDK: with limits, with patience, and with errors that make sense. */
import type { Caller, CallName, Calls } from './api.js';
import { logs, type S3Connection } from './client.js';
import { explainFault, isTransient, isUnreachable, nameOf } from './errors.js';
import { Semaphore } from '../../core/semaphore.js';
import { concurrentUploads } from '../limits.js';
import { Requests } from './operations.js';
import { withRetry } from '../../core/retry.js';
import { DEFAULTS, type S3LogLevel, type S3Settings } from './config.js';

/** As long as the store was never reached, the address is more likely to be wrong than the store to be down. */
const FIRST_CONTACT_BUDGET_MS = 1500;
/** When the run was told to stop. */
const STOPPING_BUDGET_MS = 2000;
/** The wait that is worth a line. */
const NOTABLE_WAIT_MS = 1000;

const DOING: Readonly<Record<CallName, string>> = {
  list: 'list',
  exists: 'look for',
  listUploads: 'list the unfinished uploads of',
  get: 'read',
  put: 'write',
  createUpload: 'write',
  uploadPart: 'write',
  copyPart: 'cut back',
  listParts: 'go on with',
  complete: 'finish',
  abort: 'abort the upload of',
  delete: 'delete from',
};

export class SdkCaller implements Caller {
  private readonly uploads: Semaphore;
  private readonly downloads: Semaphore;
  private readonly requests: Requests;
  private reached = false;
  private toldUntil = 0;

  /**
   * @param stopping whether the run has been told to end
   * @param threads how many others ask through this one
   */
  constructor(
    private readonly connection: S3Connection,
    private readonly settings: S3Settings,
    private readonly log: (level: S3LogLevel | 'Tool', text: string) => void,
    private readonly stopping: () => boolean,
    threads: () => number,
  ) {
    this.requests = new Requests(connection);
    this.uploads = new Semaphore(() => concurrentUploads(settings.maxUploads ?? DEFAULTS.maxUploads, threads()));
    this.downloads = new Semaphore(() => settings.maxDownloads ?? DEFAULTS.maxDownloads);
  }

  async call<N extends CallName>(name: N, input: Calls[N]['in'], started?: () => void): Promise<Calls[N]['out']> {
    const work = (): Promise<Calls[N]['out']> => this.patiently(name, input);
    if (name === 'put' || name === 'uploadPart' || name === 'copyPart') return this.uploads.run(work, started);
    if (name === 'get') return this.downloads.run(work, started);
    return work();
  }

  private async patiently<N extends CallName>(name: N, input: Calls[N]['in']): Promise<Calls[N]['out']> {
    const { host, region, profile } = this.connection;
    const place = input as { bucket: string; key?: string; prefix?: string };
    const path = `s3://${place.bucket}/${place.key ?? place.prefix ?? ''}`;
    const task = this.requests.task(name, input);
    try {
      const result = await withRetry(this.rules(path), task.attempt, task.advanced);
      this.reached = true;
      return result;
    } catch (error) {
      const fault = explainFault(error, { doing: DOING[name], path, host, region, profile });
      if (logs(this.settings.logLevel ?? 'Fatal', 'Error')) this.log('Error', fault.message);
      throw fault;
    }
  }

  private rules(path: string): Parameters<typeof withRetry>[0] {
    return {
      isTransient: (error) => {
        // Whoever answers has been reached, whatever the answer is.
        this.reached ||= !isUnreachable(error);
        return isTransient(error);
      },
      budgetMs: () => {
        if (this.stopping()) return STOPPING_BUDGET_MS;
        return this.reached ? (this.settings.retryBudgetMs ?? DEFAULTS.retryBudgetMs) : FIRST_CONTACT_BUDGET_MS;
      },
      onRetry: (error, tries, waitMs) => {
        const text = `${path}: ${nameOf(error)}; trying again (${tries})`;
        if (logs(this.settings.logLevel ?? 'Fatal', 'Warn')) this.log('Warn', text);
        const now = performance.now();
        if (waitMs < NOTABLE_WAIT_MS || now < this.toldUntil) return;
        this.toldUntil = now + 10_000;
        this.log('Tool', `S3 at ${this.connection.host} does not answer as it should (${nameOf(error)}); trying again`);
      },
    };
  }
}
