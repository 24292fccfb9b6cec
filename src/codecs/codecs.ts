/** What happens to the bytes of a file on their way: text, zstd, AES, storage; and back (asb-format.md 6). */
import { AES_HEADER_BYTES, AesCtrDecoder, AesCtrEncoder, type CipherPosition, type Encryption } from './aes-ctr.js';
import type { ByteSink, ByteSource } from '../core/byte-stream.js';
import { explainHead, HEAD_BYTES } from './sniff.js';
import { checkLevel, loadZstd, type ZstdLibrary } from './zstd-library.js';
import { FrameCompressor, ZstdEncoder } from './zstd-encoder.js';
import { ZstdDecoder } from './zstd-decoder.js';

/** How the files of a backup are stored. Plain data, so that it can be handed to a worker thread; the key is in it. */
export interface CodecConfig {
  /** Absent = not compressed. */
  compression?: {
    /** Of zstd; 0 = its default, which is 3. For reading it is of no matter. */
    level: number;
  };
  /** Absent = not encrypted. */
  encryption?: Encryption;
}

/** The part of a run's options that says how files are stored. */
export function pickCodecConfig({ compression, encryption }: CodecConfig): CodecConfig {
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(encryption === undefined ? {} : { encryption }),
  };
}

export class Codecs {
  private constructor(
    private readonly options: CodecConfig,
    private readonly zstd: ZstdLibrary | undefined,
  ) {}

  /** Loads what is needed and proves that it works, before any file is touched. Throws PipelineError. */
  static async open(options: CodecConfig | undefined = {}): Promise<Codecs> {
    const { compression } = options;
    if (compression === undefined) return new Codecs(options, undefined);
    const zstd = await loadZstd();
    checkLevel(zstd, compression.level);
    return new Codecs(options, zstd);
  }

  get compresses(): boolean {
    return this.options.compression !== undefined;
  }

  /** How many bytes a file has in front of its data. */
  get overheadBytes(): number {
    return this.options.encryption === undefined ? 0 : AES_HEADER_BYTES;
  }

  /** What is written to the result reaches `sink` compressed and encrypted. */
  encode(sink: ByteSink, from?: CipherPosition): ByteSink {
    const { compression } = this.options;
    const encrypted = this.encrypt(sink, from);
    if (compression === undefined || this.zstd === undefined) return encrypted;
    return new ZstdEncoder(encrypted, this.zstd, compression.level);
  }

  /** As `encode`, for bytes that `compressor` has seen to. */
  encrypt(sink: ByteSink, from?: CipherPosition): ByteSink {
    const { encryption } = this.options;
    return encryption === undefined ? sink : new AesCtrEncoder(sink, encryption, from);
  }

  /** Makes pieces that can be put behind one another; undefined = there is nothing to compress. */
  compressor(): FrameCompressor | undefined {
    const { compression } = this.options;
    return compression === undefined || this.zstd === undefined
      ? undefined
      : new FrameCompressor(this.zstd, compression.level);
  }

  /** What is read from the result is `source` decrypted and decompressed. */
  decode(source: ByteSource, onBytes?: (bytes: number) => void): DecodedSource {
    return new DecodedSource(source, this.options, this.zstd, onBytes);
  }
}

export class DecodedSource implements ByteSource {
  readonly name: string;
  private readonly outer: ByteSource;
  private readonly tap: Tap;

  constructor(
    source: ByteSource,
    private readonly options: CodecConfig,
    zstd: ZstdLibrary | undefined,
    onBytes: ((bytes: number) => void) | undefined,
  ) {
    this.name = source.name;
    this.tap = new Tap(source, onBytes);
    const { encryption } = options;
    const decrypted = encryption === undefined ? this.tap : new AesCtrDecoder(this.tap, encryption);
    this.outer = zstd === undefined ? decrypted : new ZstdDecoder(decrypted, zstd);
  }

  read(): Promise<Buffer | undefined> {
    return this.outer.read();
  }

  close(): Promise<void> {
    return this.outer.close();
  }

  /** Whether the bytes are decrypted or decompressed at all. */
  get transforms(): boolean {
    return this.outer !== this.tap;
  }

  /** When the start of the file makes no sense: half a sentence why, if the stored bytes show it. */
  explain(): string | undefined {
    const { compression, encryption } = this.options;
    return explainHead(this.tap.head, { compressed: compression !== undefined, encryption });
  }
}

/** Counts the bytes of the storage, and keeps the first. */
class Tap implements ByteSource {
  readonly name: string;
  head = Buffer.alloc(0);

  constructor(
    private readonly inner: ByteSource,
    private readonly onBytes: ((bytes: number) => void) | undefined,
  ) {
    this.name = inner.name;
  }

  async read(): Promise<Buffer | undefined> {
    const chunk = await this.inner.read();
    if (chunk === undefined) return undefined;
    const missing = HEAD_BYTES - this.head.length;
    if (missing > 0) this.head = Buffer.concat([this.head, chunk.subarray(0, missing)]);
    this.onBytes?.(chunk.length);
    return chunk;
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
