/** zstd by the native module `zstd-napi`, which is loaded only by those who compress or decompress. */
import { fileURLToPath } from 'node:url';
import { errorMessage } from '../core/errors.js';
import { CodecError } from './errors.js';
import type { FrameCompressor } from './codec.js';
import type { CompressStep, ZstdBackend, ZstdCompressor, ZstdDecompressor } from './zstd-backend.js';

type Library = typeof import('zstd-napi/binding.js');

/** Where the native module is looked for and has to be built: the directory of this package. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

/** Throws CodecError ZSTD_MISSING. */
export async function loadNativeZstd(): Promise<ZstdBackend> {
  let library: Library;
  try {
    library = (await import('zstd-napi/binding.js')).default;
  } catch (error) {
    throw nativeMissingError(error);
  }
  return {
    id: 'native',
    createCompressor: (level) => new NativeCompressor(library, level),
    createDecompressor: () => new NativeDecompressor(library),
    createFrameCompressor: (level) => new NativeFrameCompressor(library, level),
  };
}

/**
 * An optional dependency that could not be built is absent after an install; one that was installed without running
 * scripts is there and not built. Each has its own remedy.
 */
export function nativeMissingError(error: unknown): CodecError {
  const absent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  const reason = absent
    ? `zstd-napi is not installed in ${PACKAGE}`
    : `zstd-napi in ${PACKAGE} cannot be loaded (${errorMessage(error).split('\n', 1)[0]!})`;
  return new CodecError('ZSTD_MISSING', reason, {
    cause: error,
    hint: absent ? 'install-zstd' : 'build-zstd',
    details: { directory: PACKAGE },
  });
}

function createContext(library: Library, level: number): InstanceType<Library['CCtx']> {
  const context = new library.CCtx();
  context.setParameter(library.CParameter.compressionLevel, level);
  // 4 bytes per frame, checked by every reader, that reveal damage which would decompress without an error.
  context.setParameter(library.CParameter.checksumFlag, 1);
  return context;
}

class NativeCompressor implements ZstdCompressor {
  private readonly context: InstanceType<Library['CCtx']>;

  constructor(
    private readonly library: Library,
    level: number,
  ) {
    this.context = createContext(library, level);
  }

  step(input: Buffer, end: boolean, output: Buffer): CompressStep {
    const { EndDirective } = this.library;
    const directive = end ? EndDirective.end : EndDirective.continue;
    const [left, produced, consumed] = this.context.compressStream2(output, input, directive);
    return { consumed, produced, finished: end ? left === 0 : consumed === input.length };
  }

  close(): void {
    // The memory is the garbage collector's.
  }
}

class NativeDecompressor implements ZstdDecompressor {
  private readonly context: InstanceType<Library['DCtx']>;

  constructor(library: Library) {
    this.context = new library.DCtx();
  }

  decompress(piece: Buffer, output: Buffer): number {
    let at = 0;
    let filled = 0;
    do {
      const [, produced, consumed] = this.context.decompressStream(
        filled === 0 ? output : output.subarray(filled),
        at === 0 ? piece : piece.subarray(at),
      );
      filled += produced;
      at += consumed;
    } while (at < piece.length);
    return filled;
  }

  close(): void {
    // The memory is the garbage collector's.
  }
}

class NativeFrameCompressor implements FrameCompressor {
  private readonly context: InstanceType<Library['CCtx']>;

  constructor(
    private readonly library: Library,
    level: number,
  ) {
    this.context = createContext(library, level);
  }

  compressFrame(bytes: Uint8Array, memory?: ArrayBuffer): Buffer {
    const bound = this.library.compressBound(bytes.length);
    const output =
      memory !== undefined && memory.byteLength >= bound ? Buffer.from(memory) : Buffer.allocUnsafeSlow(bound);
    try {
      return output.subarray(0, this.context.compress2(output, bytes));
    } catch (error) {
      throw new CodecError('ZSTD_COMPRESS', `zstd cannot compress: ${errorMessage(error)}`, { cause: error });
    }
  }
}
