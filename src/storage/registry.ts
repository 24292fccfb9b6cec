/** From a path to the storage that it names. A storage that is more than the file system is loaded when it is first used. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { LocalStorage } from './local/storage.js';
import { isS3Path } from './paths.js';
import type { S3Hub } from './s3/host.js';
import type { S3Settings } from './s3/config.js';
import type { Storage } from './storage.js';

/** What the storages of a run have to be told. Plain data. */
export interface StorageSettings {
  s3?: S3Settings;
}

export type StorageLog = (level: 'info' | 'error' | 'verbose', text: string) => void;

/** Takes a worker thread to the storages of the main thread. `port` is to be transferred. */
export interface WorkerChannel {
  port: MessagePort;
  settings: StorageSettings;
}

/** What a run needs of `Storages`. */
export interface StorageAccess {
  /** Throws a StorageError if the storage cannot be used at all. */
  forPath(path: string): Promise<Storage>;
  /** Ways here, one for each worker thread; undefined = no path needs one. */
  openChannels(paths: readonly string[], count: number): Promise<WorkerChannel[] | undefined>;
  /** Ends connections that are kept open for the next request. */
  close(): Promise<void>;
}

export class StorageRegistry implements StorageAccess {
  private readonly local = new LocalStorage();
  private hub: Promise<S3Hub> | undefined;
  private s3: Promise<Storage> | undefined;

  /**
   * @param log takes what a storage has to say while it works
   * @param signal when it aborts, a storage that does not answer is given up soon
   * @param link in a worker thread: its way to the main thread, which owns connections, credentials and limits
   */
  constructor(
    private readonly settings: StorageSettings = {},
    private readonly log: StorageLog = () => undefined,
    private readonly signal?: AbortSignal,
    private readonly link?: MessagePort,
  ) {}

  /** In a worker thread. */
  static forWorker(link: WorkerChannel | undefined): StorageRegistry {
    return new StorageRegistry(link?.settings, undefined, undefined, link?.port);
  }

  forPath(path: string): Promise<Storage> {
    if (!isS3Path(path)) return Promise.resolve(this.local);
    this.s3 ??= this.openS3();
    return this.s3;
  }

  async openChannels(paths: readonly string[], count: number): Promise<WorkerChannel[] | undefined> {
    if (!paths.some(isS3Path)) return undefined;
    const hub = await this.openHub();
    return Array.from({ length: count }, () => {
      const { port1, port2 } = new MessageChannel();
      hub.serve(port1);
      return { port: port2, settings: this.settings };
    });
  }

  async close(): Promise<void> {
    (await this.hub)?.end();
  }

  private async openS3(): Promise<Storage> {
    if (this.link === undefined) return (await this.openHub()).storage();
    const { linkedStorage } = await import('./s3/host.js');
    return linkedStorage(this.link, this.settings.s3 ?? {});
  }

  private openHub(): Promise<S3Hub> {
    this.hub ??= import('./s3/host.js').then(
      ({ S3Hub }) => new S3Hub(this.settings.s3 ?? {}, this.log, () => this.signal?.aborted === true),
    );
    return this.hub;
  }
}
