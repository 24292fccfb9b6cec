/**
 * The module `restore` (wasm/restore.ts) and its memory: takes ordinary records of a file's text and makes rows of
 * write requests of them, or only checks them. Whatever it does not take is for the decoder.
 *
 * Memory: the module's own, the window for the text, one range for each frame, and the frames' row starts.
 */
import type { WasmModule } from '../core/webassembly.js';
import type { Decoder, WindowScanner } from './decoder.js';
import { MAX_BIN_NAME_BYTES, MAX_SET_BYTES } from './format.js';
import { GUARD } from './text-buffer.js';
import { instantiateWasm } from './wasm-module.js';

/** What the module exports; addresses and sizes are in bytes. */
interface RestoreExports {
  position: { readonly value: number };
  fullSlot: { readonly value: number };
  COUNTS: { readonly value: number };
  ROUTES: { readonly value: number };
  SLOTS: { readonly value: number };
  MAX_SLOTS: { readonly value: number };
  NAMESPACE_LINE: { readonly value: number };
  NAMESPACE_FIELD: { readonly value: number };
  SETS: { readonly value: number };
  MAX_SETS: { readonly value: number };
  WANTED_BINS: { readonly value: number };
  MAX_BIN_NAMES: { readonly value: number };
  setNamespace(lineBytes: number, fieldBytes: number): void;
  setFilters(sets: number, bins: number): void;
  setMode(singleCommands: boolean, checkOnly: boolean): void;
  setReading(): void;
  setPolicy(info: number, firstWriteInfo: number, sendGeneration: boolean, extraTtlS: number): void;
  setClock(nowS: number): void;
  setFrames(rows: number, minRows: number, flushThresholdBytes: number, maxBytes: number): void;
  countLineFeeds(from: number, to: number): number;
  scan(from: number, end: number): number;
}

const FULL = 1;

/** Two pieces of a file as it is read. */
const WINDOW_BYTES = 1024 * 1024 + GUARD;
/** A row that is added to a frame of less than 1 MiB fits as a rule. */
const FRAME_BYTES = 1024 * 1024 + 64 * 1024;
/** Read and written behind a range that is copied. */
const SLACK_BYTES = 64;
const ROW_START_BYTES = Int32Array.BYTES_PER_ELEMENT;
const SLOT_WORDS = 8;
const SET_ENTRY_BYTES = MAX_SET_BYTES + 1;
const BIN_ENTRY_BYTES = MAX_BIN_NAME_BYTES + 1;
const ROUTE_NONE = 0xffff;
/** `+ n ` and `+ d `, which stand around the namespace. */
const BEFORE_NAMESPACE = Buffer.from('+ n ');
const BEHIND_NAMESPACE = Buffer.from('+ d ');
/** What the module has room for; a name of 31 bytes, each of them escaped, needs less. */
const MAX_NAMESPACE_RANGE_BYTES = 112;
const NO_FIELD = Buffer.alloc(0);
/** Longest pause, in entries, of a scanner that finds nothing to take. */
const MAX_PAUSE = 3;

/** Memory of the module for a frame's rows. */
export interface ScannerFrame {
  readonly buffer: Buffer;
  /** Room for the starts of `maxRows` rows and the end of the last one. */
  readonly rowStarts: Int32Array;
}

export interface ScannerSettings {
  /** How many ranges for frames there are, and how many rows each can take. */
  frames: number;
  maxRows: number;
}

/**
 * What has been taken, in the order of the module's COUNTS. All but `records` and `nullSets` are 0 where records are
 * only checked.
 */
export interface ScanCounts {
  records: number;
  expired: number;
  skipped: number;
  ttlsCut: number;
  /** Rows of generation 0 whose generation counts. */
  generationZero: number;
  /** Rows that lost "persist index" bits. */
  persistBitsCleared: number;
  /** Records of a set called `null`, whatever became of them. */
  nullSets: number;
}

export class RecordScanner implements WindowScanner {
  /** For the decoder's text. */
  readonly window: Buffer;
  readonly frames: readonly ScannerFrame[];
  position = 0;
  lineFeeds = 0;
  private readonly windowAddress: number;
  private readonly slots: Uint32Array;
  private readonly counts: Uint32Array;
  private readonly taken: ScanCounts = {
    records: 0,
    expired: 0,
    skipped: 0,
    ttlsCut: 0,
    generationZero: 0,
    persistBitsCleared: 0,
    nullSets: 0,
  };
  /** Entries that the decoder takes before the module is asked again, because it has taken none. */
  private pause = 0;
  private nextPause = 0;
  private namespaceText: Buffer | undefined;

  private constructor(
    private readonly exports: RestoreExports,
    private readonly memory: Buffer,
    freeStart: number,
    { frames, maxRows }: ScannerSettings,
  ) {
    let address = alignAddress(freeStart);
    const allocate = (bytes: number): number => {
      const at = address;
      address = alignAddress(address + bytes);
      return at;
    };
    this.windowAddress = allocate(WINDOW_BYTES + SLACK_BYTES);
    this.window = this.getRange(this.windowAddress, WINDOW_BYTES);
    this.frames = Array.from({ length: frames }, () => {
      const at = allocate(FRAME_BYTES + SLACK_BYTES);
      const startsAt = allocate((maxRows + 1) * ROW_START_BYTES);
      const rowStarts = new Int32Array(memory.buffer, startsAt, maxRows + 1);
      return { buffer: this.getRange(at, FRAME_BYTES), rowStarts };
    });
    this.slots = new Uint32Array(memory.buffer, exports.SLOTS.value, exports.MAX_SLOTS.value * SLOT_WORDS);
    this.counts = new Uint32Array(memory.buffer, exports.COUNTS.value, Object.keys(this.taken).length);
  }

  /** undefined = there is no room for the memory. */
  static create(module: WasmModule, settings: ScannerSettings): RecordScanner | undefined {
    const frameBytes = FRAME_BYTES + SLACK_BYTES + (settings.maxRows + 1) * ROW_START_BYTES + 2 * ALIGNMENT;
    const bytes = WINDOW_BYTES + SLACK_BYTES + ALIGNMENT + settings.frames * frameBytes;
    const program = instantiateWasm<RestoreExports>(module, bytes);
    if (program === undefined) return undefined;
    return new RecordScanner(program.exports, program.memory, program.freeStart, settings);
  }

  /** A scanner that takes records of any namespace that `setNamespace` names, and writes nothing. */
  static createChecker(module: WasmModule): RecordScanner | undefined {
    const scanner = RecordScanner.create(module, { frames: 1, maxRows: 1 });
    if (scanner === undefined) return undefined;
    scanner.exports.setMode(false, true);
    scanner.setSlot(0, scanner.frames[0]!, 0, 0);
    return scanner;
  }

  /**
   * A scanner for readers: every record that it takes becomes a row of a batch without namespace, and the row has what
   * the file says, lists and maps with all their bits, and the expiration where a restore has the TTL. Rows get into
   * the only one of its `frames`, in slot 0, which is full with `rows` rows or `bytes` bytes.
   */
  static createReader(module: WasmModule, { rows, bytes }: { rows: number; bytes: number }): RecordScanner | undefined {
    const scanner = RecordScanner.create(module, { frames: 1, maxRows: rows });
    if (scanner === undefined) return undefined;
    scanner.exports.setReading();
    scanner.setFrameLimits(rows, 1, bytes, bytes);
    scanner.setSlot(0, scanner.frames[0]!, 0, 0);
    return scanner;
  }

  /** False = more names than the module takes. Names must not be longer than the format allows. */
  setFilters(sets: readonly Buffer[], bins: readonly Buffer[]): boolean {
    const { exports, memory } = this;
    if (sets.length > exports.MAX_SETS.value || bins.length > exports.MAX_BIN_NAMES.value) return false;
    if (sets.some(({ length }) => length > MAX_SET_BYTES)) return false;
    if (bins.some(({ length }) => length > MAX_BIN_NAME_BYTES)) return false;
    sets.forEach((set, i) => {
      const at = exports.SETS.value + i * SET_ENTRY_BYTES;
      memory[at] = set.length;
      set.copy(memory, at + 1);
    });
    bins.forEach((bin, i) => {
      const at = exports.WANTED_BINS.value + i * BIN_ENTRY_BYTES;
      memory.fill(0, at, at + BIN_ENTRY_BYTES);
      bin.copy(memory, at);
    });
    exports.setFilters(sets.length, bins.length);
    return true;
  }

  /**
   * `infoWord` is the word of a row's or command's header that holds the info bits, `firstWriteInfoWord` that for
   * records of generation 0.
   */
  setPolicy(
    mode: 'batch' | 'single',
    words: { infoWord: number; firstWriteInfoWord: number },
    { sendGeneration, extraTtlS }: { sendGeneration: boolean; extraTtlS: number },
  ): void {
    this.exports.setMode(mode === 'single', false);
    this.exports.setPolicy(words.infoWord, words.firstWriteInfoWord, sendGeneration, extraTtlS);
  }

  /**
   * From now on records are taken whose namespace stands in the text like this (`Decoder.namespaceText`); `field` is
   * the NAMESPACE field of their rows.
   */
  setNamespace(text: Buffer, field: Buffer): void {
    const { exports, memory } = this;
    const line = Buffer.concat([BEFORE_NAMESPACE, text, BEHIND_NAMESPACE]);
    if (line.length > MAX_NAMESPACE_RANGE_BYTES || field.length > MAX_NAMESPACE_RANGE_BYTES) {
      this.clearNamespace();
      return;
    }
    line.copy(memory, exports.NAMESPACE_LINE.value);
    field.copy(memory, exports.NAMESPACE_FIELD.value);
    exports.setNamespace(line.length, field.length);
  }

  /** Takes records of the namespace of the decoder's last record from now on. Where nothing is restored. */
  followNamespace({ namespaceText }: Decoder): void {
    if (namespaceText === this.namespaceText || namespaceText.length === 0) return;
    this.namespaceText = namespaceText;
    this.setNamespace(namespaceText, NO_FIELD);
  }

  /** No record is taken before the next `setNamespace`. */
  clearNamespace(): void {
    this.exports.setNamespace(0, 0);
  }

  /** By partition: the slot whose frame gets its records. */
  setRoutes(routes: Uint16Array): void {
    // Slots beyond those that the module has are for the decoder.
    const { exports, memory } = this;
    const own = new Uint16Array(memory.buffer, exports.ROUTES.value, routes.length);
    for (let i = 0; i < routes.length; i++) {
      const slot = routes[i]!;
      own[i] = slot < exports.MAX_SLOTS.value ? slot : ROUTE_NONE;
    }
  }

  /** When a frame is full (BatchWriter). */
  setFrameLimits(rows: number, minRows: number, flushThresholdBytes: number, maxBytes: number): void {
    this.exports.setFrames(rows, minRows, flushThresholdBytes, maxBytes);
  }

  setClock(nowS: number): void {
    this.exports.setClock(nowS);
  }

  /** Gives a slot one of `frames`, in which there are so many bytes and rows. */
  setSlot(slot: number, { buffer, rowStarts }: ScannerFrame, length: number, rows: number): void {
    const { slots } = this;
    const at = slot * SLOT_WORDS;
    slots[at] = buffer.byteOffset;
    slots[at + 1] = length;
    slots[at + 2] = rows;
    slots[at + 3] = buffer.length;
    slots[at + 4] = rowStarts.byteOffset;
    slots[at + 5] = rowStarts.length - 1;
  }

  /** Records for the slot are not taken. */
  clearSlot(slot: number): void {
    this.slots[slot * SLOT_WORDS] = 0;
  }

  /** Slots are numbers below this one. */
  get maxSlots(): number {
    return this.exports.MAX_SLOTS.value;
  }

  getSlotLength(slot: number): number {
    return this.slots[slot * SLOT_WORDS + 1]!;
  }

  getSlotRows(slot: number): number {
    return this.slots[slot * SLOT_WORDS + 2]!;
  }

  /** The slot whose frame is full, if `scan` has returned true. */
  get fullSlot(): number {
    return this.exports.fullSlot.value;
  }

  /** Takes records from `start` on. True = a frame is full; it is to be replaced before `scan` is called again. */
  scan(start: number, end: number): boolean {
    this.position = start;
    this.lineFeeds = 0;
    if (this.pause > 0) {
      this.pause--;
      return false;
    }
    const { exports, windowAddress } = this;
    const full = exports.scan(windowAddress + start, windowAddress + end) === FULL;
    // Addresses are signed when they come from a module, but those of the window are small.
    this.position = exports.position.value - windowAddress;
    if (this.position !== start) {
      this.lineFeeds = exports.countLineFeeds(windowAddress + start, windowAddress + this.position);
      this.nextPause = 0;
    } else if (!full) {
      this.pause = this.nextPause;
      this.nextPause = Math.min(MAX_PAUSE, this.nextPause * 2 + 1);
    }
    return full;
  }

  /** What has been taken since the last call. The same object each time: it is asked for as often as `scan`. */
  takeCounts(): Readonly<ScanCounts> {
    const { counts, taken } = this;
    taken.records = counts[0]!;
    taken.expired = counts[1]!;
    taken.skipped = counts[2]!;
    taken.ttlsCut = counts[3]!;
    taken.generationZero = counts[4]!;
    taken.persistBitsCleared = counts[5]!;
    taken.nullSets = counts[6]!;
    counts.fill(0);
    return taken;
  }

  private getRange(at: number, bytes: number): Buffer {
    return this.memory.subarray(at, at + bytes);
  }
}

const ALIGNMENT = 64;

function alignAddress(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
