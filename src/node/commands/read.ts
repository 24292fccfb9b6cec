/**
 * Reading commands: get, get of some bins, exists, reading operate; single or as a batch row. Spec: wire.md 8.1, 8.3.
 */
import { Info1, Info2, Op, ResultCode } from '../../aerospike/protocol/constants.js';
import { RecordBuilder } from '../data/record-builder.js';
import type { Filter } from '../filter/filter.js';
import { createRecordContext } from '../filter/record-context.js';
import { MAX_OPS, OpCursor, type Command } from '../protocol/command.js';
import { MAX_BIN_NAME_BYTES, runOps } from './operate.js';
import type { StoredRecord } from '../data/partition.js';
import { ErrorReply, type ReplyWriter } from '../protocol/reply.js';
import { sameBytes } from '../data/set-table.js';
import type { NamespaceStore } from '../data/namespace-store.js';
import { Particle } from '../../core/particle.js';

/** When a command runs, once in each unit it is needed in. */
export interface CommandTime {
  nowMs: number;
  /** Seconds in the void-time epoch. */
  nowS: number;
}

const cursor = new OpCursor();
const binCursor = new OpCursor();

/** Answers a reading command with one message in `out`. */
export function executeRead(
  store: NamespaceStore,
  cmd: Command,
  filter: Filter | undefined,
  time: CommandTime,
  out: ReplyWriter,
): void {
  out.begin(cmd.index);
  const whole = (cmd.info1 & (Info1.GET_ALL | Info1.GET_NO_BINS)) !== 0;
  if ((!whole && cmd.nOps === 0) || cmd.nOps > MAX_OPS) {
    out.fail(ResultCode.PARAMETER);
    return;
  }
  const keyError = checkSentKey(cmd);
  if (keyError !== 0) {
    out.fail(keyError);
    return;
  }
  const record = store.find(cmd.digestBuf, cmd.digestStart, time.nowS);
  if (record === undefined) {
    out.fail(ResultCode.NOT_FOUND);
    return;
  }
  if (filter !== undefined && !filter.matches(createRecordContext(store, record, time))) {
    out.fail(ResultCode.FILTERED_OUT);
    return;
  }
  if (cmd.hasSet && !isSameSet(cmd, record)) {
    out.fail(ResultCode.PARAMETER);
    return;
  }
  if (!isSameKey(store, cmd, record)) {
    out.fail(ResultCode.KEY_MISMATCH);
    return;
  }
  if ((cmd.info1 & Info1.GET_NO_BINS) === 0) {
    if (cmd.nOps === 0) {
      out.rawOps(record.slab, record.offset + record.opsStart, record.offset + record.length, record.nOps);
    } else {
      try {
        readOps(store, cmd, record, time, out);
      } catch (error) {
        if (error instanceof ErrorReply) {
          out.fail(error.result);
          return;
        }
        throw error;
      }
    }
  }
  out.finish(record.generation, record.voidTime);
}

/** Plain READ ops copy from the row image; anything else needs the bins taken apart. */
function readOps(store: NamespaceStore, cmd: Command, record: StoredRecord, time: CommandTime, out: ReplyWriter): void {
  const respondAll = (cmd.info2 & Info2.RESPOND_ALL_OPS) !== 0;
  cursor.reset(cmd.buf, cmd.opsStart, cmd.nOps);
  let plain = true;
  while (cursor.next()) {
    if (cursor.code !== Op.READ || cursor.nameStart === cursor.nameEnd) plain = false;
    if (cursor.nameEnd - cursor.nameStart > MAX_BIN_NAME_BYTES) throw new ErrorReply(ResultCode.BIN_NAME);
  }
  if (!plain) {
    const builder = RecordBuilder.fromRecord(record);
    const context = createRecordContext(store, record, time, builder);
    runOps(cmd, cursor, out, { builder, respondAll, writable: false, context });
    return;
  }
  cursor.reset(cmd.buf, cmd.opsStart, cmd.nOps);
  while (cursor.next()) {
    if (findBin(record, cmd.buf, cursor.nameStart, cursor.nameEnd)) {
      out.rawOps(record.slab, binCursor.start, binCursor.end, 1);
    } else if (respondAll) out.op(Op.READ, Particle.NULL, cmd.buf, cursor.nameStart, cursor.nameEnd);
  }
}

/** Moves `binCursor` to the record's bin of that name. */
function findBin(record: StoredRecord, buf: Buffer, nameStart: number, nameEnd: number): boolean {
  binCursor.reset(record.slab, record.offset + record.opsStart, record.nOps);
  while (binCursor.next()) {
    if (binCursor.nameEnd - binCursor.nameStart !== nameEnd - nameStart) continue;
    let i = nameStart;
    while (i < nameEnd && buf[i] === record.slab[binCursor.nameStart + i - nameStart]) i++;
    if (i === nameEnd) return true;
  }
  return false;
}

export function isSameSet(cmd: Command, record: StoredRecord): boolean {
  if (record.set === undefined) return !cmd.hasSet;
  return cmd.hasSet && sameBytes(record.set.bytes, cmd.buf, cmd.setStart, cmd.setEnd);
}

const INTEGER_KEY_FIELD_BYTES = 9;

/** 6: an empty key field, or an integer key that is not 8 bytes long, is refused. Returns a result code. */
export function checkSentKey(cmd: Command): number {
  if (cmd.keyStart < 0) return ResultCode.OK;
  const length = cmd.keyEnd - cmd.keyStart;
  if (length === 0) return ResultCode.UNSUPPORTED;
  if (cmd.buf[cmd.keyStart] === Particle.INTEGER && length !== INTEGER_KEY_FIELD_BYTES) return ResultCode.UNSUPPORTED;
  return ResultCode.OK;
}

/** False only if a key was sent and another one is stored (rc 19). */
export function isSameKey(store: NamespaceStore, cmd: Command, record: StoredRecord): boolean {
  if (cmd.keyStart < 0) return true;
  const start = store.keyStart(record);
  const end = store.keyEnd(record);
  if (start === end) return true;
  return (
    end - start === cmd.keyEnd - cmd.keyStart &&
    record.slab.compare(cmd.buf, cmd.keyStart, cmd.keyEnd, start, end) === 0
  );
}
