/** The answer of one node to one scan command (wire.md 5.2). */
import { randomBytes } from 'node:crypto';
import { errorMessage } from '../../core/errors.js';
import type { ClusterNode } from '../cluster/node.js';
import type { Connection } from '../connection/connection.js';
import { SessionEnded, withReauth } from '../connection/reauth.js';
import { ConnectionError, ProtocolError, ServerError } from '../errors.js';
import { FrameType } from '../protocol/constants.js';
import type { FrameConsumer } from '../protocol/frame-reader.js';
import { Message, RowView } from '../protocol/row-view.js';
import { scanRequest, type ScanSelection } from '../protocol/scan-request.js';
import type { PartitionTracker } from './partition-tracker.js';
import type { BulkSink, RecordSink } from './record-sink.js';
import { RowCheck } from './row-check.js';

export interface NodeScanLimits {
  /** By Date.now(); Infinity = none. */
  deadline: number;
  /** Records to deliver; Infinity = all. */
  records: number;
  signal: AbortSignal | undefined;
}

/** The server collects about this much before it sends. */
const SERVER_BUFFER_BYTES = 1024 * 1024;
/** Header, namespace and digest: no record is shorter on the wire. */
const MIN_ROW_BYTES = 55;

/**
 * How long a connection may be silent. With a low record rate the server sends nothing until its buffer is full, which
 * is not a failure.
 */
function idleLimitMs({ recordsPerSecond, socketTimeoutMs, totalTimeoutMs }: ScanSelection): number {
  const limitMs = socketTimeoutMs || totalTimeoutMs;
  if (recordsPerSecond === 0 || limitMs === 0) return limitMs;
  return limitMs + Math.ceil((SERVER_BUFFER_BYTES / MIN_ROW_BYTES / recordsPerSecond) * 1000);
}

/**
 * A node that sends something in this time must send a whole message or MIN_WINDOW_BYTES of one. Single bytes and empty
 * frames reset the idle limit, so that without this a scan could last for ever without delivering anything.
 */
const PROGRESS_WINDOW_MS = 60_000;
const MIN_WINDOW_BYTES = 64 * 1024;

export class NodeScan implements FrameConsumer {
  readonly frameType = FrameType.MESSAGE;
  rows = 0;
  /** Why a partition was not served, if one was not. */
  partitionError: ServerError | undefined;
  private readonly view = new RowView();
  private readonly check: RowCheck;
  private connection: Connection | undefined;
  private settle: ((error?: unknown) => void) | undefined;
  private readonly unserved = new Set<number>();
  /** Rows are dropped when `rows` has reached this. */
  private rowLimit = Infinity;
  /** What has arrived so far, for the progress of a window: ranges of bytes, whole messages. */
  private arrivals = 0;
  private messages = 0;
  /** Received, and those of them that are done with. */
  private bytes = 0;
  private consumedBytes = 0;
  private wasPaused = false;
  private wasSent = false;
  /** The node has sent the end of its answer. */
  private ended = false;
  /** Of the handler. */
  private readonly bulk: BulkSink | undefined;
  /** What it was told to expect. */
  private bulkSet: Buffer | undefined;

  constructor(
    private readonly selection: ScanSelection,
    private readonly tracker: PartitionTracker,
    private readonly handler: RecordSink,
    private readonly node: ClusterNode,
  ) {
    this.check = new RowCheck(selection, tracker, node.endpoint);
    this.bulk = handler.bulk;
  }

  /** Once the answer has ended, whatever still arrives must not touch what the next scan reads. */
  get receiveBuffer(): Buffer | undefined {
    return this.ended ? undefined : this.bulk?.receiveBuffer;
  }

  /** Throws ConnectionError, ProtocolError, ServerError, what the handler threw, or the signal's reason. */
  run(partitions: readonly number[], limits: NodeScanLimits): Promise<void> {
    return withReauth(() => this.attempt(partitions, { ...limits, records: limits.records - this.rows }));
  }

  private async attempt(partitions: readonly number[], limits: NodeScanLimits): Promise<void> {
    const rowsBefore = this.rows;
    const { records } = limits;
    this.ended = false;
    this.rowLimit = rowsBefore + records;
    // An attempt before this one, whose session has ended, may have completed some.
    const pending = this.wasSent ? partitions.filter((partition) => this.tracker.isPending(partition)) : partitions;
    this.wasSent = true;
    const connection = await this.node.acquire();
    this.connection = connection;
    try {
      await this.exchange(connection, this.createRequest(pending, records), pending, limits);
      connection.release();
      // What follows the answer belongs to nothing, and must not be taken for the next one.
      if (connection.hasUnread) connection.close();
      this.node.release(connection);
    } catch (error) {
      // What may still arrive must not reach the next user of the connection.
      connection.close();
      if (error instanceof ServerError && this.node.sessionEnded(connection, error.resultCode)) {
        throw new SessionEnded(connection.where, error.resultCode);
      }
      throw error;
    }
    // A node that has sent as many records as it was asked for may have more.
    if (this.rows - rowsBefore >= records) return;
    this.tracker.completeAll(pending, this.unserved);
  }

  private createRequest(partitions: readonly number[], records: number): Buffer {
    const { whole, digests } = this.tracker.splitByStart(partitions);
    const taskId = randomBytes(8).readBigUInt64BE();
    const limit = records === Infinity ? 0n : BigInt(records);
    return scanRequest(this.selection, taskId, whole, digests, limit);
  }

  private async exchange(
    connection: Connection,
    request: Buffer,
    partitions: readonly number[],
    { deadline, signal }: NodeScanLimits,
  ): Promise<void> {
    const onAbort = (): void => this.settle?.(signal?.reason);
    let timer: NodeJS.Timeout | undefined;
    const watch = setInterval(this.createProgressWatch(connection.where), PROGRESS_WINDOW_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        this.settle = (error) => {
          if (error === undefined) resolve();
          else reject(error instanceof Error ? error : new Error(errorMessage(error)));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted === true) onAbort();
        if (deadline !== Infinity) {
          const text = `The scan on ${connection.where} did not finish within its total timeout`;
          const late = new ConnectionError('NET_TIMEOUT', connection.where, text, { hint: 'raise-total-timeout' });
          timer = setTimeout(() => this.settle?.(late), Math.max(0, deadline - Date.now()));
        }
        this.check.expect(partitions);
        this.expectInBulk();
        connection.request(request, this, idleLimitMs(this.selection));
      });
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** To be called once per window; ends the scan when something arrived in it that is no progress. */
  private createProgressWatch(where: string): () => void {
    let { arrivals, messages, bytes } = this;
    return () => {
      const received = this.bytes - bytes;
      const stalled = this.arrivals !== arrivals && this.messages === messages && received < MIN_WINDOW_BYTES;
      if (stalled && !this.wasPaused) {
        const text = `${where} sent no record within ${PROGRESS_WINDOW_MS / 1000} s, only ${received} byte(s)`;
        this.settle?.(new ConnectionError('NET_TIMEOUT', where, text));
      }
      ({ arrivals, messages, bytes } = this);
      this.wasPaused = false;
    };
  }

  fail(error: Error): void {
    this.settle?.(error);
  }

  /** HOT PATH. */
  consume(buffer: Buffer, start: number, end: number, frameEnd: boolean): number {
    const { view, handler, tracker, check, rowLimit } = this;
    const bulk = this.bulk !== undefined && buffer === this.bulk.receiveBuffer ? this.bulk : undefined;
    let pos = start;
    let messages = 0;
    while (pos < end && !this.ended) {
      if (bulk !== undefined && this.rows < rowLimit) {
        pos = bulk.consume(pos, end, rowLimit - this.rows);
        this.rows += bulk.consumedRecords;
        messages += bulk.consumedRecords;
        if (pos === end) break;
      }
      const kind = view.parse(buffer, pos, end);
      if (kind === Message.RECORD) {
        check.check(view);
        if (this.rows < rowLimit) {
          handler.row(view);
          tracker.advance(buffer, view.digestStart);
          this.rows++;
        }
        if (bulk !== undefined && check.expectedSet !== this.bulkSet) this.expectInBulk();
      } else if (kind === Message.INCOMPLETE) {
        break;
      } else {
        this.marker(kind);
      }
      messages++;
      pos = view.end;
    }
    // What follows the end belongs to nothing.
    if (this.ended) pos = end;
    this.arrivals++;
    this.messages += messages;
    this.bytes = this.consumedBytes + end - start;
    this.consumedBytes += pos - start;
    if (frameEnd && pos < end) {
      throw new ProtocolError(`${this.node.endpoint} sent a record that is longer than its frame`);
    }
    this.waitForDrain();
    return pos - start;
  }

  private expectInBulk(): void {
    this.bulkSet = this.check.expectedSet;
    this.bulk?.expect(this.check.namespace, this.bulkSet);
  }

  private marker(kind: number): void {
    const { resultCode, partition } = this.view;
    const failure =
      resultCode === 0 ? undefined : new ServerError(resultCode, `The scan on ${this.node.endpoint} failed`);
    if (kind !== Message.PARTITION) {
      this.ended = true;
      this.settle?.(failure);
      return;
    }
    this.check.finish(partition);
    if (failure === undefined) {
      // What the limit has cut is not done, although servers before 6 say so.
      if (this.rows < this.rowLimit) this.tracker.complete(partition);
    } else {
      this.unserved.add(partition);
      this.partitionError = failure;
    }
  }

  /** Pauses the connection until the handler can take more. */
  private waitForDrain(): void {
    const drained = this.handler.waitForDrain();
    if (drained === undefined) return;
    this.wasPaused = true;
    this.connection?.pause();
    drained.then(
      () => this.connection?.resume(),
      (error: unknown) => this.settle?.(error),
    );
  }
}
