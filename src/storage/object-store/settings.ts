/** Settings that every object store has; plain data. */

/**
 * `static-first`: the keys of the settings, and without them the identity that the SDK finds. `ambient-first`: that
 * identity, and the keys where it finds none.
 */
export type CredentialOrder = 'static-first' | 'ambient-first';

export interface TransferSettings {
  /** Minimum size of the parts of an upload; absent = from the expected size of each file. */
  minPartBytes?: number;
  /** Requests at a time, of all threads together. Default 16 and 32. */
  maxUploads?: number;
  maxDownloads?: number;
  /**
   * Time without progress after which a request is not retried any more, once the service was reached. Default 60 000.
   */
  retryBudgetMs?: number;
  /** How many attempts of a request may fail in a row; given, it replaces `retryBudgetMs`. */
  retryMaxAttempts?: number;
  /** Requests at a time, whatever they are for; absent = no limit of their sum. */
  maxConnections?: number;
  /** A request ends after this time; absent = no limit but that of silence. */
  requestTimeoutMs?: number;
  /** What the wait is multiplied by after each failure. Default 2. */
  retryMultiplier?: number;
  /** The first and the longest wait between attempts. Default 100 and 5000. */
  retryBackoffMs?: number;
  retryMaxBackoffMs?: number;
  /** The same for reading the bytes of objects; absent = as for all requests. */
  readRetryMaxAttempts?: number;
  readRetryBackoffMs?: number;
  /** What the wait is multiplied by after each failure of reading. Default 2. */
  readRetryMultiplier?: number;
}

export const TRANSFER_DEFAULTS = { maxUploads: 16, maxDownloads: 32 } as const;

/** The default of `retryBudgetMs`. */
export const RETRY_BUDGET_MS = 60_000;
