/** Records of a backup as lines of JSON or CSV, for programs that know neither the format nor the database. */
import { isUtf8 } from 'node:buffer';
import type { ByteSink } from '../../core/byte-stream.js';
import { DECODED_BIN_STRIDE, NAME_IN_ARENA, VALUE_IN_ARENA, type DecodedRecord } from '../../core/decoded-record.js';
import { Particle } from '../../core/particle.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import { readBackupFiles, type BackupFiles } from './backup-files.js';
import { formatJsonValue, type JsonValueOptions } from './json-value.js';

export type ExportFormat = 'jsonl' | 'csv';

export interface ExportConfig extends JsonValueOptions {
  format: ExportFormat;
  /** Only these bins; empty = all. CSV needs two passes over the files to know all of them. */
  bins: readonly string[];
  /** Only records of these sets; empty = all; '' = records without a set. */
  sets: readonly string[];
  signal: AbortSignal;
  onBytes?: (bytes: number) => void;
}

export interface ExportResult {
  records: number;
  bytes: number;
}

const BUFFER_CHARACTERS = 1 << 18;

/** Writes all records to `sink`, which it closes. Throws what reading and writing throw. */
export async function exportBackup(files: BackupFiles, sink: ByteSink, config: ExportConfig): Promise<ExportResult> {
  const { format, bins, signal } = config;
  const output = new TextOutput(sink);
  try {
    const result: ExportResult = { records: 0, bytes: 0 };
    let formatRecord = (record: DecodedRecord): string => formatJsonLine(record, config);
    if (format === 'csv') {
      const columns = bins.length > 0 ? bins : await collectBinNames(files, config);
      output.add(formatCsvHead(columns));
      formatRecord = (record) => formatCsvLine(record, columns, config);
    }
    const isWanted = createSetFilter(config.sets);
    await readBackupFiles(
      files,
      {
        visitRecord: ({ record }) => {
          if (!isWanted(record)) return;
          output.add(formatRecord(record));
          result.records++;
        },
        waitForDrain: () => output.flushIfFull(),
        ...(config.onBytes === undefined ? {} : { onBytes: config.onBytes }),
      },
      signal,
      bins.length > 0 ? bins : undefined,
    );
    await output.flush();
    await sink.close();
    result.bytes = output.bytes;
    return result;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

function createSetFilter(sets: readonly string[]): (record: DecodedRecord) => boolean {
  if (sets.length === 0) return () => true;
  const wanted = sets.map((set) => Buffer.from(set));
  return ({ setBuf, setStart, setEnd }) =>
    wanted.some((set) => setBuf.compare(set, 0, set.length, setStart, setEnd) === 0);
}

/** Gathers lines, so that the sink gets few large pieces. */
class TextOutput {
  bytes = 0;
  private lines: string[] = [];
  private characters = 0;

  constructor(private readonly sink: ByteSink) {}

  add(line: string): void {
    this.lines.push(line);
    this.characters += line.length;
  }

  flushIfFull(): Promise<void> | undefined {
    return this.characters >= BUFFER_CHARACTERS ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    if (this.lines.length === 0) return;
    const text = Buffer.from(this.lines.join(''));
    this.lines = [];
    this.characters = 0;
    this.bytes += text.length;
    await this.sink.write(text);
  }
}

function readBinName({ bins, input, arena }: DecodedRecord, at: number): string {
  const names = (bins[at + 5]! & NAME_IN_ARENA) === 0 ? input : arena;
  return formatName(names, bins[at + 1]!, bins[at + 2]!);
}

/** In a name that is not UTF-8, `\xHH` stands for each byte beyond ASCII, so that two names stay two. */
function formatName(bytes: Buffer, start: number, end: number): string {
  const name = bytes.toString('utf8', start, end);
  if (!name.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return name;
  return bytes
    .toString('latin1', start, end)
    .replace(/[\\\x80-\xff]/g, (char) => (char === '\\' ? '\\\\' : `\\x${char.charCodeAt(0).toString(16)}`));
}

function readBinValue({ bins, input, arena }: DecodedRecord, at: number): Buffer {
  const values = (bins[at + 5]! & VALUE_IN_ARENA) === 0 ? input : arena;
  return values.subarray(bins[at + 3], bins[at + 4]);
}

function formatExpiry(voidTime: number): string {
  return new Date((voidTime + VOID_TIME_EPOCH_S) * 1000).toISOString();
}

/** One object, in the order of the file; its names are part of the documented interface. */
function formatJsonLine(record: DecodedRecord, options: JsonValueOptions): string {
  const { setBuf, setStart, setEnd, keyType, keyBuf, keyStart, keyEnd, voidTime } = record;
  let text = `{"namespace":${JSON.stringify(record.namespace)}`;
  if (setEnd > setStart) text += `,"set":${JSON.stringify(formatName(setBuf, setStart, setEnd))}`;
  if (keyType !== 0) text += `,"key":${formatJsonValue(keyType, keyBuf.subarray(keyStart, keyEnd), options)}`;
  text += `,"digest":"${record.digest.toString('hex')}","generation":${record.generation}`;
  if (voidTime !== 0) text += `,"voidTime":${voidTime},"expiresAt":"${formatExpiry(voidTime)}"`;
  text += ',"bins":{';
  for (let i = 0; i < record.binCount; i++) {
    const at = i * DECODED_BIN_STRIDE;
    const value = formatJsonValue(record.bins[at]!, readBinValue(record, at), options);
    text += `${i === 0 ? '' : ','}${JSON.stringify(readBinName(record, at))}:${value}`;
  }
  return `${text}}}\n`;
}

/** Columns in front of the bins. */
const FIXED_COLUMNS = ['namespace', 'set', 'key', 'digest', 'generation', 'voidTime', 'expiresAt'];

/** The names of all bins, in the order in which they first occur. */
async function collectBinNames(files: BackupFiles, { sets, signal }: ExportConfig): Promise<string[]> {
  const names = new Set<string>();
  const isWanted = createSetFilter(sets);
  const visitRecord = ({ record }: { record: DecodedRecord }): void => {
    if (!isWanted(record)) return;
    for (let i = 0; i < record.binCount; i++) names.add(readBinName(record, i * DECODED_BIN_STRIDE));
  };
  await readBackupFiles(files, { visitRecord }, signal);
  return [...names];
}

/** A bin that has the name of a fixed column, or begins with `bin.`, has `bin.` in front. */
function formatCsvHead(columns: readonly string[]): string {
  const isAmbiguous = (name: string): boolean => FIXED_COLUMNS.includes(name) || name.startsWith('bin.');
  const names = columns.map((name) => (isAmbiguous(name) ? `bin.${name}` : name));
  return `${[...FIXED_COLUMNS, ...names].map((name) => quoteCsv(name)).join(',')}\r\n`;
}

/** An absent or null value is an empty field, an empty text two quotes. */
function formatCsvLine(record: DecodedRecord, columns: readonly string[], options: JsonValueOptions): string {
  const { setBuf, setStart, setEnd, keyType, keyBuf, keyStart, keyEnd, voidTime } = record;
  const values = new Map<string, string>();
  for (let i = 0; i < record.binCount; i++) {
    const at = i * DECODED_BIN_STRIDE;
    values.set(readBinName(record, at), formatCsvValue(record.bins[at]!, readBinValue(record, at), options));
  }
  const fields = [
    quoteCsv(record.namespace),
    setEnd === setStart ? '' : quoteCsv(formatName(setBuf, setStart, setEnd)),
    keyType === 0 ? '' : formatCsvValue(keyType, keyBuf.subarray(keyStart, keyEnd), options),
    record.digest.toString('hex'),
    String(record.generation),
    String(voidTime),
    voidTime === 0 ? '' : formatExpiry(voidTime),
    ...columns.map((name) => values.get(name) ?? ''),
  ];
  return `${fields.join(',')}\r\n`;
}

/** Texts as they are, everything else as its JSON text. */
function formatCsvValue(particle: number, bytes: Buffer, options: JsonValueOptions): string {
  const json = formatJsonValue(particle, bytes, options);
  if (json === 'null') return '';
  return quoteCsv(json.startsWith('"') ? (JSON.parse(json) as string) : json, particle === Particle.STRING);
}

function quoteCsv(text: string, isText = false): string {
  const needsQuotes = /[",\r\n]/.test(text) || (isText && text === '');
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}
