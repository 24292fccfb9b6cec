/** Batches: many rows, each a read or a write of one record. Spec: wire.md 8.5. */
import { Info1, Info2, ResultCode, RowFlag } from '../../aerospike/protocol/constants.js';
import { DIGEST_BYTES } from '../../core/partition.js';
import { Filter } from '../filter/filter.js';
import { Command } from '../protocol/command.js';
import type { RowFault } from '../fault-injection.js';
import { executeRead, type CommandTime } from './read.js';
import { ErrorReply, ReplyWriter, appendErrorReply, buildLastMessage } from '../protocol/reply.js';
import type { ClusterState } from '../cluster-state.js';
import { executeWrite } from './write.js';

/** Replies are packed into protos of up to this size; a bigger row gets a proto of its own. */
const PROTO_BYTES = 128 * 1024;
const BATCH_HEADER_BYTES = 5;
const ROW_HEADER_BYTES = 4 + DIGEST_BYTES + 1;
const BatchFlag = { ANSWER_ALL: 0x04, REPORT_ROW_ERRORS: 0x08 } as const;
/** 2.5: writes in a batch came with 6.0. */
const BATCH_WRITES_MAJOR = 6;

export type Send = (bytes: Buffer) => Promise<void> | undefined;

/** What is to become of each row, if not the usual. */
export interface RowFaults {
  nextRow(isWrite: boolean): RowFault | undefined;
}

class MalformedBatch extends Error {}

/** Steps over the rows of a BATCH field, filling one Command. */
class RowReader {
  readonly row = new Command();
  /** The filter of the row, compiled; rows that repeat another one share it. */
  filter: Filter | undefined;
  private pos: number;
  private previousHadKey = true;

  constructor(
    private readonly buf: Buffer,
    start: number,
    private readonly end: number,
    private readonly shared: Filter | undefined,
  ) {
    this.pos = start;
    this.row.buf = buf;
    this.row.digestBuf = buf;
  }

  private need(bytes: number): number {
    const at = this.pos;
    if (at + bytes > this.end) throw new MalformedBatch();
    this.pos += bytes;
    return at;
  }

  next(): void {
    const { buf, row } = this;
    const at = this.need(ROW_HEADER_BYTES);
    row.index = buf.readUInt32BE(at);
    row.digestStart = at + 4;
    const flags = buf[at + 4 + DIGEST_BYTES]!;
    if ((flags & RowFlag.REPEAT) !== 0) {
      // Neither on the first row nor after one with a key.
      if (this.previousHadKey) throw new MalformedBatch();
      return;
    }
    row.info1 = buf[this.need(1)]!;
    row.info2 = row.info3 = 0;
    if ((flags & RowFlag.INFO) !== 0) {
      const infos = this.need(2);
      row.info2 = buf[infos]!;
      row.info3 = buf[infos + 1]!;
    }
    if ((flags & RowFlag.INFO4) !== 0) this.need(1);
    row.generation = (flags & RowFlag.GENERATION) !== 0 ? buf.readUInt16BE(this.need(2)) : 0;
    row.ttl = (flags & RowFlag.TTL) !== 0 ? buf.readUInt32BE(this.need(4)) : 0;
    const counts = this.need(4);
    const fieldsEnd = row.parseFields(this.pos, buf.readUInt16BE(counts));
    if (fieldsEnd < 0 || fieldsEnd > this.end) throw new MalformedBatch();
    this.pos = row.parseOps(fieldsEnd, buf.readUInt16BE(counts + 2));
    if (this.pos < 0 || this.pos > this.end) throw new MalformedBatch();
    this.previousHadKey = row.keyStart >= 0;
    this.filter = row.filterStart < 0 ? this.shared : Filter.compile(buf.subarray(row.filterStart, row.filterEnd));
  }
}

/** Runs the batch in `cmd` and answers it, LAST included. */
export async function runBatch(
  state: ClusterState,
  cmd: Command,
  time: CommandTime,
  rowFaults: RowFaults,
  send: Send,
): Promise<void> {
  const out = new ReplyWriter(16 * 1024);
  const result = await runRows(state, cmd, time, rowFaults, out, send).catch((error: unknown) => {
    if (error instanceof ErrorReply) return error.result;
    if (error instanceof MalformedBatch) return ResultCode.PARAMETER;
    throw error;
  });
  if (!out.isEmpty) await send(out.takeBytes());
  await send(buildLastMessage(result));
}

/** Returns the result code of the LAST message. */
async function runRows(
  state: ClusterState,
  cmd: Command,
  time: CommandTime,
  rowFaults: RowFaults,
  out: ReplyWriter,
  send: Send,
): Promise<number> {
  const { buf, batchStart, batchEnd } = cmd;
  if (batchEnd - batchStart < BATCH_HEADER_BYTES) return ResultCode.PARAMETER;
  const count = buf.readUInt32BE(batchStart);
  const flags = buf[batchStart + 4]!;
  if (count === 0) return ResultCode.PARAMETER;
  const shared = cmd.filterStart < 0 ? undefined : Filter.compile(buf.subarray(cmd.filterStart, cmd.filterEnd));
  const reader = new RowReader(buf, batchStart + BATCH_HEADER_BYTES, batchEnd, shared);
  for (let i = 0; i < count; i++) {
    reader.next();
    runRow(state, reader.row, reader.filter, time, rowFaults, out);
    const { result } = out;
    if (isFailure(result) && (flags & BatchFlag.ANSWER_ALL) === 0) {
      if ((flags & BatchFlag.REPORT_ROW_ERRORS) === 0) out.rewind(out.mark);
      return result;
    }
    if (out.length > PROTO_BYTES) {
      const row = out.rewind(out.mark);
      const pending = out.isEmpty ? undefined : send(out.takeBytes());
      if (pending !== undefined) await pending;
      out.append(row);
    }
  }
  return ResultCode.OK;
}

/** Not found and filtered out are answers, not failures, of a row. */
function isFailure(result: number): boolean {
  return result !== ResultCode.OK && result !== ResultCode.NOT_FOUND && result !== ResultCode.FILTERED_OUT;
}

function runRow(
  state: ClusterState,
  row: Command,
  filter: Filter | undefined,
  time: CommandTime,
  rowFaults: RowFaults,
  out: ReplyWriter,
): void {
  const store = row.nsStart < 0 ? undefined : state.storeAt(row.buf, row.nsStart, row.nsEnd);
  if (store === undefined) throw new MalformedBatch();
  const isWrite = (row.info2 & Info2.WRITE) !== 0;
  if (isWrite && !state.build.isAtLeast(BATCH_WRITES_MAJOR)) throw new ErrorReply(ResultCode.UNSUPPORTED);
  if (isWrite && row.isUdf) {
    appendErrorReply(out, row.index, ResultCode.UNSUPPORTED);
    return;
  }
  const fault = rowFaults.nextRow(isWrite);
  if (fault === undefined || fault.applied) {
    if (isWrite) executeWrite(store, row, filter, time, out);
    else if ((row.info1 & Info1.READ) !== 0) executeRead(store, row, filter, time, out);
    else appendErrorReply(out, row.index, ResultCode.PARAMETER);
    if (fault !== undefined) out.fail(fault.result);
    return;
  }
  appendErrorReply(out, row.index, fault.result);
}
