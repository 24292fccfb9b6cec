/** Opens an object store: its client with limits, retries and their log. */
import type { MessagePort } from 'node:worker_threads';
import type { RetryLimits, RetryPolicy } from '../../core/retry.js';
import { Semaphore } from '../../core/semaphore.js';
import { createLazyClient } from '../client.js';
import { limitClient } from '../decorators/limit.js';
import { retryClient } from '../decorators/retry.js';
import type { DriverContext, OpenStorage } from '../driver.js';
import { TransferLimits } from '../limits.js';
import { createRemoteClient, serveClient } from '../worker-bridge.js';
import { OBJECT_STORE_METHODS, type ObjectStoreClient, type ObjectStoreKind } from './client.js';
import { OBJECT_STORE_CAPABILITIES, type ObjectStoreConnection, type ObjectStoreDefinition } from './definition.js';
import { RETRY_BUDGET_MS, TRANSFER_DEFAULTS, type TransferSettings } from './settings.js';
import { ObjectStorage } from './storage.js';

/** While the service was never reached, its address is more likely to be wrong than the service to be down. */
const FIRST_CONTACT_BUDGET_MS = 1500;
/** When the run was told to stop. */
const STOPPING_BUDGET_MS = 2000;
/** A wait of this length is logged. */
const LOG_WAIT_AFTER_MS = 1000;
const LOG_WAIT_EVERY_MS = 10_000;

const ACTIONS: Readonly<Record<keyof ObjectStoreClient, string>> = {
  list: 'list',
  listPrefixes: 'list',
  find: 'look for',
  listUploads: 'list the unfinished uploads of',
  getRange: 'read',
  put: 'write',
  createUpload: 'write',
  putPart: 'write',
  copyPart: 'truncate',
  listParts: 'continue',
  completeUpload: 'finish',
  abortUpload: 'abort the upload of',
  thaw: 'thaw archived objects of',
  delete: 'delete from',
};

/** In the main thread. The SDK is loaded by the first request. */
export function openObjectStorage<Settings extends TransferSettings>(
  definition: ObjectStoreDefinition<Settings>,
  context: DriverContext<Settings>,
): OpenStorage {
  const { settings, log } = context;
  const { maxUploads, maxDownloads } = { ...TRANSFER_DEFAULTS, ...settings };
  const limits = context.limits ?? new TransferLimits(maxUploads, maxDownloads);
  let connected: Promise<{ client: ObjectStoreClient; close(): void }> | undefined;
  const connect = async (): Promise<ObjectStoreClient> =>
    (await (connected ??= connectPatiently(definition, context))).client;
  const client = limitClient(createLazyClient(OBJECT_STORE_METHODS, connect), OBJECT_STORE_METHODS, {
    put: limits.uploads,
    putPart: limits.uploads,
    copyPart: limits.uploads,
    getRange: limits.downloads,
  });
  return {
    storage: createStorage(definition, client, settings, (text) => log('verbose', text)),
    serve: (port) => serveClient(client, port, limits.addThread()),
    close: () => void connected?.then((connection) => connection.close()).catch(() => undefined),
  };
}

/** In a worker thread: the client is behind `port`. */
export function openRemoteObjectStorage<Settings extends TransferSettings>(
  definition: ObjectStoreDefinition<Settings>,
  settings: Settings,
  port: MessagePort,
): ObjectStorage {
  const client = createRemoteClient(OBJECT_STORE_METHODS, port);
  return createStorage(definition, client, settings, () => undefined);
}

function createStorage<Settings extends TransferSettings>(
  { kind, settleMs }: ObjectStoreDefinition<Settings>,
  client: ObjectStoreClient,
  settings: Settings,
  verbose: (text: string) => void,
): ObjectStorage {
  const { minPartBytes, maxDownloads = TRANSFER_DEFAULTS.maxDownloads } = settings;
  const capabilities = OBJECT_STORE_CAPABILITIES;
  return new ObjectStorage({
    kind,
    capabilities,
    client,
    minPartBytes,
    maxDownloads,
    settleMs: settleMs(settings),
    verbose,
  });
}

async function connectPatiently<Settings extends TransferSettings>(
  { kind, connect }: ObjectStoreDefinition<Settings>,
  context: DriverContext<Settings>,
): Promise<{ client: ObjectStoreClient; close(): void }> {
  const { settings, log, signal } = context;
  const connection = await connect(context);
  const reporter = new RetryReporter(kind, connection, (text) => log('info', text));
  let reached = false;
  const budgetMs = (): number => {
    if (signal?.aborted === true) return STOPPING_BUDGET_MS;
    if (!reached) return FIRST_CONTACT_BUDGET_MS;
    return settings.retryMaxAttempts === undefined ? (settings.retryBudgetMs ?? RETRY_BUDGET_MS) : Infinity;
  };
  const client = retryClient(limitConnections(connection.client, settings.maxConnections), OBJECT_STORE_METHODS, {
    policy: (method, input): RetryPolicy => ({
      ...retryLimits(settings, method),
      budgetMs,
      isTransient: (error) => {
        // Any answer proves that the service is there.
        reached ||= !connection.isUnreachable(error);
        return connection.isTransient(error);
      },
      onRetry: (error, attempt, waitMs) => reporter.report(formatPath(kind, input), error, attempt, waitMs),
    }),
    onSuccess: () => {
      reached = true;
    },
    toError: (error, method, input) =>
      connection.toStorageError(error, { action: ACTIONS[method], path: formatPath(kind, input) }),
  });
  return { client, close: () => connection.close() };
}

/** One limit for the attempts of all methods. */
function limitConnections(client: ObjectStoreClient, maxConnections: number | undefined): ObjectStoreClient {
  if (maxConnections === undefined) return client;
  const limit = new Semaphore(() => maxConnections);
  return limitClient(
    client,
    OBJECT_STORE_METHODS,
    Object.fromEntries(OBJECT_STORE_METHODS.map((method) => [method, limit])),
  );
}

function retryLimits(settings: TransferSettings, method: keyof ObjectStoreClient): RetryLimits {
  const { retryMaxAttempts, retryBackoffMs, retryMaxBackoffMs, retryMultiplier } = settings;
  const { readRetryMaxAttempts, readRetryBackoffMs, readRetryMultiplier } = settings;
  const isRead = method === 'getRange';
  const maxAttempts = isRead ? (readRetryMaxAttempts ?? retryMaxAttempts) : retryMaxAttempts;
  const multiplier = isRead ? (readRetryMultiplier ?? retryMultiplier) : retryMultiplier;
  const initialBackoffMs = isRead ? (readRetryBackoffMs ?? retryBackoffMs) : retryBackoffMs;
  return {
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(initialBackoffMs === undefined ? {} : { initialBackoffMs }),
    ...(retryMaxBackoffMs === undefined ? {} : { maxBackoffMs: retryMaxBackoffMs }),
    ...(multiplier === undefined ? {} : { multiplier }),
  };
}

function formatPath({ scheme }: ObjectStoreKind, input: unknown): string {
  const { bucket, key, prefix } = input as { bucket: string; key?: string; prefix?: string };
  return `${scheme}://${bucket}/${key ?? prefix ?? ''}`;
}

/** Logs retries: now and then one line for the user. */
class RetryReporter {
  private quietUntilMs = 0;

  constructor(
    private readonly kind: ObjectStoreKind,
    private readonly connection: ObjectStoreConnection,
    private readonly log: (text: string) => void,
  ) {}

  report(path: string, error: unknown, attempt: number, waitMs: number): void {
    this.connection.onRetry?.(path, error, attempt);
    const now = performance.now();
    if (waitMs < LOG_WAIT_AFTER_MS || now < this.quietUntilMs) return;
    this.quietUntilMs = now + LOG_WAIT_EVERY_MS;
    const { host } = this.connection;
    const name = this.connection.readName(error);
    this.log(`${this.kind.name} at ${host} does not answer as it should (${name}); trying again`);
  }
}
