/** How the bytes of a file change on their way: text, compression, encryption, storage; and back (asb-format.md 6). */
import { AES_HEADER_BYTES, AesCtrDecoder, AesCtrEncoder, type Encryption } from './aes-ctr.js';
import type { ByteSink, ByteSource } from '../core/byte-stream.js';
import type { FrameCompressor, LoadedCompression, WriterStart } from './codec.js';
import type { CompressionId } from './ids.js';
import { getCompressionCodec } from './registry.js';
import { explainHead, HEAD_BYTES, type HeadProblem } from './sniff.js';

export interface Compression {
  codec: CompressionId;
  /** 0 = the codec's default. Ignored for reading. */
  level: number;
}

/** How the files of a backup are stored. Plain data, so that a worker thread can receive it; the key is in it. */
export interface CodecConfig {
  /** Absent = not compressed. */
  compression?: Compression;
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

/** One of the changes between text and storage. */
interface Layer {
  /** Bytes that it puts in front of the data of a file. */
  readonly overheadBytes: number;
  encode(sink: ByteSink, start: WriterStart | undefined): ByteSink;
  decode(source: ByteSource): ByteSource;
}

export class Codecs {
  private constructor(
    private readonly config: CodecConfig,
    private readonly compression: LoadedCompression | undefined,
    /** From the text to the storage. */
    private readonly layers: readonly Layer[],
  ) {}

  /**
   * Loads what is needed and proves that it works, before any file is touched. `backend` asks for one of several
   * libraries that do the same. Throws CodecError.
   */
  static async open(config: CodecConfig | undefined = {}, backend?: string): Promise<Codecs> {
    const { compression, encryption } = config;
    const layers: Layer[] = [];
    let loaded: LoadedCompression | undefined;
    if (compression !== undefined) {
      loaded = await getCompressionCodec(compression.codec).load(backend);
      loaded.checkLevel(compression.level);
      layers.push(createCompressionLayer(loaded, compression.level));
    }
    if (encryption !== undefined) layers.push(createEncryptionLayer(encryption));
    return new Codecs(config, loaded, layers);
  }

  get compresses(): boolean {
    return this.compression !== undefined;
  }

  /** Whether files differ from their text. */
  get transforms(): boolean {
    return this.layers.length > 0;
  }

  /** How many bytes a file has in front of its data. */
  get overheadBytes(): number {
    return this.layers.reduce((sum, { overheadBytes }) => sum + overheadBytes, 0);
  }

  /** Opens a writer of text: what is written to the result reaches `sink` compressed and encrypted. */
  encode(sink: ByteSink, start?: WriterStart): ByteSink {
    return encodeLayers(this.layers, sink, start);
  }

  /** As `encode`, for what `createFrameCompressor` made or, where there is no compression, text. */
  encodeFrames(sink: ByteSink, start?: WriterStart): ByteSink {
    return encodeLayers(this.compression === undefined ? this.layers : this.layers.slice(1), sink, start);
  }

  /** Makes pieces that can be put behind one another in any order; undefined = there is nothing to compress. */
  createFrameCompressor(): FrameCompressor | undefined {
    return this.compression?.createFrameCompressor(this.config.compression?.level ?? 0);
  }

  /** What is read from the result is `source` decrypted and decompressed. `onBytes` is called with stored sizes. */
  decode(source: ByteSource, onBytes?: (bytes: number) => void): DecodedSource {
    return new DecodedSource(source, this.config, this.layers, onBytes);
  }
}

function encodeLayers(layers: readonly Layer[], sink: ByteSink, start: WriterStart | undefined): ByteSink {
  return layers.reduceRight((inner, layer) => layer.encode(inner, start), sink);
}

function createCompressionLayer(compression: LoadedCompression, level: number): Layer {
  return {
    overheadBytes: 0,
    encode: (sink, start) => compression.encode(sink, level, start),
    decode: (source) => compression.decode(source),
  };
}

function createEncryptionLayer(encryption: Encryption): Layer {
  return {
    overheadBytes: AES_HEADER_BYTES,
    encode: (sink, start) => new AesCtrEncoder(sink, encryption, start),
    decode: (source) => new AesCtrDecoder(source, encryption),
  };
}

export class DecodedSource implements ByteSource {
  readonly name: string;
  private readonly outer: ByteSource;
  private readonly stored: StoredSource;

  constructor(
    source: ByteSource,
    private readonly config: CodecConfig,
    layers: readonly Layer[],
    onBytes: ((bytes: number) => void) | undefined,
  ) {
    this.name = source.name;
    this.stored = new StoredSource(source, onBytes);
    this.outer = layers.reduceRight<ByteSource>((inner, layer) => layer.decode(inner), this.stored);
  }

  read(): Promise<Buffer | undefined> {
    return this.outer.read();
  }

  close(): Promise<void> {
    return this.outer.close();
  }

  /** Whether the bytes are decrypted or decompressed at all. */
  get transforms(): boolean {
    return this.outer !== this.stored;
  }

  /** When the start of the file makes no sense: why, if the stored bytes show it. */
  explain(): HeadProblem | undefined {
    return explainHead(this.stored.head, this.config);
  }
}

/** Counts the bytes of the storage, and keeps the first. */
class StoredSource implements ByteSource {
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
