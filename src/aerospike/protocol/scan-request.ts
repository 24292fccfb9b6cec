/** Builds the request of a partition scan (wire.md 5.1). */
import { DIGEST_BYTES } from '../../core/partition.js';
import { writeFrameHeader } from './frame.js';
import { Field, FRAME_HEADER_BYTES, FrameType, Info1, Info3, MESSAGE_HEADER_BYTES, Op, Ttl } from './constants.js';

/** What a scan asks of every node, whatever the partitions. */
export interface ScanSelection {
  namespace: string;
  /** One set, or '' for all. Several sets go into the filter. */
  set: string;
  /** With several sets in the filter: their names, to check the answer. '' = records without a set. */
  sets?: readonly string[];
  /** Empty = all bins. A record with none of the named bins is left out by the server. */
  bins: string[];
  noBins: boolean;
  /** Predicate expression, sent verbatim (wire.md 10). */
  filter?: Buffer;
  /** 0 = unlimited. */
  recordsPerSecond: number;
  socketTimeoutMs: number;
  totalTimeoutMs: number;
}

/**
 * One scan command: `partitions` from their start, and the partitions of `digests` (20 bytes each) after that digest.
 * `maxRecords` 0 = all.
 */
export function scanRequest(
  selection: ScanSelection,
  taskId: bigint,
  partitions: readonly number[],
  digests: Buffer,
  maxRecords = 0n,
): Buffer {
  const fields: Buffer[] = [field(Field.NAMESPACE, Buffer.from(selection.namespace))];
  if (selection.set !== '') fields.push(field(Field.SET, Buffer.from(selection.set)));
  if (selection.recordsPerSecond > 0) fields.push(field(Field.RECORDS_PER_SECOND, uint32(selection.recordsPerSecond)));
  fields.push(field(Field.SOCKET_TIMEOUT, uint32(selection.socketTimeoutMs)));
  fields.push(field(Field.TASK_ID, uint64(taskId)));
  if (selection.filter !== undefined) fields.push(field(Field.FILTER, selection.filter));
  if (partitions.length > 0) {
    const ids = Buffer.alloc(partitions.length * 2);
    let at = 0;
    for (const partition of partitions) {
      ids[at] = partition & 0xff;
      ids[at + 1] = partition >>> 8;
      at += 2;
    }
    fields.push(field(Field.PID_ARRAY, ids));
  }
  if (digests.length > 0) {
    if (digests.length % DIGEST_BYTES !== 0) throw new RangeError('digests must be 20 bytes each');
    fields.push(field(Field.DIGEST_ARRAY, digests));
  }
  if (maxRecords > 0n) fields.push(field(Field.MAX_RECORDS, uint64(maxRecords)));
  const ops = selection.noBins ? [] : selection.bins.map(readOp);

  const body = Buffer.concat([Buffer.alloc(MESSAGE_HEADER_BYTES), ...fields, ...ops]);
  body[0] = MESSAGE_HEADER_BYTES;
  body[1] = selection.noBins ? Info1.READ | Info1.GET_NO_BINS : Info1.READ;
  // "Send no marker for partitions that went well": servers demand it with PID_ARRAY and DIGEST_ARRAY.
  body[3] = Info3.PARTITION_DONE;
  // In a read this is the read-touch percentage; a backup must not prolong lives.
  body.writeUInt32BE(Ttl.NEVER, 10);
  body.writeUInt32BE(selection.totalTimeoutMs, 14);
  body.writeUInt16BE(fields.length, 18);
  body.writeUInt16BE(ops.length, 20);
  const out = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(out, FrameType.MESSAGE, body.length);
  body.copy(out, FRAME_HEADER_BYTES);
  return out;
}

/** BE32 size (id and data) · id · data (wire.md 1.3). */
export function field(id: number, data: Buffer): Buffer {
  const out = Buffer.allocUnsafe(5 + data.length);
  out.writeUInt32BE(data.length + 1, 0);
  out[4] = id;
  data.copy(out, 5);
  return out;
}

function readOp(bin: string): Buffer {
  const name = Buffer.from(bin);
  const out = Buffer.alloc(8 + name.length);
  out.writeUInt32BE(4 + name.length, 0);
  out[4] = Op.READ;
  out[7] = name.length;
  name.copy(out, 8);
  return out;
}

function uint32(value: number): Buffer {
  const out = Buffer.allocUnsafe(4);
  out.writeUInt32BE(value, 0);
  return out;
}

function uint64(value: bigint): Buffer {
  const out = Buffer.allocUnsafe(8);
  out.writeBigUInt64BE(value, 0);
  return out;
}
