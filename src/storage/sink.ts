/**
 * Where the bytes of one backup file go. One writer at a time; the storage keeps the order of the calls.
 */
export interface Sink {
  /** For messages: the path as the user would type it. */
  readonly name: string;
  /** Settles when `chunk` may be reused. Rejects with a StorageError; the sink is then good for `abandon` only. */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes everything written so far durable, if the storage can do that by now; resolves with the number of bytes that
   * are. Less than was written means that nothing has become durable since the last call.
   */
  sync(): Promise<number>;
  /** What it takes, besides the number of bytes, to go on from the last `sync` in another run. Not a secret. */
  readonly token?: string | undefined;
  /** Makes everything written so far durable and closes. */
  close(): Promise<void>;
  /** Closes without promising anything about what was written since the last `sync`; without one, nothing stays that would not stay of a local file. Never rejects. */
  abandon(): Promise<void>;
}
