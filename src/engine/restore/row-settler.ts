/**
 * Counts the answers to a frame, row by row, and gathers the rows that have to be sent again (asrestore.md 5.6, 6).
 *
 * HOT PATH: the loops over the rows of an answer.
 */
import type { WriteOutcome } from '../../aerospike/commands/write.js';
import { ProtocolError, ServerError } from '../../aerospike/errors.js';
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { describeResultCode } from '../../aerospike/protocol/result-code.js';
import { UNANSWERED, type WriteFrame, type WriteMode } from '../../aerospike/protocol/write-frame.js';
import type { EmitEvent } from '../../core/events.js';
import { DIGEST_BYTES } from '../../core/partition.js';
import type { WorkerCounts } from './counters.js';
import { RestoreFailure } from './errors.js';
import type { FramePool } from './frame-pool.js';
import type { RetryPolicy } from './retry-policy.js';
import { classifyResultCode, isOverload, WriteResult } from './write-result.js';

export interface SettlerSettings {
  mode: WriteMode;
  /** At most. */
  rowsPerFrame: number;
  ignoreRecordError: boolean;
}

/** The end of the run, as far as rows decide on it. */
export interface StopControl {
  readonly stopped: boolean;
  stop(reason: Error): void;
}

/** What is left of a frame when its answer has been counted. */
export interface Remainder {
  /** Rows to be sent again after a pause. */
  retry: WriteFrame | undefined;
  /** Rows to be sent again at once, as they were changed or the batch was too large. */
  resend: WriteFrame | undefined;
  /** The partition map has to be read again before the retry. */
  refreshMap: boolean;
  /** The server cannot keep up. */
  overloaded: boolean;
  /** Why rows are retried. */
  reason: string;
}

/** Ignored records beyond this number are only counted. */
const MAX_IGNORED_LOGGED = 100;

export class RowSettler {
  /** Records whose ordered collections had to be sorted. */
  sorted = 0;
  /** Shrinks when the server refuses a batch as too large. */
  rowsPerFrame: number;

  constructor(
    private readonly settings: SettlerSettings,
    private readonly counts: WorkerCounts,
    private readonly frames: FramePool,
    private readonly retries: RetryPolicy,
    private readonly control: StopControl,
    private readonly emit: EmitEvent,
  ) {
    this.rowsPerFrame = settings.rowsPerFrame;
  }

  /** Counts every row of `frame`, or puts it into the remainder. The frame is released. */
  settle(frame: WriteFrame, outcome: WriteOutcome): Remainder {
    const { results, rows } = frame;
    const rest: Remainder = {
      retry: undefined,
      resend: undefined,
      refreshMap: false,
      overloaded: false,
      reason: '',
    };
    let written = 0;
    for (let row = 0; row < rows; row++) if (results[row] === ResultCode.OK) written++;
    this.counts.inserted += written;
    if (written > 0) this.retries.recordProgress();
    this.retries.beginAnswer();
    if (written < rows) {
      for (let row = 0; row < rows; row++) {
        if (results[row] !== ResultCode.OK) this.settleRow(frame, row, outcome, rest);
      }
    }
    if (rest.retry !== undefined) this.counts.retries += this.settings.mode === 'batch' ? 1 : rest.retry.rows;
    this.frames.release(frame);
    return rest;
  }

  /** Counts the rows of a frame that is not sent any more. The frame is released. */
  discard(frame: WriteFrame): void {
    for (let row = 0; row < frame.rows; row++) this.countFailed(frame, row);
    this.frames.release(frame);
  }

  private settleRow(frame: WriteFrame, row: number, outcome: WriteOutcome, rest: Remainder): void {
    const { counts } = this;
    const answer = frame.results[row]!;
    if (answer === UNANSWERED && outcome.kind === 'lost') {
      if (outcome.sent) frame.inDoubt[row] = 1;
      if (outcome.error instanceof ProtocolError) this.control.stop(outcome.error);
      rest.refreshMap = true;
      this.retryRow(frame, row, rest, outcome.error.message);
      return;
    }
    const code = answer === UNANSWERED && outcome.kind === 'answered' ? outcome.batchCode : answer;
    if (code === ResultCode.TIMEOUT) frame.inDoubt[row] = 1;
    if (outcome.kind === 'answered' && outcome.loginEnded?.(code) === true) {
      this.retryRow(frame, row, rest, describeResultCode(code));
      return;
    }
    switch (classifyResultCode(code)) {
      case WriteResult.WRITTEN:
        // Only as the code of a whole batch, whose rows then have answers of their own.
        frame.inDoubt[row] = 1;
        this.countFailed(frame, row);
        this.control.stop(new ProtocolError('The server left rows of a batch without an answer'));
        return;
      case WriteResult.FRESHER:
        // An earlier attempt may have written the record, and this one then finds its generation.
        if (frame.inDoubt[row] === 1) counts.inDoubt++;
        else counts.fresher++;
        return;
      case WriteResult.EXISTED:
        if (frame.inDoubt[row] === 1) counts.inDoubt++;
        else counts.existed++;
        return;
      case WriteResult.REFUSED:
        this.refuseRow(frame, row, code);
        return;
      case WriteResult.RETRY_ELSEWHERE:
        rest.refreshMap = true;
        this.retryRow(frame, row, rest, describeResultCode(code));
        return;
      case WriteResult.SMALLER_BATCH:
        if (frame.rows === 1) break;
        this.rowsPerFrame = Math.max(1, Math.min(this.rowsPerFrame, frame.rows >>> 1));
        this.resendRow(frame, row, rest);
        return;
      case WriteResult.RETRY:
        rest.overloaded ||= isOverload(code);
        if (code !== ResultCode.SERVER_ERROR || code !== answer) {
          this.retryRow(frame, row, rest, describeResultCode(code));
        } else if (!this.control.stopped && repairRow(frame, row)) {
          this.sorted++;
          this.resendRow(frame, row, rest);
        } else {
          this.retryRow(frame, row, rest, describeResultCode(code), code);
        }
        return;
    }
    this.countFailed(frame, row);
    this.control.stop(new ServerError(code, `Cannot write the record with digest ${formatDigest(frame, row)}`));
  }

  private countFailed(frame: WriteFrame, row: number): void {
    this.counts.failed++;
    this.counts.failedInDoubt += frame.inDoubt[row]!;
  }

  private refuseRow(frame: WriteFrame, row: number, code: number): void {
    const digest = formatDigest(frame, row);
    const reason = describeResultCode(code);
    if (this.settings.ignoreRecordError) {
      if (this.counts.ignored++ < MAX_IGNORED_LOGGED) {
        this.emit({ type: 'record.ignored', digest, resultCode: code, reason });
      }
      return;
    }
    this.countFailed(frame, row);
    const text = `The server refused the record with digest ${digest}: ${reason}`;
    this.control.stop(new RestoreFailure('RESTORE_REFUSED', text, { details: { digest, resultCode: code } }));
  }

  private resendRow(frame: WriteFrame, row: number, rest: Remainder): void {
    rest.resend ??= this.frames.acquire(frame.attempt);
    rest.resend.appendCopy(frame, row);
  }

  /** `permanentCode`: the row's own code, which need not pass: a value that the server cannot read has it, too. */
  private retryRow(frame: WriteFrame, row: number, rest: Remainder, reason: string, permanentCode?: number): void {
    if (this.control.stopped) {
      this.countFailed(frame, row);
      return;
    }
    if (!this.retries.allowsRetry(frame.attempt, permanentCode === undefined)) {
      if (permanentCode !== undefined && this.settings.ignoreRecordError) this.refuseRow(frame, row, permanentCode);
      else this.giveUpRow(frame, row, reason);
      return;
    }
    rest.retry ??= this.frames.acquire(frame.attempt + 1);
    rest.retry.appendCopy(frame, row);
    rest.reason = reason;
  }

  private giveUpRow(frame: WriteFrame, row: number, reason: string): void {
    this.countFailed(frame, row);
    const doubt = frame.inDoubt[row] === 1 ? ' (it may have been written)' : '';
    const what = this.settings.mode === 'batch' ? 'batch-write' : 'key-put';
    const digest = formatDigest(frame, row);
    const text = `Max ${what} retries exceeded (${frame.attempt}) for the record with digest ${digest}${doubt}: ${reason}`;
    this.control.stop(new RestoreFailure('RESTORE_RETRIES', text, { details: { digest, attempts: frame.attempt } }));
  }
}

/** Whether a row with code 1 could be changed to what the server accepts. What cannot be repaired keeps its code. */
function repairRow(frame: WriteFrame, row: number): boolean {
  try {
    return frame.repairRow(row);
  } catch {
    // The contents are malformed or nested too deeply: the code of the server is the answer.
    return false;
  }
}

function formatDigest(frame: WriteFrame, row: number): string {
  const at = frame.digestOffset(row);
  return frame.buffer.toString('base64', at, at + DIGEST_BYTES);
}
