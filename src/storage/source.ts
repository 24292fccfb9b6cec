/** Where the bytes of one backup file come from, in order and once. */
export interface Source {
  /** For messages: the path as the user would type it. */
  readonly name: string;
  /**
   * The next bytes, at least one; undefined at the end. They are the caller's until the next call of `read` or `close`.
   * Rejects with a StorageError; the source is then good for `close` only.
   */
  read(): Promise<Buffer | undefined>;
  /** Gives back what the source holds; may come while a `read` is under way, and more than once. Never rejects: nothing can be lost by closing what was only read. */
  close(): Promise<void>;
}
