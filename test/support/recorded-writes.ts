/** The recorded conversations of the C tool (test/fixtures/wire), taken apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { Decoder, Entry, type DecodedRecord } from '../../src/asb/decoder.js';

const WIRE = new URL('../fixtures/wire/', import.meta.url);

/** Whole frames of message type that went one way, all connections of a recording. */
export function recordedFrames(recording: string, from: 'C' | 'S'): Buffer[] {
  return readdirSync(new URL(`${recording}/`, WIRE))
    .filter((name) => name.endsWith('.log'))
    .sort()
    .flatMap((name) => readFileSync(new URL(`${recording}/${name}`, WIRE), 'latin1').split('\n'))
    .filter((line) => line.startsWith(`${from} 0203`))
    .map((line) => Buffer.from(line.slice(2), 'hex'));
}

/** The conversation of one connection that sent message frames: request and everything that came back for it. */
export function recordedExchanges(recording: string): { request: Buffer; replies: Buffer[] }[] {
  const exchanges: { request: Buffer; replies: Buffer[] }[] = [];
  for (const name of readdirSync(new URL(`${recording}/`, WIRE))
    .filter((n) => n.endsWith('.log'))
    .sort()) {
    for (const line of readFileSync(new URL(`${recording}/${name}`, WIRE), 'latin1').split('\n')) {
      if (line.startsWith('C 0203')) exchanges.push({ request: Buffer.from(line.slice(2), 'hex'), replies: [] });
      else if (line.startsWith('S 0203')) exchanges.at(-1)!.replies.push(Buffer.from(line.slice(2), 'hex'));
    }
  }
  return exchanges;
}

/** The records of the backup that the recordings restored. */
export function forEachRecord(take: (record: DecodedRecord) => void, file = 'corpus.asb'): number {
  const decoder = new Decoder({ file });
  decoder.write(readFileSync(new URL(file, WIRE)));
  decoder.end();
  let records = 0;
  for (let kind = decoder.next(); kind !== Entry.END; kind = decoder.next()) {
    if (kind !== Entry.RECORD) continue;
    records++;
    take(decoder.record);
  }
  return records;
}

export interface Row {
  digest: string;
  flags: number;
  info1: number;
  info2: number;
  info3: number;
  generation: number;
  ttlS: number;
  /** Everything behind the counts, fields and ops, in hex. */
  fields: string[];
  ops: string[];
}

const PREFIX_BYTES = 8 + 22 + 5 + 5;

/** Rows of batch frames by digest. */
export function batchRows(frames: readonly Buffer[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const frame of frames) {
    if (frame[9] !== 8) throw new Error('not a batch');
    let at = PREFIX_BYTES;
    for (let n = frame.readUInt32BE(8 + 22 + 5); n > 0; n--) {
      const row: Row = {
        digest: frame.toString('hex', at + 4, at + 24),
        flags: frame[at + 24]!,
        info1: frame[at + 25]!,
        info2: frame[at + 26]!,
        info3: frame[at + 27]!,
        generation: frame.readUInt16BE(at + 28),
        ttlS: frame.readUInt32BE(at + 30),
        fields: [],
        ops: [],
      };
      at = parts(frame, at + 38, frame.readUInt16BE(at + 34), row.fields);
      at = parts(frame, at, frame.readUInt16BE(at - readLength(row.fields) - 2), row.ops);
      rows.set(row.digest, row);
    }
    if (at !== frame.length) throw new Error(`batch ends at ${at} of ${frame.length}`);
  }
  return rows;
}

/** Single-record commands by digest. */
export function singleRows(frames: readonly Buffer[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const frame of frames) {
    const row: Row = {
      digest: '',
      flags: frame[12]!,
      info1: frame[9]!,
      info2: frame[10]!,
      info3: frame[11]!,
      generation: frame.readUInt32BE(14),
      ttlS: frame.readUInt32BE(18),
      fields: [],
      ops: [],
    };
    let at = parts(frame, 30, frame.readUInt16BE(26), row.fields);
    at = parts(frame, at, frame.readUInt16BE(28), row.ops);
    if (at !== frame.length) throw new Error('trailing bytes');
    // The digest field: size 21, id 4.
    row.digest = row.fields.find((field) => field.startsWith('0000001504'))!.slice(10);
    rows.set(row.digest, row);
  }
  return rows;
}

function parts(frame: Buffer, at: number, count: number, out: string[]): number {
  for (; count > 0; count--) {
    const end = at + 4 + frame.readUInt32BE(at);
    out.push(frame.toString('hex', at, end));
    at = end;
  }
  return at;
}

function readLength(hex: readonly string[]): number {
  return hex.reduce((sum, part) => sum + part.length / 2, 0);
}
