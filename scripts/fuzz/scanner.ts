/**
 * Restores the same text with the module that takes ordinary records and without it, and compares all that comes of it:
 * the rows of the write requests, byte for byte and in their order, the counters, and the error with its place.
 */
import { namespaceField, infoWord, WriteFrame, type WriteMode } from '../../src/aerospike/protocol/write-frame.js';
import { Decoder, Entry, FormatError } from '../../src/asb/decoder.js';
import { RecordScanner } from '../../src/asb/record-scanner.js';
import type { WasmModule } from '../../src/core/webassembly.js';
import { zeroCounts } from '../../src/engine/restore/counters.js';
import { RecordProcessor, type RecordRules } from '../../src/engine/restore/record-processor.js';
import { mutate } from './run.js';
import type { Random } from './random.js';
import { createText } from './scanner-text.js';

export interface ScanSettings {
  mode: WriteMode;
  rules: RecordRules;
  /** Empty = all. */
  bins: readonly string[];
  rowsPerFrame: number;
}

export const PLAIN_SETTINGS: ScanSettings = {
  mode: 'batch',
  rules: { sets: [], extraTtlS: 0, unique: false, replace: false, noGeneration: false },
  bins: [],
  rowsPerFrame: 512,
};

export interface ScanOutcome {
  rows: Buffer[];
  counts: Record<string, number | boolean>;
  error: string;
  /** Records that the module has taken. */
  scanned: number;
}

const NOW_S = 500_000_000;
const SLOT = 1;
const ROUTES = new Uint16Array(4096).fill(SLOT);
const FLUSH_THRESHOLD_BYTES = 96 * 1024;
const MAX_FRAME_BYTES = 1024 * 1024;

/** One restore of one file, with or without the module. */
class TextRestore {
  readonly rows: Buffer[] = [];
  scanned = 0;
  private readonly processor: RecordProcessor;
  private readonly counts = zeroCounts();
  private frame: WriteFrame;
  private persistBitsCleared = 0;
  private namespaceText: Buffer | undefined;
  private field: Buffer = Buffer.alloc(0);

  constructor(
    private readonly settings: ScanSettings,
    private readonly scanner: RecordScanner | undefined,
  ) {
    const { mode, rules, bins, rowsPerFrame } = settings;
    this.processor = new RecordProcessor(rules, this.counts);
    this.processor.nowS = NOW_S;
    this.frame = new WriteFrame(mode, scanner?.frames[0]);
    if (scanner === undefined) return;
    const { processor } = this;
    const names = bins.map((bin) => Buffer.from(bin));
    if (!scanner.setFilters(processor.sets, names)) throw new Error('filters of too many names');
    const words = {
      infoWord: infoWord(mode, processor.defaultPolicy),
      firstWriteInfoWord: infoWord(mode, processor.firstWritePolicy),
    };
    scanner.setPolicy(mode, words, processor);
    scanner.setRoutes(ROUTES);
    scanner.setClock(NOW_S);
    scanner.setFrameLimits(rowsPerFrame, Math.min(rowsPerFrame, 128), FLUSH_THRESHOLD_BYTES, MAX_FRAME_BYTES);
    scanner.takeCounts();
  }

  /** `cuts` = sizes of the pieces in which the text arrives, again and again. */
  run(text: Buffer, cuts: readonly number[]): ScanOutcome {
    const { bins } = this.settings;
    const window = this.scanner?.window;
    const decoder = new Decoder({
      file: 'backup.asb',
      ...(bins.length > 0 ? { bins } : {}),
      ...(window === undefined ? {} : { window }),
    });
    let error = '';
    try {
      for (let at = 0, cut = 0; at < text.length; cut++) {
        const bytes = cuts[cut % cuts.length]!;
        decoder.write(text.subarray(at, at + bytes));
        at += bytes;
        this.readEntries(decoder);
      }
      decoder.end();
      this.readEntries(decoder);
    } catch (thrown) {
      if (!(thrown instanceof FormatError)) throw thrown;
      error = `${thrown.code} ${thrown.message}`;
    }
    this.flush();
    const { ttlsCut, generationZero, nullSetSeen } = this.processor;
    const { persistBitsCleared } = this;
    return {
      rows: this.rows,
      counts: { ...this.counts, ttlsCut, generationZero, nullSetSeen, persistBitsCleared },
      error,
      scanned: this.scanned,
    };
  }

  private readEntries(decoder: Decoder): void {
    for (;;) {
      while (this.scan(decoder)) this.flush();
      const kind = decoder.next();
      if (kind === Entry.NEED_DATA || kind === Entry.END) return;
      if (kind === Entry.RECORD) this.addRecord(decoder);
    }
  }

  private scan(decoder: Decoder): boolean {
    const { scanner, frame, processor } = this;
    if (scanner === undefined) return false;
    if (decoder.namespaceText !== this.namespaceText) {
      this.namespaceText = decoder.namespaceText;
      scanner.setNamespace(this.namespaceText, this.field);
    }
    if (frame.atHome) scanner.setSlot(SLOT, frame, frame.length, frame.rows);
    else scanner.clearSlot(SLOT);
    const full = decoder.scanRecords(scanner);
    if (frame.atHome) frame.adoptRows(scanner.getSlotRows(SLOT), scanner.getSlotLength(SLOT));
    const counts = scanner.takeCounts();
    processor.countScanned(counts);
    this.persistBitsCleared += counts.persistBitsCleared;
    this.scanned += counts.records;
    return full;
  }

  private addRecord({ record }: Decoder): void {
    const { processor, frame } = this;
    this.counts.records++;
    this.field = namespaceField(record.namespaceBytes);
    if (!processor.accept(record)) return;
    this.persistBitsCleared += frame.append(record, processor.policy, this.field, processor.generation, processor.ttlS);
    if (frame.rows >= this.settings.rowsPerFrame || frame.length >= MAX_FRAME_BYTES) this.flush();
  }

  private flush(): void {
    const { frame, settings } = this;
    frame.seal(1000);
    for (let row = 0; row < frame.rows; row++) {
      const bytes = Buffer.from(frame.buffer.subarray(frame.rowStarts[row], frame.rowStarts[row + 1]));
      if (settings.mode === 'batch') {
        if (bytes.readUInt32BE(0) !== row) throw new Error(`row ${row} has index ${bytes.readUInt32BE(0)}`);
        bytes.writeUInt32BE(0, 0);
      }
      this.rows.push(bytes);
    }
    frame.clear();
  }
}

/** Restores `text` in pieces of `cuts` bytes. */
export function restoreText(
  text: Buffer,
  settings: ScanSettings,
  cuts: readonly number[],
  scanner?: RecordScanner,
): ScanOutcome {
  return new TextRestore(settings, scanner).run(text, cuts);
}

/** Records of `text` and the error, if it is only checked, as a validation does. */
export function checkText(
  text: Buffer,
  cuts: readonly number[],
  checker?: RecordScanner,
): { records: number; error: string } {
  const decoder = new Decoder({ file: 'backup.asb', ...(checker === undefined ? {} : { window: checker.window }) });
  let records = 0;
  const readAll = (): void => {
    for (;;) {
      if (checker !== undefined) {
        checker.followNamespace(decoder);
        while (decoder.scanRecords(checker));
        records += checker.takeCounts().records;
      }
      const kind = decoder.next();
      if (kind === Entry.NEED_DATA || kind === Entry.END) return;
      if (kind === Entry.RECORD) records++;
    }
  };
  try {
    for (let at = 0, cut = 0; at < text.length; cut++) {
      const bytes = cuts[cut % cuts.length]!;
      decoder.write(text.subarray(at, at + bytes));
      at += bytes;
      readAll();
    }
    decoder.end();
    readAll();
    return { records, error: '' };
  } catch (thrown) {
    if (!(thrown instanceof FormatError)) throw thrown;
    return { records, error: `${thrown.code} ${thrown.message}` };
  }
}

/** What two outcomes differ in; undefined = nothing. */
export function compareOutcomes(ours: ScanOutcome, oracle: ScanOutcome): string | undefined {
  if (ours.error !== oracle.error) return `error "${ours.error}" instead of "${oracle.error}"`;
  const counts = JSON.stringify(ours.counts);
  if (counts !== JSON.stringify(oracle.counts)) return `${counts} instead of ${JSON.stringify(oracle.counts)}`;
  if (ours.rows.length !== oracle.rows.length) return `${ours.rows.length} rows instead of ${oracle.rows.length}`;
  const row = ours.rows.findIndex((bytes, i) => !bytes.equals(oracle.rows[i]!));
  if (row < 0) return undefined;
  return `row ${row}: ${ours.rows[row]!.toString('hex')} instead of ${oracle.rows[row]!.toString('hex')}`;
}

export interface ScanFuzzTotals {
  records: number;
  /** Records that the module has taken, and texts that were refused. */
  scanned: number;
  refused: number;
  problems: string[];
}

const MAX_RECORDS = 40;
const MAX_PROBLEMS = 3;

/** Restores random and damaged texts of at least so many records both ways. */
export function fuzzScanner(module: WasmModule, records: number, random: Random): ScanFuzzTotals {
  const scanner = RecordScanner.create(module, { frames: 1, maxRows: 512 });
  if (scanner === undefined) throw new Error('no memory for the module');
  const checker = RecordScanner.createChecker(module)!;
  const totals: ScanFuzzTotals = { records: 0, scanned: 0, refused: 0, problems: [] };
  while (totals.records < records && totals.problems.length < MAX_PROBLEMS) {
    const whole = createText(random, MAX_RECORDS);
    const text = random.below(3) > 0 ? whole : mutate(whole, random);
    const settings = createSettings(random);
    const cuts = random.below(3) > 0 ? [1 << 19] : [1 + random.below(text.length), 1 + random.below(40)];
    const oracle = restoreText(text, settings, cuts);
    const ours = restoreText(text, settings, cuts, scanner);
    totals.records += oracle.counts.records as number;
    totals.scanned += ours.scanned;
    if (oracle.error !== '') totals.refused++;
    const checked = checkText(text, cuts, checker);
    const difference =
      checked.records !== oracle.counts.records || checked.error !== oracle.error
        ? `checked: ${JSON.stringify(checked)} instead of ${oracle.counts.records} records, error "${oracle.error}"`
        : compareOutcomes(ours, oracle);
    if (difference === undefined) continue;
    totals.problems.push(`${difference}\n${JSON.stringify({ settings, cuts })}\n${text.toString('base64')}`);
  }
  return totals;
}

function createSettings(random: Random): ScanSettings {
  return {
    mode: random.below(3) > 0 ? 'batch' : 'single',
    rules: {
      sets: random.below(4) > 0 ? [] : ['bench', 'people', 'größe'],
      extraTtlS: random.below(3) > 0 ? 0 : random.below(2 ** 31),
      unique: random.below(5) === 0,
      replace: random.below(5) === 0,
      noGeneration: random.below(4) === 0,
    },
    bins: random.below(4) > 0 ? [] : ['number0', 'text1', 'half2', 'a', 'eight888'],
    rowsPerFrame: random.pick([1, 2, 7, 512]),
  };
}
