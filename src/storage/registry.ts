/** From a path to its storage. A storage beside the file system is loaded when a path first needs it. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { OpenStorage, StorageDriver, StorageLog } from './driver.js';
import { DRIVERS, parseScheme, type Scheme, type StorageSettings } from './drivers.js';
import type { TransferLimits } from './limits.js';
import { LocalStorage } from './local/storage.js';
import type { Storage } from './storage.js';

export type { StorageLog } from './driver.js';
export type { StorageSettings } from './drivers.js';

/** Gives a worker thread the storages of the main thread. `ports` are to be transferred. */
export interface WorkerChannel {
  settings: StorageSettings;
  ports: MessagePort[];
  /** In the order of `ports`. */
  schemes: Scheme[];
}

/** The storages of a run. */
export interface StorageAccess {
  /** Rejects with a StorageError if the storage cannot be used at all. */
  forPath(path: string): Promise<Storage>;
  /** One channel for each worker thread that uses `paths`. */
  openChannels(paths: readonly string[], count: number): Promise<WorkerChannel[]>;
  /** Closes connections that are kept for further requests. */
  close(): Promise<void>;
}

export interface RegistryOptions {
  settings?: StorageSettings | undefined;
  /** Receives what a storage reports while it works. */
  log?: StorageLog | undefined;
  /** When it aborts, storages that do not answer are retried for a short time only. */
  signal?: AbortSignal | undefined;
  /** Limits that this run shares with others of the process. */
  limits?: TransferLimits | undefined;
}

export class StorageRegistry implements StorageAccess {
  private readonly settings: StorageSettings;
  private readonly local: LocalStorage;
  private readonly opened = new Map<Scheme, Promise<OpenStorage>>();
  private readonly remote = new Map<Scheme, Promise<Storage>>();

  /** @param channel in a worker thread: the way to the main thread, which has the clients, credentials and limits */
  constructor(
    private readonly options: RegistryOptions = {},
    private readonly channel?: WorkerChannel,
  ) {
    this.settings = options.settings ?? {};
    this.local = new LocalStorage(this.settings.local, options.signal);
  }

  /** The registry of a worker thread. */
  static forWorker(channel: WorkerChannel | undefined): StorageRegistry {
    return new StorageRegistry({ settings: channel?.settings }, channel);
  }

  async forPath(path: string): Promise<Storage> {
    const scheme = parseScheme(path);
    if (scheme === undefined) return this.local;
    const port = this.channel?.ports[this.channel.schemes.indexOf(scheme)];
    if (port === undefined) return (await this.open(scheme)).storage;
    const known = this.remote.get(scheme);
    if (known !== undefined) return known;
    const driver: StorageDriver<never> = DRIVERS[scheme];
    const storage = driver.openRemote((this.settings[scheme] ?? {}) as never, port);
    this.remote.set(scheme, storage);
    return storage;
  }

  async openChannels(paths: readonly string[], count: number): Promise<WorkerChannel[]> {
    const schemes = [...new Set(paths.map(parseScheme))].filter(
      (scheme): scheme is Scheme => scheme !== undefined && DRIVERS[scheme].capabilities.needsMainThread,
    );
    const channels: WorkerChannel[] = [];
    for (let i = 0; i < count; i++) channels.push({ settings: this.settings, ports: [], schemes });
    for (const scheme of schemes) {
      const opened = await this.open(scheme);
      for (const channel of channels) {
        const { port1, port2 } = new MessageChannel();
        opened.serve(port1);
        channel.ports.push(port2);
      }
    }
    return channels;
  }

  async close(): Promise<void> {
    for (const opened of this.opened.values()) (await opened).close();
  }

  private open(scheme: Scheme): Promise<OpenStorage> {
    const known = this.opened.get(scheme);
    if (known !== undefined) return known;
    const driver: StorageDriver<never> = DRIVERS[scheme];
    const { log = () => undefined, signal, limits } = this.options;
    const opened = driver.open({ settings: (this.settings[scheme] ?? {}) as never, log, signal, limits });
    this.opened.set(scheme, opened);
    return opened;
  }
}
