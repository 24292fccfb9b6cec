import type { RowView } from '../protocol/row-view.js';

/** Receives the records of a scan. */
export interface RecordSink {
  /** One record; the view and the bytes under it are valid during the call only. HOT PATH. */
  row(view: RowView): void;
  /** Called after each range of records: a promise to wait for before more are read; undefined = go on. */
  waitForDrain(): Promise<void> | undefined;
  /** Absent = every record goes through `row`. */
  readonly bulk?: BulkSink | undefined;
}

/**
 * Handles ordinary records many at a time, with the same effects as row check, `row` and tracker have together. The
 * tracker of the scan must use the tables of this sink. At a record that is not ordinary, or not allowed, it stops, and
 * the caller handles that one.
 */
export interface BulkSink {
  /** Where the connection has to receive what `consume` is to read. */
  readonly receiveBuffer: Buffer;
  /** Only records of this namespace are handled, and only of this set; undefined = of any. */
  expect(namespace: Buffer, set: Buffer | undefined): void;
  /**
   * Handles the records that begin at `start` of the receive buffer, up to `end` and at most `most`. Returns where the
   * first message begins that it has not handled. HOT PATH: once per range, not per record.
   */
  consume(start: number, end: number, most: number): number;
  /** Records that the last `consume` has handled. */
  readonly consumedRecords: number;
}
