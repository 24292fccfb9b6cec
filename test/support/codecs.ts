/** What the tests of the pipeline share: sinks and sources in memory. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ByteSink, ByteSource } from '../../src/core/byte-stream.js';
import { readKeyFile } from '../../src/codecs/key.js';
import { Codecs, type CodecConfig } from '../../src/codecs/codecs.js';
import { fileURLToPath } from 'node:url';

export const KEY_FILE = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
export const key = readKeyFile(KEY_FILE);

/** Keeps what is written. As a real sink, it looks at a chunk a moment after it was given. */
export class MemorySink implements ByteSink {
  readonly name = 'memory.asb';
  private readonly parts: Buffer[] = [];
  state: 'open' | 'closed' | 'abandoned' = 'open';
  /** The write with this number, from 0, fails. */
  failAt = -1;
  writes = 0;
  private busy = false;

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.busy) throw new Error('two writes at once');
    if (chunk.length === 0) throw new Error('a write of nothing');
    this.busy = true;
    await turn();
    this.busy = false;
    if (this.writes++ === this.failAt) throw new Error('the disk is full');
    this.parts.push(Buffer.from(chunk));
  }

  sync(): Promise<number> {
    return Promise.resolve(this.bytes.length);
  }

  close(): Promise<void> {
    this.state = 'closed';
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.state = 'abandoned';
    return Promise.resolve();
  }
}

/** Gives `bytes` in chunks of the given sizes, the last of which goes on; each overwrites the one before. */
export class MemorySource implements ByteSource {
  readonly name = 'memory.asb';
  private at = 0;
  private reads = 0;
  private memory: Buffer | undefined;

  constructor(
    private readonly bytes: Buffer,
    private readonly sizes: readonly number[] = [65_536],
  ) {}

  async read(): Promise<Buffer | undefined> {
    await Promise.resolve();
    this.memory?.fill(0xee);
    if (this.at === this.bytes.length) return undefined;
    const size = this.sizes[Math.min(this.reads++, this.sizes.length - 1)]!;
    this.memory = Buffer.from(this.bytes.subarray(this.at, this.at + size));
    this.at += this.memory.length;
    return this.memory;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export async function readAll(source: ByteSource): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read())
    parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

/** What could be read, and what it ended with. */
export async function readUntilError(source: ByteSource): Promise<{ bytes: Buffer; error: unknown }> {
  const parts: Buffer[] = [];
  try {
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
      parts.push(Buffer.from(chunk));
    }
    return { bytes: Buffer.concat(parts), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(parts), error };
  }
}

/** The four ways a file can be stored, and plain. */
export const MODES: Readonly<Record<string, CodecConfig>> = {
  plain: {},
  zstd: { compression: { codec: 'zstd', level: 0 } },
  aes128: { encryption: { mode: 'aes128', key } },
  aes256: { encryption: { mode: 'aes256', key } },
  'zstd + aes128': { compression: { codec: 'zstd', level: 0 }, encryption: { mode: 'aes128', key } },
  'zstd + aes256': { compression: { codec: 'zstd', level: 0 }, encryption: { mode: 'aes256', key } },
};

export async function encodeAll(options: CodecConfig, chunks: readonly Buffer[]): Promise<Buffer> {
  const inner = new MemorySink();
  const sink = (await Codecs.open(options)).encode(inner);
  for (const chunk of chunks) await sink.write(chunk);
  await sink.close();
  return inner.bytes;
}

export async function decodeAll(options: CodecConfig, bytes: Buffer, sizes?: readonly number[]): Promise<Buffer> {
  return readAll((await Codecs.open(options)).decode(new MemorySource(bytes, sizes)));
}
