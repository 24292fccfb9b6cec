/**
 * Where the bytes of one backup file go. One writer at a time; the storage keeps the order of the calls.
 */
export interface Sink {
  /** For messages: the path as the user would type it. */
  readonly name: string;
  /** Settles when `chunk` may be reused. Rejects with a StorageError; the sink is then good for `abandon` only. */
  write(chunk: Buffer): Promise<void>;
  /** Makes everything written so far durable; resolves with the number of bytes that are. */
  sync(): Promise<number>;
  /** Makes everything written so far durable and closes. */
  close(): Promise<void>;
  /** Closes without promising anything about what was written. Never rejects. */
  abandon(): Promise<void>;
}
