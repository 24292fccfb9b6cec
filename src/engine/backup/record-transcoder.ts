/**
 * Records of a scan's answer as text, by the WebAssembly module of src/asb/wasm/backup.ts: it reads them where the
 * connection has received them and writes the text where the output takes it from. HOT: a few calls per chunk.
 */
import type { BulkSink } from '../../aerospike/commands/record-sink.js';
import type { ScanTables } from '../../aerospike/commands/scan-tables.js';
import { escapeToken } from '../../asb/escape.js';
import { instantiateWasm, type WasmProgram } from '../../asb/wasm-module.js';
import { DIGEST_BYTES, PARTITIONS } from '../../core/partition.js';
import type { WasmModule } from '../../core/webassembly.js';

const RECEIVE_BYTES = 512 * 1024;
/** Behind each range: the module reads and writes up to 32 bytes more than it uses. */
const SLACK_BYTES = 64;
/** Beyond the size at which a chunk is cut, so that the record that fills it seldom has to wait for the next. */
const HEADROOM_BYTES = 64 * 1024;
/** One is filled while others are written. */
const CHUNKS = 3;
/** What the module has room for. */
const MAX_PREFIX_BYTES = 224;
const MAX_NAME_BYTES = 64;

const FULL = 1;

interface Exports {
  statesAt(): number;
  requestsAt(): number;
  movedAt(): number;
  movedListAt(): number;
  movedCountAt(): number;
  digestsAt(): number;
  prefixAt(): number;
  namespaceAt(): number;
  setAt(): number;
  setFormat(prefixBytes: number, namespaceBytes: number, compact: number): void;
  setSet(bytes: number): void;
  setChunk(end: number, cut: number, limit: number): void;
  transcode(start: number, end: number, most: number): number;
  getChunkEnd(): number;
  getPosition(): number;
  getRecords(): number;
}

export interface TranscoderOptions {
  namespace: string;
  compact: boolean;
  /** The largest size at which chunks are cut. */
  chunkBytes: number;
}

/** A chunk in the memory of the module. */
export interface TranscodedChunk {
  text: Buffer;
  /** For `release`. */
  slot: number;
}

export class RecordTranscoder implements BulkSink {
  /** The tracker of each scan has to use them. One scan at a time. */
  readonly tables: ScanTables;
  readonly receiveBuffer: Buffer;
  consumedRecords = 0;
  /** Handled by `consume` so far. */
  records = 0;
  /** Called when the chunk has reached its size, or a record has no room in it: takes the chunk. */
  onFull: () => void = () => undefined;
  private readonly exports: Exports;
  private readonly memory: Buffer;
  private readonly freeSlots: number[];
  private readonly chunkCapacity: number;
  private readonly receiveAt: number;
  private slot: number;
  private cutBytes: number;
  private readonly namespaceBytes: number;
  private isNamespace = false;

  private constructor(program: WasmProgram<Exports>, prefix: Buffer, options: TranscoderOptions) {
    const { exports, memory, freeStart } = program;
    const namespace = Buffer.from(options.namespace);
    this.exports = exports;
    this.memory = memory;
    this.chunkCapacity = options.chunkBytes + HEADROOM_BYTES;
    this.receiveAt = alignUp(freeStart);
    const range = (at: number, bytes: number): Buffer => memory.subarray(at, at + bytes);
    this.receiveBuffer = range(this.receiveAt, RECEIVE_BYTES);
    const chunksAt = this.receiveAt + RECEIVE_BYTES + SLACK_BYTES;
    this.freeSlots = Array.from({ length: CHUNKS }, (_, i) => chunksAt + i * (this.chunkCapacity + SLACK_BYTES));
    this.slot = this.freeSlots.shift()!;
    this.cutBytes = options.chunkBytes;
    this.tables = {
      states: range(exports.statesAt(), PARTITIONS),
      requests: range(exports.requestsAt(), PARTITIONS),
      digests: range(exports.digestsAt(), PARTITIONS * DIGEST_BYTES),
      moved: range(exports.movedAt(), PARTITIONS),
      movedList: new Uint16Array(memory.buffer, exports.movedListAt(), PARTITIONS),
      movedCount: new Uint32Array(memory.buffer, exports.movedCountAt(), 1),
    };
    prefix.copy(memory, exports.prefixAt());
    namespace.copy(memory, exports.namespaceAt());
    this.namespaceBytes = namespace.length;
    exports.setFormat(prefix.length, namespace.length, options.compact ? 1 : 0);
    this.setChunk(0);
  }

  /** undefined = it has to be done without: there is no room for the module's memory, or the name is too long. */
  static create(module: WasmModule, options: TranscoderOptions): RecordTranscoder | undefined {
    const prefix = Buffer.concat([Buffer.from('+ n '), escapeToken(options.namespace), Buffer.from('\n+ d ')]);
    if (prefix.length > MAX_PREFIX_BYTES || Buffer.byteLength(options.namespace) > MAX_NAME_BYTES) return undefined;
    const chunkBytes = options.chunkBytes + HEADROOM_BYTES + SLACK_BYTES;
    const program = instantiateWasm<Exports>(module, RECEIVE_BYTES + CHUNKS * chunkBytes + 4 * SLACK_BYTES);
    return program === undefined ? undefined : new RecordTranscoder(program, prefix, options);
  }

  /** Bytes of text in the chunk. */
  get length(): number {
    return this.exports.getChunkEnd() - this.slot;
  }

  /** A copy of memory is needed to take the chunk. */
  get isLastSlot(): boolean {
    return this.freeSlots.length === 0;
  }

  expect(namespace: Buffer, set: Buffer | undefined): void {
    const { exports, memory } = this;
    const expected = memory.subarray(exports.namespaceAt(), exports.namespaceAt() + this.namespaceBytes);
    this.isNamespace = namespace.equals(expected) && (set === undefined || set.length <= MAX_NAME_BYTES);
    if (!this.isNamespace) return;
    set?.copy(memory, exports.setAt());
    exports.setSet(set?.length ?? -1);
  }

  consume(start: number, end: number, most: number): number {
    const { exports, receiveAt } = this;
    this.consumedRecords = 0;
    if (!this.isNamespace) return start;
    const limit = receiveAt + end;
    let at = receiveAt + start;
    for (;;) {
      const left = Math.min(most - this.consumedRecords, 0x7fff_ffff);
      const result = exports.transcode(at, limit, left);
      at = exports.getPosition();
      const records = exports.getRecords();
      this.consumedRecords += records;
      this.records += records;
      if (result !== FULL || this.length === 0) return at - receiveAt;
      this.onFull();
    }
  }

  /** Adds text that was made elsewhere. False = there is no room for it. */
  append(text: Buffer): boolean {
    const { length } = this;
    if (length + text.length > this.chunkCapacity) return false;
    text.copy(this.memory, this.slot + length);
    this.setChunk(length + text.length);
    return true;
  }

  /** The text of the chunk: valid until it is released, or until more is added. */
  get text(): Buffer {
    return this.memory.subarray(this.slot, this.exports.getChunkEnd());
  }

  /** Leaves the chunk to the caller and begins another. Not if `isLastSlot`. */
  detachChunk(): TranscodedChunk {
    const { text, slot } = this;
    this.slot = this.freeSlots.shift()!;
    this.setChunk(0);
    return { text, slot };
  }

  /** The memory of a chunk that was taken can be used again. */
  release(slot: number): void {
    this.freeSlots.push(slot);
  }

  /** Begins the chunk anew. */
  clear(): void {
    this.setChunk(0);
  }

  /** The chunk is cut before the first record that begins at `bytes` or later. */
  setCut(bytes: number): void {
    this.cutBytes = Math.min(bytes, this.chunkCapacity - HEADROOM_BYTES);
    this.setChunk(this.length);
  }

  private setChunk(length: number): void {
    const { slot, cutBytes, chunkCapacity } = this;
    this.exports.setChunk(slot + length, slot + cutBytes, slot + chunkCapacity);
  }
}

function alignUp(at: number): number {
  return Math.ceil(at / SLACK_BYTES) * SLACK_BYTES;
}
