/** Writing commands: put, replace, operate, touch, delete; single or as a batch row. Spec: wire.md 7, 8.2–8.4. */
import { Info2, Info3, Op, ResultCode, Ttl } from '../../aerospike/protocol/constants.js';
import { Particle } from '../../core/particle.js';
import { RecordBuilder } from '../data/record-builder.js';
import type { Filter } from '../filter/filter.js';
import { createRecordContext } from '../filter/record-context.js';
import { MAX_OPS, OpCursor, type Command } from '../protocol/command.js';
import { MAX_BIN_NAME_BYTES, runOps } from './operate.js';
import { IS_NORMALIZED, checkNormalized } from '../data/particle-value.js';
import { checkSentKey, isSameKey, isSameSet, type CommandTime } from './read.js';
import { flatBinBytes, flatRecordBytes } from '../data/record-size.js';
import { copyBytes, ErrorReply, type ReplyWriter } from '../protocol/reply.js';
import { MAX_SET_NAME_BYTES, type SetInfo } from '../data/set-table.js';
import { nextGeneration, type NamespaceStore } from '../data/namespace-store.js';
import type { StoredRecord } from '../data/partition.js';

/** 7: ten years. */
const MAX_TTL_S = 315_360_000;
/** Records with more bins than this take the general path. */
const MAX_PLAIN_OPS = 64;

const cursor = new OpCursor();
const plainNames = new Int32Array(MAX_PLAIN_OPS);

/** Answers a writing command with one message in `out`. */
export function executeWrite(
  store: NamespaceStore,
  cmd: Command,
  filter: Filter | undefined,
  time: CommandTime,
  out: ReplyWriter,
): void {
  out.begin(cmd.index);
  const isDelete = (cmd.info2 & Info2.DELETE) !== 0;
  const refusal = store.isReadOnly ? ResultCode.FORBIDDEN : checkRequest(cmd, isDelete);
  if (refusal !== 0) {
    out.fail(refusal);
    return;
  }
  const record = store.find(cmd.digestBuf, cmd.digestStart, time.nowS);
  const conflict = record === undefined ? checkMissing(cmd, isDelete) : checkExisting(store, cmd, record);
  if (conflict === ResultCode.RECORD_EXISTS) {
    out.fail(conflict, record!.generation, record!.voidTime);
    return;
  }
  if (conflict !== 0) {
    out.fail(conflict);
    return;
  }
  if (record !== undefined && filter !== undefined && !filter.matches(createRecordContext(store, record, time))) {
    out.fail(ResultCode.FILTERED_OUT);
    return;
  }
  if (isDelete) {
    store.remove(record!);
    out.finish(0, 0);
    return;
  }
  const set = record !== undefined ? record.set : findOrAddSet(store, cmd);
  if (time.nowMs <= Math.max(store.truncateLutMs, set === undefined ? 0 : set.truncateLutMs)) {
    out.fail(ResultCode.FORBIDDEN);
    return;
  }
  try {
    const voidTime = voidTimeFor(store, cmd.ttl, record, time.nowS);
    const isReplace = (cmd.info3 & (Info3.CREATE_OR_REPLACE | Info3.REPLACE_ONLY)) !== 0;
    if (record === undefined || isReplace) {
      if (writePlain(store, cmd, record, set, voidTime, time, out)) return;
    }
    writeGeneral(store, cmd, record, set, voidTime, time, out, isReplace);
  } catch (error) {
    if (!(error instanceof ErrorReply)) throw error;
    out.fail(error.result);
  }
}

/** What can be refused without looking at the record. */
function checkRequest(cmd: Command, isDelete: boolean): number {
  if (cmd.nOps > MAX_OPS) return ResultCode.PARAMETER;
  if (cmd.setEnd - cmd.setStart > MAX_SET_NAME_BYTES) return ResultCode.PARAMETER;
  if (isDelete) {
    // 8.2: tombstones are an Enterprise feature.
    if ((cmd.info2 & Info2.DURABLE_DELETE) !== 0) return ResultCode.ENTERPRISE_ONLY;
  } else {
    if (cmd.nOps === 0) return ResultCode.PARAMETER;
    if (cmd.ttl > MAX_TTL_S && cmd.ttl !== Ttl.NEVER && cmd.ttl !== Ttl.KEEP) return ResultCode.PARAMETER;
  }
  return checkSentKey(cmd);
}

function checkMissing(cmd: Command, isDelete: boolean): number {
  if (isDelete) return ResultCode.NOT_FOUND;
  if ((cmd.info3 & (Info3.UPDATE_ONLY | Info3.REPLACE_ONLY)) !== 0) return ResultCode.NOT_FOUND;
  return checkGeneration(cmd, 0);
}

function checkExisting(store: NamespaceStore, cmd: Command, record: StoredRecord): number {
  if ((cmd.info2 & Info2.CREATE_ONLY) !== 0) return ResultCode.RECORD_EXISTS;
  const generation = checkGeneration(cmd, record.generation);
  if (generation !== 0) return generation;
  // 8.3: a delete may leave the set out, as a read may.
  const mayOmitSet = (cmd.info2 & Info2.DELETE) !== 0 && !cmd.hasSet;
  if (!mayOmitSet && !cmd.impliedSet && !isSameSet(cmd, record)) return ResultCode.PARAMETER;
  return isSameKey(store, cmd, record) ? ResultCode.OK : ResultCode.KEY_MISMATCH;
}

/** 8.3: a missing record counts as generation 0. */
function checkGeneration(cmd: Command, stored: number): number {
  if ((cmd.info2 & Info2.GENERATION) !== 0 && cmd.generation !== stored) return ResultCode.GENERATION;
  if ((cmd.info2 & Info2.GENERATION_GT) !== 0 && cmd.generation <= stored) return ResultCode.GENERATION;
  return ResultCode.OK;
}

function findOrAddSet(store: NamespaceStore, cmd: Command): SetInfo | undefined {
  return cmd.hasSet ? store.sets.intern(cmd.buf, cmd.setStart, cmd.setEnd) : undefined;
}

/** 7: the void-time that a request's TTL means. Throws ErrorReply. */
function voidTimeFor(store: NamespaceStore, ttl: number, record: StoredRecord | undefined, nowS: number): number {
  if (ttl === Ttl.NEVER) return 0;
  if (ttl === Ttl.KEEP && record !== undefined) return record.voidTime;
  const seconds = ttl === Ttl.DEFAULT || ttl === Ttl.KEEP ? store.options.defaultTtlS : ttl;
  if (seconds === 0) return 0;
  if (store.options.nsupPeriodS === 0) throw new ErrorReply(ResultCode.FORBIDDEN);
  return nowS + seconds;
}

/**
 * The path of bulk loads: the command consists of WRITE ops whose values are stored as they are, each bin once, and no
 * bin of an old record remains. Then the row image is the ops of the request with the op code changed. Returns false if
 * the command is of another kind.
 */
function writePlain(
  store: NamespaceStore,
  cmd: Command,
  record: StoredRecord | undefined,
  set: SetInfo | undefined,
  voidTime: number,
  time: CommandTime,
  out: ReplyWriter,
): boolean {
  const { buf, nOps } = cmd;
  if (nOps > MAX_PLAIN_OPS) return false;
  let flat = 0;
  cursor.reset(buf, cmd.opsStart, nOps);
  for (let i = 0; cursor.next(); i++) {
    if (cursor.code !== Op.WRITE || cursor.hasLut || cursor.type === Particle.NULL) return false;
    const { nameStart, nameEnd, valueStart, end } = cursor;
    if (nameEnd - nameStart > MAX_BIN_NAME_BYTES) throw new ErrorReply(ResultCode.BIN_NAME);
    if (checkNormalized(cursor.type, buf, valueStart, end) !== IS_NORMALIZED) return false;
    for (let j = 0; j < i; j++) if (sameName(buf, plainNames[j]!, nameStart)) return false;
    plainNames[i] = nameStart;
    flat += flatBinBytes(nameEnd - nameStart, cursor.type, end - valueStart);
  }
  // 6: a write without a key keeps the stored one.
  let keyBuf = buf;
  let keyStart = cmd.keyStart;
  let keyEnd = cmd.keyEnd;
  if (keyStart < 0 && record !== undefined) {
    keyBuf = record.slab;
    keyStart = store.keyStart(record);
    keyEnd = store.keyEnd(record);
  }
  const setBytes = set === undefined ? 0 : set.bytes.length;
  const storedBytes = flatRecordBytes(flat, nOps, setBytes, keyEnd - keyStart, voidTime !== 0);
  if (storedBytes > store.options.maxRecordSizeBytes) throw new ErrorReply(ResultCode.RECORD_TOO_BIG);
  store.beginImage(cmd.digestBuf, cmd.digestStart, set, keyBuf, keyStart, keyEnd, cmd.opsEnd - cmd.opsStart);
  const { slotSlab: slab, slotOps } = store;
  copyBytes(slab, slotOps, buf, cmd.opsStart, cmd.opsEnd);
  for (let i = 0; i < nOps; i++) {
    // The op code lies 4, the flags 2 bytes in front of the name.
    const name = slotOps + plainNames[i]! - cmd.opsStart;
    slab[name - 4] = Op.READ;
    slab[name - 2] = 0;
  }
  const generation = nextGeneration(record);
  store.commit(record, set, nOps, generation, voidTime, time.nowMs, storedBytes);
  if ((cmd.info2 & Info2.RESPOND_ALL_OPS) !== 0) {
    for (let i = 0; i < nOps; i++) {
      const name = plainNames[i]!;
      out.op(Op.WRITE, Particle.NULL, buf, name, name + buf[name - 1]!);
    }
  }
  out.finish(generation, voidTime);
  return true;
}

/** Compares two bin names by where they start; the byte in front of a name is its length. */
function sameName(buf: Buffer, a: number, b: number): boolean {
  const length = buf[a - 1]!;
  if (buf[b - 1] !== length) return false;
  for (let i = 0; i < length; i++) if (buf[a + i] !== buf[b + i]) return false;
  return true;
}

/** Any other write: takes the record apart, applies the ops, and stores what comes out. */
function writeGeneral(
  store: NamespaceStore,
  cmd: Command,
  record: StoredRecord | undefined,
  set: SetInfo | undefined,
  voidTime: number,
  time: CommandTime,
  out: ReplyWriter,
  isReplace: boolean,
): void {
  const onlyTouches = checkOps(cmd, isReplace);
  if (record === undefined && onlyTouches) throw new ErrorReply(ResultCode.NOT_FOUND);
  const builder = isReplace ? new RecordBuilder() : RecordBuilder.fromRecord(record);
  const context = createRecordContext(store, record, time, builder, cmd);
  const respondAll = (cmd.info2 & Info2.RESPOND_ALL_OPS) !== 0;
  runOps(cmd, cursor, out, { builder, respondAll, writable: true, context });
  if (builder.bins.length === 0) {
    // 8.3: a record without bins does not exist.
    if (record === undefined) throw new ErrorReply(ResultCode.NOT_FOUND);
    store.remove(record);
    out.finish(0, 0);
    return;
  }
  const key =
    cmd.keyStart >= 0
      ? cmd.buf.subarray(cmd.keyStart, cmd.keyEnd)
      : record?.slab.subarray(store.keyStart(record), store.keyEnd(record));
  const storedBytes = builder.storedBytes(set?.bytes.length ?? 0, key?.length ?? 0, voidTime !== 0);
  if (storedBytes > store.options.maxRecordSizeBytes) throw new ErrorReply(ResultCode.RECORD_TOO_BIG);
  builder.beginImage(store, cmd.digestBuf, cmd.digestStart, set, key);
  const generation = nextGeneration(record);
  store.commit(record, set, builder.bins.length, generation, voidTime, time.nowMs, storedBytes);
  out.finish(generation, voidTime);
}

/** Checks the combination of ops; returns true if there is nothing but TOUCH. Throws ErrorReply. */
function checkOps(cmd: Command, isReplace: boolean): boolean {
  let onlyTouches = true;
  cursor.reset(cmd.buf, cmd.opsStart, cmd.nOps);
  while (cursor.next()) {
    if (cursor.code !== Op.TOUCH) onlyTouches = false;
    // 8.3: a replace leaves nothing that these could work on.
    const needsOld = cursor.code !== Op.WRITE && cursor.code !== Op.READ && cursor.code !== Op.EXP_READ;
    const deletes = cursor.code === Op.WRITE && cursor.type === Particle.NULL;
    if (isReplace && (needsOld || deletes)) throw new ErrorReply(ResultCode.PARAMETER);
  }
  return onlyTouches;
}
