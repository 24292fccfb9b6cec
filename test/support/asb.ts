/** What the tests of the backup format share: fixtures, a plain model of what a file holds, and both ways to it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  DECODED_BIN_STRIDE,
  Decoder,
  Entry,
  FormatError,
  NAME_IN_ARENA,
  VALUE_IN_ARENA,
} from '../../src/asb/decoder.js';
import type { DecodedRecord, DecoderOptions } from '../../src/asb/decoder.js';
import { VERSION_LINE_BYTES } from '../../src/asb/format.js';
import { RecordEncoder, encodeHeader, encodeSindex, encodeUdf } from '../../src/asb/encoder.js';
import { BIN_STRIDE } from '../../src/core/record-view.js';
import { allocWithSlack } from '../../src/core/byte-copy.js';
import type { RecordView } from '../../src/core/record-view.js';
import type { Sindex, Udf } from '../../src/core/sindex.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

export function fixture(path: string): Buffer {
  return readFileSync(FIXTURES + path);
}

export function vectors(name: string): unknown {
  return JSON.parse(fixture(`vectors/${name}`).toString('utf8'));
}

export interface Bin {
  name: Buffer;
  particle: number;
  value: Buffer;
}

export interface PlainRecord {
  namespace: string;
  set: Buffer;
  digest: Buffer;
  keyType: number;
  key: Buffer;
  generation: number;
  voidTime: number;
  bins: Bin[];
}

export type PlainEntry =
  | { kind: 'record'; record: PlainRecord; binsInFile: number }
  | { kind: 'sindex'; sindex: Sindex }
  | { kind: 'udf'; udf: Udf }
  | { kind: 'meta' };

/** A copy of what the decoder's view shows. */
export function copyRecord(view: DecodedRecord): PlainRecord {
  const bins: Bin[] = [];
  for (let i = 0; i < view.binCount; i++) {
    const [particle, nameStart, nameEnd, start, end, flags] = view.bins.subarray(i * DECODED_BIN_STRIDE);
    const names = (flags! & NAME_IN_ARENA) !== 0 ? view.arena : view.input;
    const values = (flags! & VALUE_IN_ARENA) !== 0 ? view.arena : view.input;
    bins.push({
      particle: particle!,
      name: Buffer.from(names.subarray(nameStart, nameEnd)),
      value: Buffer.from(values.subarray(start, end)),
    });
  }
  return {
    namespace: view.namespace,
    set: Buffer.from(view.setBuf.subarray(view.setStart, view.setEnd)),
    digest: Buffer.from(view.digest),
    keyType: view.keyType,
    key: Buffer.from(view.keyBuf.subarray(view.keyStart, view.keyEnd)),
    generation: view.generation,
    voidTime: view.voidTime,
    bins,
  };
}

/** The same bytes in memory of their own that goes on behind them. */
export function withSlack(bytes: Buffer): Buffer {
  const copy = allocWithSlack(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** A record as the backup's scan would show it: everything in one buffer, at offsets that are not 0. */
export function toView(record: PlainRecord): RecordView {
  const parts: Buffer[] = [Buffer.from('padding')];
  let size = parts[0]!.length;
  const put = (bytes: Buffer): number => {
    parts.push(bytes);
    size += bytes.length;
    return size - bytes.length;
  };
  const setStart = put(record.set);
  const digestStart = put(record.digest);
  const keyStart = put(record.key);
  const bins = new Int32Array(record.bins.length * BIN_STRIDE);
  record.bins.forEach((bin, i) => {
    const nameStart = put(bin.name);
    const start = put(bin.value);
    bins.set([bin.particle, nameStart, nameStart + bin.name.length, start, size], i * BIN_STRIDE);
  });
  return {
    buf: withSlack(Buffer.concat(parts)),
    setStart,
    setEnd: setStart + record.set.length,
    digestStart,
    keyType: record.keyType,
    keyStart,
    keyEnd: keyStart + record.key.length,
    generation: record.generation,
    voidTime: record.voidTime,
    binCount: record.bins.length,
    bins,
  };
}

export interface Decoded {
  decoder: Decoder;
  entries: PlainEntry[];
  /** Offset at which each entry begins, and the end of the last. */
  offsets: number[];
}

/** Decodes `text` cut at the given sizes (repeated to the end). */
export function decode(text: Buffer, options: Partial<DecoderOptions> & { chunks?: readonly number[] } = {}): Decoded {
  const { chunks = [Math.max(text.length, 1)], ...rest } = options;
  const decoder = new Decoder({ file: 'backup.asb', ...rest });
  const entries: PlainEntry[] = [];
  const offsets: number[] = [];
  const drain = (): void => {
    for (;;) {
      // The version line is consumed together with the first entry.
      const offset = Math.max(decoder.position.offset, VERSION_LINE_BYTES);
      switch (decoder.next()) {
        case Entry.NEED_DATA:
        case Entry.END:
          return;
        case Entry.RECORD:
          entries.push({ kind: 'record', record: copyRecord(decoder.record), binsInFile: decoder.record.binsInFile });
          break;
        case Entry.SINDEX:
          entries.push({ kind: 'sindex', sindex: decoder.sindex });
          break;
        case Entry.UDF:
          entries.push({ kind: 'udf', udf: decoder.udf });
          break;
        case Entry.META:
          entries.push({ kind: 'meta' });
      }
      offsets.push(offset);
    }
  };
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = Math.max(1, chunks[i % chunks.length]!);
    // A buffer that is overwritten at once: the decoder must have copied it.
    const chunk = Buffer.from(text.subarray(at, at + size));
    decoder.write(chunk);
    chunk.fill(0x58);
    drain();
    at += size;
  }
  decoder.end();
  drain();
  offsets.push(decoder.position.offset);
  return { decoder, entries, offsets };
}

/** The file that the entries came from, written anew. */
export function reencode({ decoder, entries }: Decoded, compact: boolean): Buffer {
  const namespace = decoder.meta.namespace ?? '';
  const encoder = new RecordEncoder({ namespace, compact, bufferBytes: 1024 });
  const parts = [encodeHeader(namespace, decoder.meta.firstFile === true)];
  for (const entry of entries) {
    if (entry.kind === 'sindex') parts.push(encodeSindex(entry.sindex));
    else if (entry.kind === 'udf') parts.push(encodeUdf(entry.udf));
    else if (entry.kind === 'record') {
      encoder.encode(toView(entry.record));
      parts.push(encoder.drain());
    }
  }
  return Buffer.concat(parts);
}

export function records(decoded: Decoded): PlainRecord[] {
  return decoded.entries.flatMap((entry) => (entry.kind === 'record' ? [entry.record] : []));
}

/** A whole small file around one record's header lines and bins. */
export const DIGEST_TEXT = 'AAECAwQFBgcICQoLDA0ODxAREhM=';
export function fileWith(bins: readonly (string | Buffer)[], version = '3.1'): Buffer {
  return Buffer.concat([
    Buffer.from(`Version ${version}\n+ n test\n+ d ${DIGEST_TEXT}\n+ g 1\n+ t 0\n+ b ${bins.length}\n`),
    ...bins.flatMap((bin) => [typeof bin === 'string' ? Buffer.from(bin, 'latin1') : bin, Buffer.from('\n')]),
  ]);
}

/** The FormatError that `text` is refused with. */
export function decodeError(text: Buffer | string, options: Parameters<typeof decode>[1] = {}): FormatError {
  try {
    decode(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, options);
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error('the text was accepted');
}
