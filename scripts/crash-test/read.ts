/** Reads the files of a backup with the project's own decoder, without a server and without asrestore. */
import type { ByteSource } from '../../src/core/byte-stream.js';
import { formatRecord, type Bin } from './data.js';
import {
  DECODED_BIN_STRIDE,
  type DecodedRecord,
  Decoder,
  Entry,
  NAME_IN_ARENA,
  VALUE_IN_ARENA,
} from '../../src/asb/decoder.js';
import { readKeyFile } from '../../src/codecs/key.js';
import { Codecs } from '../../src/codecs/codecs.js';

const CHUNK_BYTES = 100_000;

type Six = [number, number, number, number, number, number];

export interface BackupFile {
  name: string;
  bytes: Buffer;
}

/** How a backup is stored. */
export interface StoredAs {
  compressed: boolean;
  keyFile?: string;
}

export interface FoundRecords {
  /** Texts by the digest's base64. */
  records: Map<string, string>;
  duplicates: number;
  sindexes: number;
}

export async function readRecords(
  files: readonly BackupFile[],
  { compressed, keyFile }: StoredAs,
): Promise<FoundRecords> {
  const pipeline = await Codecs.open({
    ...(compressed ? { compression: { codec: 'zstd', level: 0 } } : {}),
    ...(keyFile === undefined ? {} : { encryption: { mode: 'aes256', key: readKeyFile(keyFile) } }),
  });
  const found: FoundRecords = { records: new Map(), duplicates: 0, sindexes: 0 };
  for (const { name, bytes } of files) {
    const source = pipeline.decode(createSource(name, bytes));
    const decoder = new Decoder({ file: name });
    for (let ended = false; !ended;) {
      const chunk = await source.read();
      if (chunk === undefined) decoder.end();
      else decoder.write(chunk);
      ended = drain(decoder, found);
    }
  }
  return found;
}

function createSource(name: string, bytes: Buffer): ByteSource {
  let at = 0;
  return {
    name,
    read: () => {
      // A copy: readers may write into it.
      const chunk = Buffer.from(bytes.subarray(at, at + CHUNK_BYTES));
      at += chunk.length;
      return Promise.resolve(chunk.length === 0 ? undefined : chunk);
    },
    close: () => Promise.resolve(),
  };
}

/** Reads what the decoder has. True at the end of the file. */
function drain(decoder: Decoder, found: FoundRecords): boolean {
  for (;;) {
    switch (decoder.next()) {
      case Entry.RECORD: {
        const digest = decoder.record.digest.toString('base64');
        if (found.records.has(digest)) found.duplicates++;
        found.records.set(digest, describeRecord(decoder.record));
        break;
      }
      case Entry.SINDEX:
        found.sindexes++;
        break;
      case Entry.NEED_DATA:
        return false;
      case Entry.END:
        return true;
    }
  }
}

function describeRecord(record: DecodedRecord): string {
  const bins: Bin[] = [];
  for (let i = 0; i < record.binCount; i++) {
    const [type, nameStart, nameEnd, start, end, flags] = record.bins.subarray(
      i * DECODED_BIN_STRIDE,
    ) as unknown as Six;
    const names = (flags & NAME_IN_ARENA) !== 0 ? record.arena : record.input;
    const values = (flags & VALUE_IN_ARENA) !== 0 ? record.arena : record.input;
    bins.push({ name: names.toString('latin1', nameStart, nameEnd), type, value: values.subarray(start, end) });
  }
  const set = record.setBuf.toString('latin1', record.setStart, record.setEnd);
  const key =
    record.keyType === 0
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.of(record.keyType), record.keyBuf.subarray(record.keyStart, record.keyEnd)]);
  return formatRecord(set, record.generation, record.voidTime, key, bins);
}
