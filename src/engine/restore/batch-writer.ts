/**
 * Brings records to the nodes that master them: fills a frame per node, sends it when it is full, keeps a bounded number
 * of frames under way, counts the answers, and sends again what failed for a reason that passes, and only that
 * (asrestore.md 5.6, 6).
 *
 * HOT PATH: `add` and the loop over an answer's rows. A promise and a few objects per frame, nothing per record.
 */
import { setMaxListeners } from 'node:events';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { ConnectionError, LoginError, ProtocolError, ServerError } from '../../aerospike/errors.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { MAX_FRAME_BODY_BYTES, ResultCode } from '../../aerospike/protocol/constants.js';
import { describeResultCode } from '../../aerospike/protocol/result-code.js';
import { exchangeWrites, type WriteOutcome, type WriteTimeouts } from '../../aerospike/commands/write.js';
import {
  namespaceField,
  UNANSWERED,
  WriteFrame,
  type WritableRecord,
  type WriteMode,
  type WritePolicy,
} from '../../aerospike/protocol/write-frame.js';
import { errorMessage } from '../../core/errors.js';
import { DIGEST_BYTES, partitionId } from '../../core/partition.js';
import { logEvent, type LogEvent } from '../../core/log.js';
import { RestoreFailure } from './errors.js';
import { PartitionMap } from './partition-map.js';
import type { RestoreCounters } from './counters.js';
import { WriteResult, verdictOf } from './write-result.js';

export interface UploadSettings extends WriteTimeouts {
  mode: WriteMode;
  /** At most. */
  rowsPerFrame: number;
  /** A frame of so many rows is sent as soon as it has ENOUGH_BYTES. */
  leastRowsPerFrame: number;
  framesInFlight: number;
  maxRetries: number;
  retryScaleFactorUs: number;
  ignoreRecordError: boolean;
  /** Absent: records go to the namespace they came from. */
  namespace?: { from: string; to: string };
}

export interface UploadRecord extends WritableRecord {
  /** Of the file; the same string object as long as it does not change. */
  namespace: string;
  namespaceBytes: Buffer;
}

/** What the uploader wants others to know. */
export interface UploadEvents {
  verbose(line: LogEvent): void;
  /** No record is written any more. Called once. */
  stopped(error: Error): void;
}

/** A frame is sent at this size although it could take more rows. */
const FRAME_BYTES = 1024 * 1024;
/** More in a frame saves nothing worth waiting for (docs/guide/performance.md). */
const FLUSH_THRESHOLD_BYTES = 96 * 1024;
/** After a stop, answers are awaited for so long. */
const STOP_GRACE_MS = 10_000;
/** So many ignored records are named in the log. */
const MAX_IGNORED_LOGGED = 100;
const MAX_BACKOFF_MS = 0x7fffffff;

/** Rows of one answer that are not done with. */
interface PendingRetries {
  retry: WriteFrame | undefined;
  /** Mended rows, to be sent at once. */
  mended: WriteFrame | undefined;
  elsewhere: boolean;
  reason: string;
}

export class BatchWriter {
  /** Records that had to lose their "persist index" bits. */
  persistBitsCleared = 0;
  /** Records whose ordered collections had to be sorted. */
  sorted = 0;

  private readonly routes: PartitionMap;
  /** Under construction, by slot of `routes`. */
  private readonly open: (WriteFrame | undefined)[] = [];
  private readonly free: WriteFrame[] = [];
  private rowsPerFrame: number;
  /** Sent, or waiting to be sent again. */
  private inFlight = 0;
  private stopReason: Error | undefined;
  private readonly stopping = new AbortController();
  private readonly giveUp = new AbortController();
  private wake: (() => void) | undefined;
  private refreshing: Promise<void> | undefined;

  /** Of the last record; undefined = look everything up anew. */
  private namespace: string | undefined;
  private nsField: Buffer = Buffer.alloc(0);
  private slots: Uint16Array = new Uint16Array(0);

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: UploadSettings,
    private readonly tally: RestoreCounters,
    private readonly events: UploadEvents,
  ) {
    this.routes = new PartitionMap(cluster);
    this.rowsPerFrame = settings.rowsPerFrame;
    setMaxListeners(0, this.stopping.signal, this.giveUp.signal);
  }

  /** True when `room` should be awaited before more is added. */
  get busy(): boolean {
    return this.inFlight >= this.settings.framesInFlight;
  }

  get stopped(): boolean {
    return this.stopReason !== undefined;
  }

  /**
   * Takes over a record; it ends in exactly one counter. Throws RestoreFailure for a namespace that is not wanted, with
   * the record counted as failed.
   */
  add(record: UploadRecord, policy: WritePolicy, generation: number, ttlS: number): void {
    if (record.namespace !== this.namespace) this.enterNamespace(record);
    const slot = this.slots[partitionId(record.digest, 0)]!;
    let frame = this.open[slot];
    if (frame === undefined) this.open[slot] = frame = this.takeFrame(0);
    if (frame.append(record, policy, this.nsField, generation, ttlS) !== 0) this.persistBitsCleared++;
    if (frame.length >= FLUSH_THRESHOLD_BYTES ? this.isFull(frame) : frame.rows >= this.rowsPerFrame)
      this.sendOpen(slot);
  }

  /** Of a frame that has ENOUGH_BYTES. */
  private isFull({ rows, length }: WriteFrame): boolean {
    const { leastRowsPerFrame } = this.settings;
    return rows >= Math.min(this.rowsPerFrame, leastRowsPerFrame) || length >= FRAME_BYTES;
  }

  /** Resolves when `busy` is over, or the run has stopped. */
  async room(): Promise<void> {
    while (this.busy && !this.stopped) await this.change();
  }

  /** Sends what is left and waits for all answers. Throws what stopped the run. */
  async finish(): Promise<void> {
    if (!this.stopped) this.open.forEach((frame, slot) => frame !== undefined && this.sendOpen(slot));
    while (this.inFlight > 0) await this.change();
    for (const frame of this.open) this.tally.failed += frame?.rows ?? 0;
    this.open.length = 0;
    this.tally.publish();
    if (this.stopReason !== undefined) throw this.stopReason;
  }

  /** Writes nothing more. What is under way is awaited, for a while. */
  stop(reason: Error): void {
    if (this.stopReason !== undefined) return;
    this.stopReason = reason;
    this.stopping.abort();
    setTimeout(() => this.giveUp.abort(), STOP_GRACE_MS).unref();
    this.events.stopped(reason);
    this.wake?.();
  }

  private enterNamespace(record: UploadRecord): void {
    const { namespace: mapping } = this.settings;
    if (mapping !== undefined && mapping.from !== record.namespace) {
      this.tally.failed++;
      const text = `it holds a record of namespace "${record.namespace}", but --namespace says "${mapping.from}"`;
      throw new RestoreFailure('RESTORE_NAMESPACE', text);
    }
    const target = mapping?.to ?? record.namespace;
    if (!this.cluster.hasNamespace(target)) {
      this.stop(new ServerError(ResultCode.NAMESPACE, `Cannot write records of namespace "${target}"`));
    }
    this.nsField = namespaceField(mapping === undefined ? record.namespaceBytes : Buffer.from(target));
    this.slots = this.routes.of(target);
    this.namespace = record.namespace;
  }

  private takeFrame(attempt: number): WriteFrame {
    const frame = this.free.pop() ?? new WriteFrame(this.settings.mode);
    frame.attempt = attempt;
    return frame;
  }

  private giveBack(frame: WriteFrame): void {
    frame.clear();
    this.free.push(frame);
  }

  private sendOpen(slot: number): void {
    const frame = this.open[slot];
    if (frame === undefined) return;
    this.open[slot] = undefined;
    this.inFlight++;
    this.send(frame, slot);
  }

  /** `frame` has its place in `inFlight`. */
  private send(frame: WriteFrame, slot: number): void {
    if (frame.length > MAX_FRAME_BODY_BYTES && frame.rows > 1) {
      this.distribute(frame, 1);
      return;
    }
    // Never rejects: every error ends in `stop` and the counters.
    void this.deliver(frame, this.routes.nodes[slot]);
  }

  private async deliver(frame: WriteFrame, node: ClusterNode | undefined): Promise<void> {
    try {
      const outcome = await this.exchange(frame, node);
      this.settle(frame, outcome);
    } catch (error) {
      // A fault of this program. Rows that were not counted yet are found missing at the end of the run.
      this.stop(error instanceof Error ? error : new Error(errorMessage(error)));
      this.release();
    }
  }

  private async exchange(frame: WriteFrame, node: ClusterNode | undefined): Promise<WriteOutcome> {
    frame.results.fill(UNANSWERED, 0, frame.rows);
    if (frame.length > MAX_FRAME_BODY_BYTES) return { kind: 'answered', batchCode: ResultCode.RECORD_TOO_BIG };
    if (node === undefined) return { kind: 'answered', batchCode: ResultCode.PARTITION_UNAVAILABLE };
    let connection;
    try {
      connection = await node.acquire();
    } catch (error) {
      // Nobody is let in any more: there is no point in asking again.
      if (error instanceof LoginError) this.stop(error);
      else if (!(error instanceof ConnectionError)) throw error;
      return { kind: 'lost', sent: false, error };
    }
    const outcome = await exchangeWrites(connection, frame, this.settings, this.giveUp.signal);
    if (outcome.kind !== 'answered') return outcome;
    node.release(connection);
    return { ...outcome, loginEnded: (code) => node.sessionEnded(connection, code) };
  }

  /** Counts an answer, row by row, and sees to the rows that are not done with. */
  private settle(frame: WriteFrame, outcome: WriteOutcome): void {
    const { results, rows } = frame;
    const left: PendingRetries = { retry: undefined, mended: undefined, elsewhere: false, reason: '' };
    let written = 0;
    for (let row = 0; row < rows; row++) {
      if (results[row] === ResultCode.OK) written++;
      else this.settleRow(frame, row, outcome, left);
    }
    this.tally.inserted += written;
    const { retry, mended } = left;
    if (retry !== undefined) {
      const tries = this.settings.mode === 'batch' ? 1 : retry.rows;
      this.tally.retries += tries;
      this.inFlight++;
      void this.sendLater(retry, left.elsewhere, left.reason);
    }
    if (mended !== undefined) {
      this.inFlight++;
      this.distribute(mended, this.rowsPerFrame);
    }
    this.giveBack(frame);
    this.tally.publish();
    this.release();
  }

  private settleRow(frame: WriteFrame, row: number, outcome: WriteOutcome, left: PendingRetries): void {
    const { tally } = this;
    const answer = frame.results[row]!;
    if (answer === UNANSWERED && outcome.kind === 'lost') {
      if (outcome.sent) frame.inDoubt[row] = 1;
      if (outcome.error instanceof ProtocolError) this.stop(outcome.error);
      left.elsewhere = true;
      this.retryRow(frame, row, left, outcome.error.message);
      return;
    }
    const code = answer === UNANSWERED && outcome.kind === 'answered' ? outcome.batchCode : answer;
    if (code === ResultCode.TIMEOUT) frame.inDoubt[row] = 1;
    if (outcome.kind === 'answered' && outcome.loginEnded?.(code) === true) {
      this.retryRow(frame, row, left, describeResultCode(code));
      return;
    }
    switch (verdictOf(code)) {
      case WriteResult.WRITTEN:
        // Only as the code of a whole batch, whose rows then have answers of their own.
        throw new ProtocolError('The server left rows of a batch without an answer.');
      case WriteResult.FRESHER:
        if (frame.inDoubt[row] === 1) this.countInDoubt();
        else tally.fresher++;
        return;
      case WriteResult.EXISTED:
        if (frame.inDoubt[row] === 1) this.countInDoubt();
        else tally.existed++;
        return;
      case WriteResult.REFUSED:
        this.refuse(frame, row, code);
        return;
      case WriteResult.RETRY_ELSEWHERE:
        left.elsewhere = true;
        this.retryRow(frame, row, left, describeResultCode(code));
        return;
      case WriteResult.SMALLER_BATCH:
        if (frame.rows === 1) break;
        this.rowsPerFrame = Math.max(1, Math.min(this.rowsPerFrame, frame.rows >>> 1));
        left.mended ??= this.takeFrame(frame.attempt);
        left.mended.appendCopy(frame, row);
        return;
      case WriteResult.RETRY:
        if (code === ResultCode.SERVER_ERROR && !this.stopped && frame.repairRow(row)) {
          this.sorted++;
          left.mended ??= this.takeFrame(frame.attempt);
          left.mended.appendCopy(frame, row);
          return;
        }
        this.retryRow(frame, row, left, describeResultCode(code), code === answer ? code : undefined);
        return;
    }
    this.countFailed(frame, row);
    const hint = code === ResultCode.BATCH_DISABLED ? '; give --disable-batch-writes' : '';
    this.stop(new ServerError(code, `Cannot write the record with digest ${digestText(frame, row)}${hint}`));
  }

  /**
   * The server has the record, and an earlier attempt to write it went without an answer: it was that attempt, unless
   * somebody else wrote the same record in the same moment. Counted as written, and apart.
   */
  private countInDoubt(): void {
    this.tally.inserted++;
    this.tally.inDoubt++;
  }

  private countFailed(frame: WriteFrame, row: number): void {
    this.tally.failed++;
    this.tally.failedInDoubt += frame.inDoubt[row]!;
  }

  private refuse(frame: WriteFrame, row: number, code: number): void {
    const digest = digestText(frame, row);
    if (this.settings.ignoreRecordError) {
      if (this.tally.ignored++ < MAX_IGNORED_LOGGED) {
        const text = `Ignored the record with digest ${digest}: ${describeResultCode(code)}`;
        this.events.verbose(logEvent('record.ignored', text, { digest, resultCode: code }));
      }
      return;
    }
    this.countFailed(frame, row);
    const text = `The server refused the record with digest ${digest}: ${describeResultCode(code)}.`;
    this.stop(new RestoreFailure('RESTORE_REFUSED', text));
  }

  /** `own`: the code of an answer to this row alone. */
  private retryRow(frame: WriteFrame, row: number, left: PendingRetries, reason: string, own?: number): void {
    if (this.stopped) {
      this.countFailed(frame, row);
      return;
    }
    if (frame.attempt >= this.settings.maxRetries) {
      if (own === ResultCode.SERVER_ERROR && this.settings.ignoreRecordError) {
        // The server says this of values it cannot make sense of, too, and then it never passes.
        this.refuse(frame, row, own);
        return;
      }
      this.countFailed(frame, row);
      const doubt = frame.inDoubt[row] === 1 ? ' (it may have been written all the same)' : '';
      const text = `Max ${this.settings.mode === 'batch' ? 'batch-write' : 'key-put'} retries exceeded (${frame.attempt})`;
      const digest = digestText(frame, row);
      const error = `${text} for the record with digest ${digest}${doubt}: ${reason.replace(/\.$/, '')}.`;
      this.stop(new RestoreFailure('RESTORE_RETRIES', error));
      return;
    }
    left.retry ??= this.takeFrame(frame.attempt + 1);
    left.retry.appendCopy(frame, row);
    left.reason = reason;
  }

  /** `frame` has its place in `inFlight`. Never rejects. */
  private async sendLater(frame: WriteFrame, elsewhere: boolean, reason: string): Promise<void> {
    try {
      const pauseMs = backoffMs(frame.attempt, this.settings.retryScaleFactorUs);
      const text = `${frame.rows} record(s) to be sent again in ${pauseMs} ms: ${reason}`;
      this.events.verbose(
        logEvent('write.retry', text, { records: frame.rows, pauseMs, attempt: frame.attempt, reason }),
      );
      if (pauseMs > 0) await this.pause(pauseMs);
      if (elsewhere && !this.stopped) await this.refresh();
      this.distribute(frame, this.rowsPerFrame);
    } catch (error) {
      this.stop(error instanceof Error ? error : new Error(errorMessage(error)));
      this.release();
    }
  }

  /** Sends the rows of a frame, which has its place in `inFlight`, to the masters of today. */
  private distribute(frame: WriteFrame, rowsPerFrame: number): void {
    if (this.stopped) {
      for (let row = 0; row < frame.rows; row++) this.countFailed(frame, row);
      this.giveBack(frame);
      this.release();
      return;
    }
    const bySlot = new Map<number, WriteFrame>();
    const sendSlot = (slot: number, part: WriteFrame): void => {
      bySlot.delete(slot);
      this.inFlight++;
      this.send(part, slot);
    };
    for (let row = 0; row < frame.rows; row++) {
      const slot = this.routes.of(frame.rowNamespace(row))[partitionId(frame.buffer, frame.digestOffset(row))]!;
      let part = bySlot.get(slot);
      if (part === undefined) bySlot.set(slot, (part = this.takeFrame(frame.attempt)));
      part.appendCopy(frame, row);
      if (part.rows >= rowsPerFrame || part.length >= FRAME_BYTES) sendSlot(slot, part);
    }
    for (const [slot, part] of [...bySlot]) sendSlot(slot, part);
    this.giveBack(frame);
    this.release();
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.cluster
      .refresh()
      .catch((error: unknown) => {
        const text = `Cannot read the partition map: ${errorMessage(error)}`;
        this.events.verbose(logEvent('cluster.refresh', text));
      })
      .finally(() => {
        this.routes.forget();
        this.namespace = undefined;
        this.refreshing = undefined;
      });
    return this.refreshing;
  }

  private release(): void {
    this.inFlight--;
    this.wake?.();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }

  /** Resolves after `ms`, or when the run stops. */
  pause(ms: number): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      signal.addEventListener('abort', over);
    });
  }
}

/** Before the first retry nothing, then 1, 2, 4 … units (asrestore.md 6.3). */
export function backoffMs(retry: number, unitUs: number): number {
  return retry < 2 ? 0 : Math.min((2 ** (retry - 2) * unitUs) / 1000, MAX_BACKOFF_MS);
}

function digestText(frame: WriteFrame, row: number): string {
  const at = frame.digestOffset(row);
  return frame.buffer.toString('base64', at, at + DIGEST_BYTES);
}
