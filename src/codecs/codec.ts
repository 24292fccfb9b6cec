/** What a codec of files has to be: the contract of the registry's entries. */
import type { ByteSink, ByteSource } from '../core/byte-stream.js';
import type { FileMagic } from '../core/file-magic.js';

/** A way to compress files, before what it needs is loaded. */
export interface CompressionCodec {
  /** What options and state files call it. */
  readonly id: string;
  /** How its files begin. */
  readonly magic: FileMagic;
  /** Whether these first bytes, at least 4, can be those of its files. */
  isMagic(head: Uint8Array): boolean;
  /** The levels that it can be asked for, both included; 0 stands for `default`. */
  readonly levels: { readonly min: number; readonly max: number; readonly default: number };
  /**
   * Loads what it needs. `backend` asks for one of several libraries. Throws CodecError with the reason why it cannot
   * be used here.
   */
  load(backend?: string): Promise<LoadedCompression>;
}

/** A codec that is ready for use. */
export interface LoadedCompression {
  /** The library that does the work, for messages. */
  readonly backend: string;
  /** Throws CodecError for a level out of range. */
  checkLevel(level: number): void;
  /** What is written to the result reaches `sink` compressed. */
  encode(sink: ByteSink, level: number, start?: WriterStart): ByteSink;
  /** What is read from the result is `source` decompressed. */
  decode(source: ByteSource): ByteSource;
  createFrameCompressor(level: number): FrameCompressor;
}

/** Compresses bytes to one frame of their own, its size in its header: what several threads can write side by side. */
export interface FrameCompressor {
  /** The frame, at the start of `memory` if that is large enough. Throws CodecError. */
  compressFrame(bytes: Uint8Array, memory?: ArrayBuffer): Buffer;
}

/** Where in its file a writer begins, and where the file will end; absent = at the start of a new file. */
export interface WriterStart {
  /** Bytes that the file has already, as they are stored. */
  storedBytes: number;
  /**
   * As soon as so many bytes are stored, the file is closed; absent = its end does not depend on them. What a codec
   * keeps inside has to be little beside it.
   */
  limitBytes?: number;
  /**
   * Of an encrypted file: its initial vector. Needed where `storedBytes` is more than 0; a new file gets a random one
   * unless the caller has to know it.
   */
  vector?: Uint8Array | undefined;
}
