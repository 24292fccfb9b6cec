/** What the registry needs to know of a storage beside the file system. Each has one driver (drivers.ts). */
import type { MessagePort } from 'node:worker_threads';
import type { Storage, StorageCapabilities } from './storage.js';
import type { TransferLimits } from './limits.js';

export type StorageLog = (level: 'info' | 'error' | 'verbose', text: string) => void;

export interface DriverContext<Settings> {
  settings: Settings;
  log: StorageLog;
  /** When it aborts, requests that fail are retried for a short time only. */
  signal?: AbortSignal | undefined;
  /**
   * Shared by all runs of the process that are to share them; absent = limits of this run alone, as the settings say.
   */
  limits?: TransferLimits | undefined;
}

/** A storage as the main thread holds it. */
export interface OpenStorage {
  storage: Storage;
  /** Lets a worker thread use the client through `port`; only where `needsMainThread`. */
  serve(port: MessagePort): void;
  /** Closes connections that are kept for further requests. */
  close(): void;
}

export interface StorageDriver<Settings> {
  readonly capabilities: StorageCapabilities;
  /** The path of a file in a directory. */
  joinPath(directory: string, name: string): string;
  /** The same text for every spelling of a path. */
  canonicalPath(path: string): string;
  /** Why `path` cannot name anything in this storage, for a message; undefined = it can. */
  checkPath(path: string): string | undefined;
  /** Loads what the storage needs; connects when the first request is made. */
  open(context: DriverContext<Settings>): Promise<OpenStorage>;
  /** In a worker thread: the storage whose client is behind `port`. */
  openRemote(settings: Settings, port: MessagePort): Promise<Storage>;
}
