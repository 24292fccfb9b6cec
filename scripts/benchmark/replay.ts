/**
 * Sends ready-made write frames over a few connections and waits for the answers: what any restore needs at least.
 * Usage: replay.js HOST PORT CONNECTIONS FRAMES...
 */
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { FrameReader } from '../../src/aerospike/protocol/frame-reader.js';

const [host, port, connections, ...paths] = process.argv.slice(2) as [string, string, string, ...string[]];
const HEADER_BYTES = 8;
const READ_BYTES = 4 << 20;
/** The last message of an answer comes in a frame of its own. */
const MESSAGE_BYTES = 22;
const LAST = 1;

async function* readFrames(path: string): AsyncGenerator<Buffer, void> {
  const file = await open(path);
  let rest = Buffer.alloc(0);
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(rest.length + READ_BYTES);
    rest.copy(buffer);
    const { bytesRead } = await file.read(buffer, rest.length, READ_BYTES);
    if (bytesRead === 0) break;
    const end = rest.length + bytesRead;
    let at = 0;
    while (end - at >= HEADER_BYTES) {
      const next = at + HEADER_BYTES + buffer.readUIntBE(at + 2, 6);
      if (next > end) break;
      yield buffer.subarray(at, next);
      at = next;
    }
    rest = buffer.subarray(at, end);
  }
  await file.close();
}

async function* readAllFrames(): AsyncGenerator<Buffer, void> {
  for (const path of paths) yield* readFrames(path);
}

/** One connection: a frame, its answer, the next frame. */
async function run(frames: AsyncGenerator<Buffer, void>): Promise<void> {
  let answered = (): void => undefined;
  let body = 0;
  const reader = new FrameReader(host);
  reader.consumer = {
    frameType: 3,
    fail: () => undefined,
    consume(buffer, start, end, frameEnd) {
      const used = frameEnd ? end - start : Math.max(0, end - start - MESSAGE_BYTES);
      body += used;
      if (!frameEnd) return used;
      if (body === MESSAGE_BYTES && (buffer[start + 3]! & LAST) !== 0) answered();
      body = 0;
      return used;
    },
  };
  const socket = connect({
    host,
    port: Number(port),
    noDelay: true,
    onread: {
      buffer: () => reader.tail(),
      callback(bytes) {
        reader.received(bytes);
        return true;
      },
    },
  });
  for (;;) {
    const next = await frames.next();
    if (next.done === true) break;
    const reply = new Promise<void>((resolve) => {
      answered = resolve;
    });
    socket.write(next.value);
    await reply;
  }
  socket.destroy();
}

const frames = readAllFrames();
await Promise.all(Array.from({ length: Number(connections) }, () => run(frames)));
