/** Objects of S3 and of services that speak its protocol: `s3://BUCKET/KEY` (asbackup.md 10). */
import type { MessagePort } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.js';
import type { RetryPolicy } from '../../core/retry.js';
import { createLazyClient } from '../client.js';
import { limitClient } from '../decorators/limit.js';
import { retryClient } from '../decorators/retry.js';
import type { DriverContext, OpenStorage, StorageDriver, StorageLog } from '../driver.js';
import { TransferLimits } from '../limits.js';
import { OBJECT_STORE_METHODS, type ObjectStoreClient, type ObjectStoreKind } from '../object-store/client.js';
import { canonicalObjectPath, joinObjectPath, parsePath } from '../object-store/path.js';
import { ObjectStorage } from '../object-store/storage.js';
import type { StorageCapabilities } from '../storage.js';
import { createRemoteClient, serveClient } from '../worker-bridge.js';
import { DEFAULTS, isLogged, type S3LogLevel, type S3Settings } from './config.js';
import { isTransient, isUnreachable, readName, toStorageError } from './errors.js';

/** While the service was never reached, its address is more likely to be wrong than the service to be down. */
const FIRST_CONTACT_BUDGET_MS = 1500;
/** When the run was told to stop. */
const STOPPING_BUDGET_MS = 2000;
/** A wait of this length is logged. */
const LOG_WAIT_AFTER_MS = 1000;
const LOG_WAIT_EVERY_MS = 10_000;
/** Longer than a small write of another run that began at the same moment. */
const SETTLE_MS = 500;

const KIND: ObjectStoreKind = { scheme: 's3', name: 'S3' };

const CAPABILITIES: StorageCapabilities = {
  hasFreeSpace: false,
  hasDirectories: false,
  atomicRename: true,
  resumable: true,
  conditionalCreate: true,
  besideState: false,
  needsMainThread: true,
};

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
  delete: 'delete from',
};

export const s3Driver: StorageDriver<S3Settings> = {
  capabilities: CAPABILITIES,
  joinPath: joinObjectPath,
  canonicalPath: (path) => canonicalObjectPath(KIND, path),

  checkPath(path) {
    try {
      parsePath(KIND, path);
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  },

  open(context) {
    return Promise.resolve(openInMainThread(context));
  },

  openRemote(settings: S3Settings, port: MessagePort) {
    return Promise.resolve(createStorage(createRemoteClient(OBJECT_STORE_METHODS, port), settings, () => undefined));
  },
};

/** The SDK is loaded by the first request. */
function openInMainThread(context: DriverContext<S3Settings>): OpenStorage {
  const { settings, log } = context;
  const { maxUploads, maxDownloads } = { ...DEFAULTS, ...settings };
  const limits = context.limits ?? new TransferLimits(maxUploads, maxDownloads);
  let connected: Promise<{ client: ObjectStoreClient; close(): void }> | undefined;
  const connect = async (): Promise<ObjectStoreClient> => (await (connected ??= connectClient(context))).client;
  const client = limitClient(createLazyClient(OBJECT_STORE_METHODS, connect), OBJECT_STORE_METHODS, {
    put: limits.uploads,
    putPart: limits.uploads,
    copyPart: limits.uploads,
    getRange: limits.downloads,
  });
  return {
    storage: createStorage(client, settings, (text) => log('verbose', text)),
    serve: (port) => serveClient(client, port, limits.addThread()),
    close: () => void connected?.then((connection) => connection.close()).catch(() => undefined),
  };
}

function createStorage(
  client: ObjectStoreClient,
  settings: S3Settings,
  verbose: (text: string) => void,
): ObjectStorage {
  const { minPartBytes, maxDownloads = DEFAULTS.maxDownloads, endpoint } = settings;
  // AWS obeys conditions of writes; other services may ignore them.
  const settleMs = endpoint === undefined ? 0 : SETTLE_MS;
  return new ObjectStorage({
    kind: KIND,
    capabilities: CAPABILITIES,
    client,
    minPartBytes,
    maxDownloads,
    settleMs,
    verbose,
  });
}

async function connectClient({
  settings,
  log,
  signal,
}: DriverContext<S3Settings>): Promise<{ client: ObjectStoreClient; close(): void }> {
  const [{ connectS3 }, { S3Client }] = await Promise.all([import('./sdk.js'), import('./client.js')]);
  const logSdk = (level: S3LogLevel, text: string): void => {
    const isError = level === 'Error' || level === 'Fatal';
    log(isError ? 'error' : 'info', `[AWS ${level.toUpperCase()}] ${text}`);
  };
  const connection = await connectS3(settings, logSdk);
  const { host, region, profile } = connection;
  const reporter = new RetryReporter(settings, host, log, logSdk);
  let reached = false;
  const budgetMs = (): number => {
    if (signal?.aborted === true) return STOPPING_BUDGET_MS;
    return reached ? (settings.retryBudgetMs ?? DEFAULTS.retryBudgetMs) : FIRST_CONTACT_BUDGET_MS;
  };
  const client = retryClient(new S3Client(connection), OBJECT_STORE_METHODS, {
    policy: (_method, input): RetryPolicy => ({
      budgetMs,
      isTransient: (error) => {
        // Any answer proves that the service is there.
        reached ||= !isUnreachable(error);
        return isTransient(error);
      },
      onRetry: (error, attempt, waitMs) => reporter.report(formatPath(input), error, attempt, waitMs),
    }),
    onSuccess: () => {
      reached = true;
    },
    toError: (error, method, input) => {
      const context = { action: ACTIONS[method], path: formatPath(input), host, region, profile };
      const explained = toStorageError(error, context);
      if (isLogged(settings.logLevel ?? DEFAULTS.logLevel, 'Error')) logSdk('Error', explained.message);
      return explained;
    },
  });
  return { client, close: () => connection.client.destroy() };
}

function formatPath(input: unknown): string {
  const { bucket, key, prefix } = input as { bucket: string; key?: string; prefix?: string };
  return `s3://${bucket}/${key ?? prefix ?? ''}`;
}

/** Logs retries: each at the level Warn of the SDK's log, and now and then one line for the user. */
class RetryReporter {
  private quietUntilMs = 0;

  constructor(
    private readonly settings: S3Settings,
    private readonly host: string,
    private readonly log: StorageLog,
    private readonly logSdk: (level: S3LogLevel, text: string) => void,
  ) {}

  report(path: string, error: unknown, attempt: number, waitMs: number): void {
    const name = readName(error);
    if (isLogged(this.settings.logLevel ?? DEFAULTS.logLevel, 'Warn')) {
      this.logSdk('Warn', `${path}: ${name}; trying again (${attempt})`);
    }
    const now = performance.now();
    if (waitMs < LOG_WAIT_AFTER_MS || now < this.quietUntilMs) return;
    this.quietUntilMs = now + LOG_WAIT_EVERY_MS;
    this.log('info', `S3 at ${this.host} does not answer as it should (${name}); trying again`);
  }
}
