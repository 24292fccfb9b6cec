/**
 * Makes the write frames of a backup file and writes them to a file, one after another.
 * Usage: frames.js INPUT OUTPUT
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { namespaceField, WriteFrame } from '../../src/aerospike/protocol/write-frame.js';
import { Info2 } from '../../src/aerospike/protocol/constants.js';
import { Decoder, Entry } from '../../src/asb/decoder.js';

const [input, output] = process.argv.slice(2) as [string, string];

/** When a restore sends a frame. */
function isFull({ rows, length }: WriteFrame): boolean {
  return rows >= 512 || length >= 1024 * 1024 || (rows >= 128 && length >= 96 * 1024);
}

const decoder = new Decoder({ file: input });
const policy = { info2: Info2.WRITE, info3: 0, dropNulls: false };
const namespace = namespaceField(Buffer.from('test'));
const frame = new WriteFrame('batch');
const out = createWriteStream(output);

async function send(): Promise<void> {
  if (frame.rows > 0 && !out.write(Buffer.from(frame.seal(10_000)))) await once(out, 'drain');
  frame.clear();
}

async function appendRecords(): Promise<void> {
  for (;;) {
    const kind = decoder.next();
    if (kind === Entry.NEED_DATA || kind === Entry.END) return;
    if (kind !== Entry.RECORD) continue;
    frame.append(decoder.record, policy, namespace, 0, 0xffffffff);
    if (isFull(frame)) await send();
  }
}

const chunks: AsyncIterable<Buffer> = createReadStream(input, { highWaterMark: 1 << 20 });
for await (const chunk of chunks) {
  decoder.write(chunk);
  await appendRecords();
}
decoder.end();
await appendRecords();
await send();
out.end();
await once(out, 'close');
