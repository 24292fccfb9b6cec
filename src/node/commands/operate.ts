/** The ops of a command, applied one after the other to the bins of one record. Spec: wire.md 1.4, 8.3, 10.5, 12.1. */
import { Op, ResultCode } from '../../aerospike/protocol/constants.js';
import { Particle } from '../../core/particle.js';
import { applyCdt } from '../cdt/apply-cdt.js';
import type { RecordBuilder } from '../data/record-builder.js';
import { runExpression } from '../filter/filter.js';
import type { RecordContext } from '../filter/record-context.js';
import type { Command, OpCursor } from '../protocol/command.js';
import { MsgpackError } from '../protocol/msgpack.js';
import { fromValue, normalizeParticle, toValue, type BinValue } from '../data/particle-value.js';
import { ErrorReply, type ReplyWriter } from '../protocol/reply.js';

export const MAX_BIN_NAME_BYTES = 15;
const INTEGER_BYTES = 8;

/** 10.5 Flags of expression ops. */
const ExpressionFlag = {
  CREATE_ONLY: 1,
  UPDATE_ONLY: 2,
  ALLOW_DELETE: 4,
  POLICY_NO_FAIL: 8,
  EVALUATION_NO_FAIL: 16,
} as const;

export interface OperateOptions {
  /** The record's bins; changed by writing ops. */
  builder: RecordBuilder;
  /** One reply op per request op (RESPOND_ALL_OPS). */
  respondAll: boolean;
  /** Whether ops that change the record are allowed. */
  writable: boolean;
  /** For expression ops: the record's metadata and the bins of the builder. */
  context: RecordContext;
}

/** Runs all ops of `cmd`, adding their results to `out`. Returns true if any of them was a writing op. */
export function runOps(cmd: Command, cursor: OpCursor, out: ReplyWriter, options: OperateOptions): boolean {
  const { builder, respondAll } = options;
  const { buf } = cmd;
  let wrote = false;
  cursor.reset(buf, cmd.opsStart, cmd.nOps);
  while (cursor.next()) {
    const { code, type, nameStart, nameEnd } = cursor;
    if (nameEnd - nameStart > MAX_BIN_NAME_BYTES) throw new ErrorReply(ResultCode.BIN_NAME);
    const name = cursor.readName();
    let result: BinValue | undefined;
    let answers = respondAll;
    switch (code) {
      case Op.READ:
        if (name === '') {
          for (const bin of builder.bins) {
            const binName = Buffer.from(bin.name, 'latin1');
            out.op(Op.READ, bin.type, binName, 0, binName.length, bin.value);
          }
          continue;
        }
        result = builder.get(name);
        break;
      case Op.CDT_READ: {
        const bin = builder.get(name);
        result = cdt(bin, cursor.readValue(), false).result;
        break;
      }
      case Op.EXP_READ:
        result = expressionRead(cursor.readValue(), options.context);
        break;
      case Op.HLL_READ:
      case Op.HLL_MODIFY:
      case Op.BITS_READ:
      case Op.BITS_MODIFY:
        // Sketches and bit strings are stored and returned, not computed with.
        throw new ErrorReply(ResultCode.UNSUPPORTED);
      default:
        if (!options.writable) throw new ErrorReply(ResultCode.PARAMETER);
        wrote = true;
        result = writingOp(code, type, name, cursor.readValue(), options);
        // 8.3: TOUCH has no reply op even then.
        answers = respondAll && code !== Op.TOUCH;
    }
    if (result !== undefined) out.op(code, result.type, buf, nameStart, nameEnd, result.value);
    else if (answers) out.op(code, Particle.NULL, buf, nameStart, nameEnd);
  }
  return wrote;
}

function writingOp(
  code: number,
  type: number,
  name: string,
  value: Buffer,
  options: OperateOptions,
): BinValue | undefined {
  const { builder } = options;
  switch (code) {
    case Op.WRITE:
      if (type === Particle.NULL) builder.remove(name);
      else builder.set(name, type, normalizeParticle(type, value));
      return undefined;
    case Op.INCR:
      increment(builder, name, type, value);
      return undefined;
    case Op.APPEND:
    case Op.PREPEND:
      concatenate(builder, name, type, value, code === Op.APPEND);
      return undefined;
    case Op.TOUCH:
      return undefined;
    case Op.DELETE_ALL:
      builder.bins.length = 0;
      return undefined;
    case Op.CDT_MODIFY: {
      const { result, changed } = cdt(builder.get(name), value, true);
      if (changed !== undefined) builder.set(name, changed.type, changed.value);
      return result;
    }
    case Op.EXP_MODIFY:
      expressionWrite(builder, name, value, options.context);
      return undefined;
    default:
      throw new ErrorReply(ResultCode.PARAMETER);
  }
}

function increment(builder: RecordBuilder, name: string, type: number, value: Buffer): void {
  const by = normalizeParticle(type, value);
  const bin = builder.get(name);
  if (type !== Particle.INTEGER && type !== Particle.FLOAT) throw new ErrorReply(ResultCode.PARAMETER);
  if (bin === undefined) {
    builder.set(name, type, by);
    return;
  }
  if (bin.type !== type) throw new ErrorReply(ResultCode.BIN_TYPE);
  const out = Buffer.alloc(INTEGER_BYTES);
  if (type === Particle.INTEGER) {
    out.writeBigInt64BE(BigInt.asIntN(64, bin.value.readBigInt64BE(0) + by.readBigInt64BE(0)));
  } else out.writeDoubleBE(bin.value.readDoubleBE(0) + by.readDoubleBE(0));
  builder.set(name, type, out);
}

function concatenate(builder: RecordBuilder, name: string, type: number, value: Buffer, atEnd: boolean): void {
  const bin = builder.get(name);
  if (type !== Particle.STRING && type !== Particle.BLOB) throw new ErrorReply(ResultCode.PARAMETER);
  if (bin !== undefined && bin.type !== type) throw new ErrorReply(ResultCode.BIN_TYPE);
  const old = bin?.value ?? Buffer.alloc(0);
  builder.set(name, type, Buffer.concat(atEnd ? [old, value] : [value, old]));
}

/** One list or map operation on a bin; `changed` is the bin's new value. */
function cdt(
  bin: BinValue | undefined,
  op: Buffer,
  modify: boolean,
): { result: BinValue | undefined; changed: BinValue | undefined } {
  try {
    const value = bin === undefined ? undefined : (toValue(bin.type, bin.value) ?? undefined);
    const outcome = applyCdt(value, op, modify);
    return {
      result: outcome.result === undefined ? undefined : fromValue(outcome.result),
      changed: outcome.container === undefined ? undefined : fromValue(outcome.container),
    };
  } catch (error) {
    if (error instanceof MsgpackError) throw new ErrorReply(ResultCode.PARAMETER);
    throw error;
  }
}

function expressionRead(op: Buffer, context: RecordContext): BinValue | undefined {
  const { value, flags } = runExpression(op, context);
  if (value !== undefined) return fromValue(value);
  if ((flags & ExpressionFlag.EVALUATION_NO_FAIL) !== 0) return undefined;
  throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
}

function expressionWrite(builder: RecordBuilder, name: string, op: Buffer, context: RecordContext): void {
  const { value, flags } = runExpression(op, context);
  if (value === undefined) {
    if ((flags & ExpressionFlag.EVALUATION_NO_FAIL) !== 0) return;
    throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
  }
  const exists = builder.get(name) !== undefined;
  let refusal: number | undefined;
  if (exists && (flags & ExpressionFlag.CREATE_ONLY) !== 0) refusal = ResultCode.BIN_EXISTS;
  else if (!exists && (flags & ExpressionFlag.UPDATE_ONLY) !== 0) refusal = ResultCode.BIN_NOT_FOUND;
  else if (value === null && (flags & ExpressionFlag.ALLOW_DELETE) === 0) refusal = ResultCode.OP_NOT_APPLICABLE;
  if (refusal !== undefined) {
    if ((flags & ExpressionFlag.POLICY_NO_FAIL) !== 0) return;
    throw new ErrorReply(refusal);
  }
  if (value === null) {
    builder.remove(name);
    return;
  }
  const bin = fromValue(value);
  builder.set(name, bin.type, bin.value);
}
