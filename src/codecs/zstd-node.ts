/**
 * zstd by Node.js itself (22.15, 23.8 and later). Its streams are asynchronous and stop behind the first frame, so they
 * are given single pieces of one frame, and what each piece yields is collected before the next one.
 */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { errorMessage } from '../core/errors.js';
import { CodecError } from './errors.js';
import type { FrameCompressor } from './codec.js';
import type { CompressStep, ZstdBackend, ZstdCompressor, ZstdDecompressor } from './zstd-backend.js';

/** What this file uses of `node:zlib`; the type definitions of Node.js 20 do not have it. */
interface ZstdOptions {
  params?: Record<number, number>;
  chunkSize?: number;
  readableHighWaterMark?: number;
}
type ZstdStream = Transform & { flush(kind: number, callback: () => void): void };
interface NodeZstd {
  createZstdCompress(options: ZstdOptions): ZstdStream;
  createZstdDecompress(options: ZstdOptions): ZstdStream;
  zstdCompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer;
}

const CHUNK_BYTES = 128 * 1024;
/** A stream that is read only after each piece must not stop because nobody reads: no piece yields nearly as much. */
const UNLIMITED_BYTES = 2 ** 31 - 1;
/** Of ZSTD_compressBound: what incompressible bytes may grow by. */
const MARGIN_BYTES = 64 * 1024;

/** Throws CodecError ZSTD_MISSING. */
export function loadNodeZstd(): Promise<ZstdBackend> {
  const library = zlib as unknown as Partial<NodeZstd>;
  if (!isComplete(library)) {
    const text = `Node.js ${process.versions.node} has none of its own, as 22.15, 23.8 and later have`;
    return Promise.reject(new CodecError('ZSTD_MISSING', text, { hint: 'build-zstd' }));
  }
  return Promise.resolve({
    id: 'node',
    createCompressor: (level) => new NodeCompressor(library, level),
    createDecompressor: () => new NodeDecompressor(library),
    createFrameCompressor: (level) => new NodeFrameCompressor(library, level),
  });
}

function isComplete(library: Partial<NodeZstd>): library is NodeZstd {
  const { createZstdCompress, createZstdDecompress, zstdCompressSync } = library;
  return [createZstdCompress, createZstdDecompress, zstdCompressSync].every((one) => typeof one === 'function');
}

function getConstant(name: 'ZSTD_c_compressionLevel' | 'ZSTD_c_checksumFlag' | 'ZSTD_e_end'): number {
  return (zlib.constants as unknown as Record<string, number>)[name]!;
}

function createParameters(level: number): Record<number, number> {
  // 4 bytes per frame, checked by every reader, that reveal damage which would decompress without an error.
  return { [getConstant('ZSTD_c_compressionLevel')]: level, [getConstant('ZSTD_c_checksumFlag')]: 1 };
}

/** A stream of zlib as a function from a piece to what comes out for it. */
class PieceStream {
  private failure: Error | undefined;
  private fail: ((error: Error) => void) | undefined;

  constructor(private readonly stream: ZstdStream) {
    stream.on('error', (error: Error) => {
      this.failure = error;
      this.fail?.(error);
    });
  }

  /** Gives `piece` to the library and, with `flush`, tells it to go as far as that says. */
  async run(piece: Buffer, flush?: number): Promise<Buffer[]> {
    if (piece.length > 0) await this.call((done) => this.stream.write(piece, done));
    if (flush !== undefined) await this.call((done) => this.stream.flush(flush, done));
    const pieces: Buffer[] = [];
    for (;;) {
      const bytes = this.stream.read() as Buffer | null;
      if (bytes === null) return pieces;
      pieces.push(bytes);
    }
  }

  close(): void {
    this.stream.destroy();
  }

  private call(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      this.fail = reject;
      start((error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }
}

class NodeCompressor implements ZstdCompressor {
  private readonly stream: PieceStream;
  /** Compressed, and not yet in an output. */
  private readonly pending: Buffer[] = [];
  /** The library has seen the input and the `end` of the step that is not finished. */
  private given = false;

  constructor(library: NodeZstd, level: number) {
    const params = createParameters(level);
    this.stream = new PieceStream(
      library.createZstdCompress({ params, chunkSize: CHUNK_BYTES, readableHighWaterMark: UNLIMITED_BYTES }),
    );
  }

  async step(input: Buffer, end: boolean, output: Buffer): Promise<CompressStep> {
    if (!this.given) {
      this.pending.push(...(await this.stream.run(input, end ? getConstant('ZSTD_e_end') : undefined)));
      this.given = true;
    }
    let produced = 0;
    while (this.pending.length > 0 && produced < output.length) {
      const first = this.pending[0]!;
      const copied = first.copy(output, produced);
      produced += copied;
      if (copied === first.length) this.pending.shift();
      else this.pending[0] = first.subarray(copied);
    }
    const finished = this.pending.length === 0;
    if (finished) this.given = false;
    return { consumed: input.length, produced, finished };
  }

  close(): void {
    this.stream.close();
  }
}

class NodeDecompressor implements ZstdDecompressor {
  private readonly stream: PieceStream;

  constructor(library: NodeZstd) {
    this.stream = new PieceStream(
      library.createZstdDecompress({ chunkSize: CHUNK_BYTES, readableHighWaterMark: UNLIMITED_BYTES }),
    );
  }

  async decompress(piece: Buffer, output: Buffer): Promise<number> {
    let filled = 0;
    for (const bytes of await this.stream.run(piece)) filled += bytes.copy(output, filled);
    return filled;
  }

  close(): void {
    this.stream.close();
  }
}

class NodeFrameCompressor implements FrameCompressor {
  private readonly params: Record<number, number>;

  constructor(
    private readonly library: NodeZstd,
    level: number,
  ) {
    this.params = createParameters(level);
  }

  compressFrame(bytes: Uint8Array, memory?: ArrayBuffer): Buffer {
    let frame: Buffer;
    try {
      // In one piece, so that the size of the contents is known when the header is written.
      const chunkSize = bytes.length + (bytes.length >>> 8) + MARGIN_BYTES;
      frame = this.library.zstdCompressSync(bytes, { params: this.params, chunkSize });
    } catch (error) {
      throw new CodecError('ZSTD_COMPRESS', `zstd cannot compress: ${errorMessage(error)}`, { cause: error });
    }
    // The frame's memory is sent to another thread: it must begin at 0 and must not be shared.
    const fits = memory !== undefined && memory.byteLength >= frame.length;
    const output = fits ? Buffer.from(memory, 0, frame.length) : Buffer.allocUnsafeSlow(frame.length);
    frame.copy(output);
    return output;
  }
}
