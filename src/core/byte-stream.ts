/** The parts of a sink and of a source that this room needs to know. */

export interface ByteSink {
  readonly name: string;
  /** Settles when `chunk` may be reused. After a rejection the sink is good for `abandon` only. */
  write(chunk: Buffer): Promise<void>;
  /** Makes everything written so far durable; resolves with the number of bytes that are, as they are stored. */
  sync(): Promise<number>;
  /** Ends a unit of compression, so that all of it reaches the storage; absent where nothing is held back. */
  endFrame?(): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

export interface ByteSource {
  readonly name: string;
  /** The next bytes, at least one, which are the caller's until the next call; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  close(): Promise<void>;
}
