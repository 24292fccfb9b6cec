/**
 * The structure of zstd's frames (RFC 8878, 3.1), as far as it takes to know where frames and blocks begin: the places
 * that errors name, and the pieces that a decompressor is given, do not depend on the library that does the work.
 */
import { getFileMagic } from '../core/file-magic.js';

const FRAME_MAGIC = getFileMagic('zstd').bytes;
const MAGIC_BYTES = 4;
/** A frame to be skipped begins with 5x 2A 4D 18, x being any digit. */
const SKIPPABLE_MAGIC = Buffer.from('502a4d18', 'hex');
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Magic number, descriptor, window descriptor, dictionary (4) and content size (8). */
const MAX_HEADER_BYTES = 18;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_RLE = 1;

/** Whether these first bytes, 1 to 4, can be those of a frame. */
export function mayBeginFrame(head: Uint8Array): boolean {
  return (
    head.every((byte, i) => i >= MAGIC_BYTES || byte === FRAME_MAGIC[i]) ||
    head.every((byte, i) => i >= MAGIC_BYTES || (i === 0 ? byte & 0xf0 : byte) === SKIPPABLE_MAGIC[i])
  );
}

const State = { MAGIC: 0, SKIP_SIZE: 1, SKIP: 2, HEADER: 3, BLOCK_HEADER: 4, BLOCK: 5, CHECKSUM: 6 } as const;
type State = (typeof State)[keyof typeof State];

/** Cuts a stream of frames into pieces; positions are offsets in the stream. */
export class ZstdFrameScanner {
  /** Bytes scanned. */
  offset = 0;
  /** Where the current frame begins, or the last one. */
  frameStart = 0;
  /** Where the frame header, block or checksum begins that the last piece belongs to. */
  pieceStart = 0;
  private state: State = State.MAGIC;
  /** Header bytes that came in several chunks. */
  private readonly field = Buffer.alloc(MAX_HEADER_BYTES);
  private fieldBytes = 0;
  /** Left of the block or of the frame to be skipped. */
  private remaining = 0;
  private lastBlock = false;
  private hasChecksum = false;

  /** True between two frames, where a stream may end. */
  get betweenFrames(): boolean {
    return this.state === State.MAGIC && this.fieldBytes === 0;
  }

  /** The bytes of a magic number that is none, after `scan` has returned 'no-frame'. */
  get unknownMagic(): Buffer {
    return this.field.subarray(0, this.fieldBytes);
  }

  /**
   * Takes bytes from the start of `input`, which is not empty. Returns how many, with the piece that a decompressor
   * has to be given for them, if any: a frame header, a block or a part of one, or a checksum. The piece is valid
   * until the next call. `windowBytes` comes with a header: how much memory the frame asks for.
   */
  scan(input: Buffer): { bytes: number; piece?: Buffer; windowBytes?: number } | 'no-frame' {
    switch (this.state) {
      case State.MAGIC:
        return this.scanMagic(input);
      case State.SKIP_SIZE: {
        const bytes = this.collect(input, MAGIC_BYTES + 4);
        if (this.fieldBytes === MAGIC_BYTES + 4) {
          this.remaining = this.field.readUInt32LE(MAGIC_BYTES);
          this.enterState(this.remaining === 0 ? State.MAGIC : State.SKIP);
        }
        return { bytes };
      }
      case State.SKIP:
        return { bytes: this.advance(input, State.MAGIC) };
      case State.HEADER:
        return this.scanHeader(input);
      case State.BLOCK_HEADER:
        return this.scanBlockHeader(input);
      case State.BLOCK: {
        const bytes = this.advance(input, this.stateAfterBlock());
        return { bytes, piece: input.subarray(0, bytes) };
      }
      case State.CHECKSUM: {
        if (this.fieldBytes === 0) this.pieceStart = this.offset;
        const bytes = this.collect(input, CHECKSUM_BYTES);
        if (this.fieldBytes < CHECKSUM_BYTES) return { bytes };
        const piece = this.field.subarray(0, CHECKSUM_BYTES);
        this.enterState(State.MAGIC);
        return { bytes, piece };
      }
    }
  }

  private scanMagic(input: Buffer): { bytes: number } | 'no-frame' {
    if (this.fieldBytes === 0) this.frameStart = this.pieceStart = this.offset;
    const bytes = this.collect(input, MAGIC_BYTES);
    const magic = this.field.subarray(0, this.fieldBytes);
    if (!mayBeginFrame(magic)) return 'no-frame';
    // The magic number stays in the field: it is a part of the header.
    if (this.fieldBytes === MAGIC_BYTES) {
      this.state = magic[0] === FRAME_MAGIC[0] ? State.HEADER : State.SKIP_SIZE;
    }
    return { bytes };
  }

  private scanHeader(input: Buffer): { bytes: number; piece?: Buffer; windowBytes?: number } {
    let bytes = this.collect(input, MAGIC_BYTES + 1);
    if (this.fieldBytes <= MAGIC_BYTES) return { bytes };
    const descriptor = this.field[MAGIC_BYTES]!;
    const singleSegment = (descriptor & 0x20) !== 0;
    const dictionaryBytes = DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
    const sizeFlag = (descriptor >>> 6) as 0 | 1 | 2 | 3;
    const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag];
    const size = MAGIC_BYTES + 1 + (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
    bytes += this.collect(input.subarray(bytes), size);
    if (this.fieldBytes < size) return { bytes };
    this.hasChecksum = (descriptor & 4) !== 0;
    const piece = this.field.subarray(0, size);
    const windowBytes = singleSegment
      ? readContentSize(this.field, size - sizeBytes, sizeBytes)
      : readWindowSize(this.field[MAGIC_BYTES + 1]!);
    this.enterState(State.BLOCK_HEADER);
    return { bytes, piece, windowBytes };
  }

  /** The header of a block, with as much of the block as is there in one piece with it. */
  private scanBlockHeader(input: Buffer): { bytes: number; piece?: Buffer } {
    if (this.fieldBytes === 0) this.pieceStart = this.offset;
    if (this.fieldBytes === 0 && input.length >= BLOCK_HEADER_BYTES) {
      this.readBlockHeader(input);
      this.offset += BLOCK_HEADER_BYTES;
      const rest = Math.min(this.remaining, input.length - BLOCK_HEADER_BYTES);
      this.offset += rest;
      this.remaining -= rest;
      const bytes = BLOCK_HEADER_BYTES + rest;
      if (this.remaining === 0) this.enterState(this.stateAfterBlock());
      return { bytes, piece: input.subarray(0, bytes) };
    }
    const bytes = this.collect(input, BLOCK_HEADER_BYTES);
    if (this.fieldBytes < BLOCK_HEADER_BYTES) return { bytes };
    this.readBlockHeader(this.field);
    const piece = this.field.subarray(0, BLOCK_HEADER_BYTES);
    if (this.remaining === 0) this.enterState(this.stateAfterBlock());
    return { bytes, piece };
  }

  private readBlockHeader(bytes: Buffer): void {
    const header = bytes.readUIntLE(0, BLOCK_HEADER_BYTES);
    this.lastBlock = (header & 1) !== 0;
    this.remaining = ((header >>> 1) & 3) === BLOCK_RLE ? 1 : header >>> 3;
    this.enterState(State.BLOCK);
  }

  private stateAfterBlock(): State {
    if (!this.lastBlock) return State.BLOCK_HEADER;
    return this.hasChecksum ? State.CHECKSUM : State.MAGIC;
  }

  private enterState(state: State): void {
    this.state = state;
    this.fieldBytes = 0;
  }

  /** Consumes up to `remaining` bytes; `next` is what follows them. */
  private advance(input: Buffer, next: State): number {
    const bytes = Math.min(this.remaining, input.length);
    this.remaining -= bytes;
    this.offset += bytes;
    if (this.remaining === 0) this.enterState(next);
    return bytes;
  }

  /** Fills the field up to `size` bytes in all. Returns how many were added. */
  private collect(input: Buffer, size: number): number {
    const bytes = input.copy(this.field, this.fieldBytes, 0, Math.max(0, size - this.fieldBytes));
    this.fieldBytes += bytes;
    this.offset += bytes;
    return bytes;
  }
}

function readWindowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function readContentSize(header: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(header.readBigUInt64LE(at));
  return header.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}
