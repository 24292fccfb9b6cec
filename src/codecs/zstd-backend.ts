/**
 * What a zstd library has to do. There are two: the native module `zstd-napi` and the one inside Node.js. Both are
 * libzstd, so that frames, levels, checksums and limits are the same.
 */
import { CodecError } from './errors.js';
import type { FrameCompressor } from './codec.js';

export type ZstdBackendId = 'native' | 'node';

/** Compresses a stream of bytes to frames. One at a time; not to be used any more after an error or `close`. */
export interface ZstdCompressor {
  /**
   * Compresses bytes of `input` to the start of `output`. With `end`, the frame is ended after them; the next byte
   * begins another one. `finished` = all of `input` was consumed and, with `end`, nothing is left inside; else the
   * caller makes room and calls again with the rest of `input` and the same `end`.
   */
  step(input: Buffer, end: boolean, output: Buffer): CompressStep | Promise<CompressStep>;
  close(): void;
}

export interface CompressStep {
  consumed: number;
  produced: number;
  finished: boolean;
}

/** Decompresses frames. One at a time; not to be used any more after an error or `close`. */
export interface ZstdDecompressor {
  /**
   * Decompresses all of `piece`, which holds bytes of one block at most, to the start of `output`, which has 128 KiB or
   * more. Resolves with the number of bytes there. Throws an Error whose message is that of the library.
   */
  decompress(piece: Buffer, output: Buffer): number | Promise<number>;
  close(): void;
}

export interface ZstdBackend {
  readonly id: ZstdBackendId;
  /**
   * `allowThread`: a thread may do the work, so that bytes come out of a later step than the one that took them in. The
   * step that ends a frame has all of them.
   */
  createCompressor(level: number, options: { allowThread: boolean }): ZstdCompressor;
  createDecompressor(): ZstdDecompressor;
  createFrameCompressor(level: number): FrameCompressor;
}

/** A window of more needs more memory than readers grant unless told to. */
export const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
/** What zstd's library calls ZSTD_minCLevel and ZSTD_maxCLevel. Level 0 is its default. */
export const ZSTD_LEVELS = { min: -131_072, max: 22, default: 3 } as const;

/** Throws CodecError ZSTD_LEVEL. */
export function checkZstdLevel(level: number): void {
  const { min, max } = ZSTD_LEVELS;
  if (Number.isInteger(level) && level >= min && level <= max) return;
  throw new CodecError('ZSTD_LEVEL', `The compression level must be from ${min} to ${max}, not ${level}`, {
    details: { level, min, max },
  });
}
