/** Makes the write frames of a backup file and puts them behind one another into a file. Usage: bench-frames.js INPUT OUTPUT */
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { namespaceField, WriteFrame } from '../../dist/aerospike/protocol/write-frame.js';
import { Info2 } from '../../dist/aerospike/protocol/constants.js';
import { Decoder, Entry } from '../../dist/asb/decoder.js';

const [input, output] = process.argv.slice(2);

/** When a restore sends a frame. */
function isFull({ rows, length }) {
  return rows >= 512 || length >= 1024 * 1024 || (rows >= 128 && length >= 96 * 1024);
}

const decoder = new Decoder({ file: input });
const policy = { info2: Info2.WRITE, info3: 0, dropNulls: false };
const namespace = namespaceField(Buffer.from('test'));
const frame = new WriteFrame('batch');
const out = createWriteStream(output);

async function send() {
  if (frame.rows > 0 && !out.write(Buffer.from(frame.seal(10_000)))) await once(out, 'drain');
  frame.clear();
}

async function take() {
  for (;;) {
    const kind = decoder.next();
    if (kind === Entry.NEED_DATA || kind === Entry.END) return;
    if (kind !== Entry.RECORD) continue;
    frame.append(decoder.record, policy, namespace, 0, 0xffffffff);
    if (isFull(frame)) await send();
  }
}

for await (const chunk of createReadStream(input, { highWaterMark: 1 << 20 })) {
  decoder.write(chunk);
  await take();
}
decoder.end();
await take();
await send();
out.end();
await once(out, 'close');
