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
  return createNativeBackend(library);
}

export function createNativeBackend(library: Library): ZstdBackend {
  return {
    id: 'native',
    createCompressor: (level, { allowThread }) => new NativeCompressor(library, level, allowThread),
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

type Context = InstanceType<Library['CCtx']>;

function createContext(library: Library, level: number): Context {
  const context = new library.CCtx();
  context.setParameter(library.CParameter.compressionLevel, level);
  // 4 bytes per frame, checked by every reader, that reveal damage which would decompress without an error.
  context.setParameter(library.CParameter.checksumFlag, 1);
  return context;
}

/** The highest level with a thread. Above, jobs of this size take up to half as much time again. */
const MAX_THREAD_LEVEL = 9;
/** What a thread is given at once. Its memory is four such jobs, whatever the length of the frame. */
const JOB_BYTES = 1024 * 1024;
/** A frame of no more bytes starts no thread: libzstd takes none if it gets all of a small frame in one call. */
const HELD_BYTES = 64 * 1024;

/** A thread of libzstd compresses while the caller makes the next bytes. What it has not finished is in no output. */
class NativeCompressor implements ZstdCompressor {
  private readonly context: Context;
  private threaded: boolean;
  /** The library has bytes of the frame. */
  private begun = false;
  /** The first bytes of a frame, for which a thread is not worth it if they are all; made when it is needed. */
  private held: Buffer | undefined;
  private heldAt = 0;
  private heldEnd = 0;

  constructor(
    private readonly library: Library,
    level: number,
    allowThread: boolean,
  ) {
    this.context = createContext(library, level);
    this.threaded = allowThread && level <= MAX_THREAD_LEVEL && this.requestThread();
  }

  step(input: Buffer, end: boolean, output: Buffer): CompressStep {
    if (this.hold(input, end)) return { consumed: input.length, produced: 0, finished: true };
    if (this.heldAt === this.heldEnd) return this.compress(input, end, output);
    const step = this.compress(this.held!.subarray(this.heldAt, this.heldEnd), end && input.length === 0, output);
    // Not where that has ended the frame: another one may hold its first bytes.
    if (this.begun) this.heldAt += step.consumed;
    return { consumed: 0, produced: step.produced, finished: step.finished && input.length === 0 };
  }

  close(): void {
    // The memory is the garbage collector's, and the thread ends with it.
  }

  /** Returns false where a library has been built without threads. */
  private requestThread(): boolean {
    const { CParameter } = this.library;
    try {
      this.context.setParameter(CParameter.nbWorkers, 1);
      this.context.setParameter(CParameter.jobSize, JOB_BYTES);
      return true;
    } catch {
      return false;
    }
  }

  private hold(input: Buffer, end: boolean): boolean {
    if (!this.threaded || this.begun || end || this.heldEnd + input.length > HELD_BYTES) return false;
    this.held ??= Buffer.allocUnsafeSlow(HELD_BYTES);
    this.heldEnd += input.copy(this.held, this.heldEnd);
    return true;
  }

  private compress(input: Buffer, end: boolean, output: Buffer): CompressStep {
    const { EndDirective } = this.library;
    const [left, produced, consumed] = this.callLibrary(input, end ? EndDirective.end : EndDirective.continue, output);
    const finished = end ? left === 0 : consumed === input.length;
    this.begun = !(end && finished);
    if (!this.begun) this.heldAt = this.heldEnd = 0;
    return { consumed, produced, finished };
  }

  private callLibrary(input: Buffer, directive: number, output: Buffer): [number, number, number] {
    try {
      return this.context.compressStream2(output, input, directive);
    } catch (error) {
      // The system may refuse a thread, which the library cannot tell from a lack of memory.
      if (!this.threaded || this.begun) throw error;
      this.threaded = false;
      this.context.reset(this.library.ResetDirective.sessionOnly);
      this.context.setParameter(this.library.CParameter.nbWorkers, 0);
      return this.context.compressStream2(output, input, directive);
    }
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
  private readonly context: Context;

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
