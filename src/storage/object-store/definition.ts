/** What the folder of an object store adds to the parts that all have: a connection, its settings and its errors. */
import type { DriverContext } from '../driver.js';
import type { StorageError } from '../errors.js';
import type { StorageCapabilities } from '../storage.js';
import type { ObjectStoreClient, ObjectStoreKind } from './client.js';

export const OBJECT_STORE_CAPABILITIES: StorageCapabilities = {
  hasFreeSpace: false,
  hasDirectories: false,
  atomicRename: true,
  resumable: true,
  conditionalCreate: true,
  besideState: false,
  needsMainThread: true,
};

/** What a request was for. */
export interface RequestInfo {
  /** `read`, `write`, `list`, … */
  action: string;
  /** `SCHEME://…` */
  path: string;
}

/** A client whose methods make one attempt each, and what is known of its errors. */
export interface ObjectStoreConnection {
  client: ObjectStoreClient;
  /** For messages. */
  host: string;
  isTransient(error: unknown): boolean;
  /** The service was not reached. */
  isUnreachable(error: unknown): boolean;
  /** The error in one word, for the log of retries. */
  readName(error: unknown): string;
  toStorageError(error: unknown, request: RequestInfo): StorageError;
  /** Called before each wait. */
  onRetry?(path: string, error: unknown, attempt: number): void;
  close(): void;
}

export interface ObjectStoreDefinition<Settings> {
  kind: ObjectStoreKind;
  /** Loads the SDK; sends no request yet. */
  connect: (context: DriverContext<Settings>) => Promise<ObjectStoreConnection>;
  /** How long a request of another run may be under way, where the store may ignore conditions. */
  settleMs: (settings: Settings) => number;
}
