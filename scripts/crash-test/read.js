/** Reads the files of a backup with the project's own decoder, without a server and without asrestore. */
import { recordText } from './data.js';
import { DECODED_BIN_STRIDE, Decoder, Entry, NAME_IN_ARENA, VALUE_IN_ARENA } from '../../dist/asb/decoder.js';
import { readKeyFile } from '../../dist/codecs/key.js';
import { Codecs } from '../../dist/codecs/codecs.js';

const CHUNK_BYTES = 100_000;

/**
 * @param {readonly { name: string, bytes: Buffer }[]} files
 * @param {{ compressed: boolean, keyFile?: string }} stored how they are stored
 * @returns {Promise<{ records: Map<string, string>, duplicates: number, sindexes: number }>} texts by digest
 */
export async function readRecords(files, { compressed, keyFile }) {
  const pipeline = await Codecs.open({
    ...(compressed ? { compression: { level: 0 } } : {}),
    ...(keyFile === undefined ? {} : { encryption: { mode: 'aes256', key: readKeyFile(keyFile) } }),
  });
  const found = { records: new Map(), duplicates: 0, sindexes: 0 };
  for (const { name, bytes } of files) {
    const source = pipeline.decode(sourceOf(name, bytes));
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

function sourceOf(name, bytes) {
  let at = 0;
  return {
    name,
    read: async () => {
      // A copy: who reads may write into it.
      const chunk = Buffer.from(bytes.subarray(at, at + CHUNK_BYTES));
      at += chunk.length;
      return chunk.length === 0 ? undefined : chunk;
    },
    close: async () => undefined,
  };
}

function drain(decoder, found) {
  for (;;) {
    switch (decoder.next()) {
      case Entry.RECORD: {
        const digest = decoder.record.digest.toString('base64');
        if (found.records.has(digest)) found.duplicates++;
        found.records.set(digest, textOf(decoder.record));
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

function textOf(record) {
  const bins = [];
  for (let i = 0; i < record.binCount; i++) {
    const [type, nameStart, nameEnd, start, end, flags] = record.bins.subarray(i * DECODED_BIN_STRIDE);
    const names = (flags & NAME_IN_ARENA) !== 0 ? record.arena : record.input;
    const values = (flags & VALUE_IN_ARENA) !== 0 ? record.arena : record.input;
    bins.push({ name: names.latin1Slice(nameStart, nameEnd), type, value: values.subarray(start, end) });
  }
  const set = record.setBuf.toString('latin1', record.setStart, record.setEnd);
  const key =
    record.keyType === 0
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.of(record.keyType), record.keyBuf.subarray(record.keyStart, record.keyEnd)]);
  return recordText(set, record.generation, record.voidTime, key, bins);
}
