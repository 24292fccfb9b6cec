/** The streams of bytes that storages give and codecs wrap: one contract for both. */

/** Receives the bytes of one file. One writer at a time; the order of the calls is kept. */
export interface ByteSink {
  /** For messages: the path as the user would type it. */
  readonly name: string;
  /**
   * Settles when `chunk` may be reused. Rejects with a StorageError or CodecError; after that only `abort` may be
   * called.
   */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes everything written so far durable, if the storage can do that at this moment. Resolves with the number of
   * durable bytes, as they are stored. Fewer than were written means that nothing became durable since the last call.
   */
  sync(): Promise<number>;
  /** Ends a compression frame, so that all its bytes reach the storage; absent where nothing is buffered. */
  endFrame?(): Promise<void>;
  /** What another run needs, besides the number of bytes, to resume after the last `sync`. Not a secret. */
  readonly token?: string | undefined;
  /**
   * After `close`: what `Storage.verifyWritten` compares with the file that is then at its path. Opaque, not a secret;
   * absent where nothing can be verified.
   */
  readonly identity?: string | undefined;
  /** Makes everything written so far durable and closes. */
  close(): Promise<void>;
  /**
   * Discards what was written since the last `sync()` and releases resources. If `sync()` was never called, the file
   * may not exist afterwards. Never rejects.
   */
  abort(): Promise<void>;
}

/** Gives the bytes of one file in order, once. */
export interface ByteSource {
  /** For messages: the path as the user would type it. */
  readonly name: string;
  /**
   * The next bytes, at least one; undefined at the end. They belong to the caller until the next call of `read` or
   * `close`. Rejects with a StorageError or CodecError; after that only `close` may be called.
   */
  read(): Promise<Buffer | undefined>;
  /** Releases resources. Idempotent; may be called during a pending `read()`. Never rejects. */
  close(): Promise<void>;
}
