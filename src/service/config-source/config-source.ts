/** Where the configuration is kept. */
export interface ConfigSource {
  /** For messages: a path or URL without what may be a secret. */
  readonly description: string;
  /** The text of the document. Throws ServiceError SERVICE_FAILED. */
  read(): Promise<string>;
  /** Replaces the text in one step: a reader sees the old or the new one. Absent = the source can only be read. */
  write?(text: string): Promise<void>;
  /**
   * The same if the text there still is `before`; false = it is another one by now, and nothing was written. Of several
   * processes that replace the same text one succeeds.
   */
  replace?(before: string, text: string): Promise<boolean>;
}
