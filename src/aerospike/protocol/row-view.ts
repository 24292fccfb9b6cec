/**
 * A record of a scan's answer, as offsets into the receive buffer (wire.md 1.2–1.5, 5.2).
 *
 * HOT PATH: one object serves for all records of a connection; `parse` reads a message in one pass and allocates
 * nothing but a larger bin table when a record has more bins than any before.
 */
import { BIN_STRIDE, type RecordView } from '../../core/record-view.js';
import { DIGEST_BYTES } from '../../core/partition.js';
import { Particle } from '../../core/particle.js';
import { ProtocolError } from '../errors.js';
import { Field, Info3, MESSAGE_HEADER_BYTES, Op, RESULT_OFFSET } from './constants.js';

/** What the server allows, and every reader of backup files. */
const MAX_GENERATION = 0xffff;
const MAX_SET_BYTES = 63;
const MAX_BIN_NAME_BYTES = 15;

export const Message = {
  /** The bytes end before the message does. */
  INCOMPLETE: 0,
  RECORD: 1,
  /** The scan on this node is over; `resultCode` says how. */
  LAST: 2,
  /** A partition is finished (`resultCode` 0) or cannot be served (otherwise); its id is in `partition`. */
  PARTITION: 3,
  /** The node refused the scan before it began. No LAST follows. */
  ERROR: 4,
} as const;

export class RowView implements RecordView {
  buf: Buffer = Buffer.alloc(0);
  namespaceStart = 0;
  namespaceEnd = 0;
  setStart = 0;
  setEnd = 0;
  digestStart = 0;
  /** Particle type of the user key; 0 = none is stored. */
  keyType = 0;
  keyStart = 0;
  keyEnd = 0;
  generation = 0;
  /** Seconds since 2010-01-01T00:00:00Z, 0 = never. */
  voidTime = 0;
  binCount = 0;
  bins = new Int32Array(64 * BIN_STRIDE);
  resultCode = 0;
  partition = 0;
  /** Where the message parsed last ends. */
  end = 0;

  /** Reads the message at `start`; bytes from `limit` on are not there yet. Returns one of `Message`. */
  parse(buf: Buffer, start: number, limit: number): number {
    if (limit - start < MESSAGE_HEADER_BYTES) return Message.INCOMPLETE;
    const headerBytes = buf[start]!;
    if (headerBytes !== MESSAGE_HEADER_BYTES)
      throw new ProtocolError(`A message header of ${headerBytes} bytes arrived`);
    const info3 = buf[start + 3]!;
    const result = buf[start + RESULT_OFFSET]!;
    const fieldCount = (buf[start + 18]! << 8) | buf[start + 19]!;
    const opCount = (buf[start + 20]! << 8) | buf[start + 21]!;
    this.generation = u32(buf, start + 6);
    this.voidTime = u32(buf, start + 10);
    this.resultCode = result;
    if ((info3 & (Info3.LAST | Info3.PARTITION_DONE)) !== 0 || result !== 0) {
      return this.parseMarker(buf, start, limit, info3, fieldCount + opCount);
    }
    if (this.generation > MAX_GENERATION) throw new ProtocolError(`A generation of ${this.generation} arrived`);
    this.buf = buf;
    const fieldsEnd = this.parseFields(buf, start + MESSAGE_HEADER_BYTES, limit, fieldCount);
    if (fieldsEnd < 0) return Message.INCOMPLETE;
    const end = this.parseOps(buf, fieldsEnd, limit, opCount);
    if (end < 0) return Message.INCOMPLETE;
    this.end = end;
    return Message.RECORD;
  }

  private parseMarker(buf: Buffer, start: number, limit: number, info3: number, parts: number): number {
    // A new server may add fields that explain an error; they are stepped over.
    let pos = start + MESSAGE_HEADER_BYTES;
    for (let i = 0; i < parts; i++) {
      if (limit - pos < 4) return Message.INCOMPLETE;
      pos += 4 + u32(buf, pos);
      if (pos > limit) return Message.INCOMPLETE;
    }
    this.end = pos;
    if ((info3 & Info3.LAST) !== 0) return Message.LAST;
    if ((info3 & Info3.PARTITION_DONE) === 0) return Message.ERROR;
    this.partition = this.generation;
    return Message.PARTITION;
  }

  /** Returns where the fields end, or −1 if that has not arrived. */
  private parseFields(buf: Buffer, start: number, limit: number, count: number): number {
    let pos = start;
    this.namespaceStart = this.namespaceEnd = 0;
    this.setStart = this.setEnd = 0;
    this.digestStart = -1;
    this.keyType = 0;
    this.keyStart = this.keyEnd = 0;
    for (let i = 0; i < count; i++) {
      if (limit - pos < 5) return -1;
      const size = u32(buf, pos);
      const id = buf[pos + 4]!;
      const data = pos + 5;
      pos += 4 + size;
      if (size < 1) throw new ProtocolError('A field of no bytes arrived');
      if (pos > limit) return -1;
      switch (id) {
        case Field.NAMESPACE:
          this.namespaceStart = data;
          this.namespaceEnd = pos;
          break;
        case Field.DIGEST:
          if (pos - data !== DIGEST_BYTES) throw new ProtocolError(`A digest of ${pos - data} bytes arrived`);
          this.digestStart = data;
          break;
        case Field.SET:
          if (pos - data > MAX_SET_BYTES) throw new ProtocolError(`A set name of ${pos - data} bytes arrived`);
          this.setStart = data;
          this.setEnd = pos;
          break;
        case Field.KEY:
          if (data === pos) throw new ProtocolError('An empty user key arrived');
          this.keyType = buf[data]!;
          this.keyStart = data + 1;
          this.keyEnd = pos;
          if ((this.keyType === Particle.INTEGER || this.keyType === Particle.FLOAT) && pos - data !== 9) {
            throw new ProtocolError(`A numeric user key of ${pos - data - 1} bytes arrived`);
          }
          break;
        default:
          throw new ProtocolError(`A record arrived with a field of id ${id}, which this program does not know`);
      }
    }
    if (this.digestStart < 0) throw new ProtocolError('A record arrived without its digest');
    return pos;
  }

  /** Returns where the ops end, or −1 if that has not arrived. */
  private parseOps(buf: Buffer, start: number, limit: number, count: number): number {
    let pos = start;
    if (count * BIN_STRIDE > this.bins.length) this.bins = new Int32Array(count * 2 * BIN_STRIDE);
    const bins = this.bins;
    for (let i = 0, b = 0; i < count; i++, b += BIN_STRIDE) {
      if (limit - pos < 8) return -1;
      const size = u32(buf, pos);
      const op = buf[pos + 4]!;
      const type = buf[pos + 5]!;
      const flags = buf[pos + 6]!;
      const nameStart = pos + 8;
      const nameEnd = nameStart + buf[pos + 7]!;
      // Bit 0: an 8-byte last-update-time stands between name and value.
      let valueStart = (flags & 1) === 0 ? nameEnd : nameEnd + 8;
      pos += 4 + size;
      if (valueStart > pos) throw new ProtocolError('A bin is longer than the op that holds it');
      if (pos > limit) return -1;
      if (nameEnd - nameStart > MAX_BIN_NAME_BYTES) {
        throw new ProtocolError(`A bin name of ${nameEnd - nameStart} bytes arrived`);
      }
      if (op !== Op.READ) throw new ProtocolError(`A record arrived with an op of code ${op}`);
      switch (type) {
        case Particle.INTEGER:
        case Particle.FLOAT:
          if (pos - valueStart !== 8) throw new ProtocolError(`A number of ${pos - valueStart} bytes arrived`);
          break;
        case Particle.BOOL:
          if (pos - valueStart !== 1) throw new ProtocolError(`A boolean of ${pos - valueStart} bytes arrived`);
          break;
        case Particle.GEOJSON: {
          // Flags, number of cells, cells; what follows is the text (wire.md 1.5).
          const cells = pos - valueStart < 3 ? -1 : (buf[valueStart + 1]! << 8) | buf[valueStart + 2]!;
          valueStart += 3 + 8 * cells;
          if (cells < 0 || valueStart > pos) throw new ProtocolError('A GeoJSON value is cut short');
          break;
        }
        default:
      }
      bins[b] = type;
      bins[b + 1] = nameStart;
      bins[b + 2] = nameEnd;
      bins[b + 3] = valueStart;
      bins[b + 4] = pos;
    }
    this.binCount = count;
    return pos;
  }
}

function u32(buf: Buffer, at: number): number {
  return ((buf[at]! << 24) | (buf[at + 1]! << 16) | (buf[at + 2]! << 8) | buf[at + 3]!) >>> 0;
}
