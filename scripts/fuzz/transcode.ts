/**
 * The answers of a node on their way to backup text, once with WebAssembly and once without: text, cursors, counts and
 * errors must be the same, and each chunk must agree with the cursors that come with it.
 */
import { setImmediate } from 'node:timers/promises';
import type { ClusterNode } from '../../src/aerospike/cluster/node.js';
import { NodeScan } from '../../src/aerospike/commands/node-scan.js';
import { CursorKind, cursorBytes, PartitionTracker } from '../../src/aerospike/commands/partition-tracker.js';
import { type FrameConsumer, FrameReader } from '../../src/aerospike/protocol/frame-reader.js';
import { RecordEncoder } from '../../src/asb/encoder.js';
import { loadWasmModule } from '../../src/asb/wasm-module.js';
import { partitionId } from '../../src/core/partition.js';
import type { ProgressDelta } from '../../src/engine/backup/checkpoint/progress-delta.js';
import type { ChunkOutput } from '../../src/engine/backup/output/chunk-output.js';
import { RecordTranscoder } from '../../src/engine/backup/record-transcoder.js';
import { CHUNK_BYTES, RecordWriter } from '../../src/engine/backup/record-writer.js';
import { seededRandom } from './random.js';
import { ScanStream } from './scan-stream.js';

export interface AnswerOptions {
  namespace: string;
  /** Of the request: empty = any. */
  sets?: readonly string[];
  partitions: number;
  compact?: boolean;
  maxRecords?: number;
  /** Bytes of the next read. */
  nextRead: () => number;
  /** What is left in the current file; Infinity unless told. */
  availableBytes?: () => number;
  transfersMemory?: boolean;
}

export interface Transcoded {
  text: Buffer;
  /** Of all partitions that have begun, as hexadecimal. */
  cursors: string;
  records: number;
  error: string | undefined;
  /** Chunks whose cursors or counts do not agree with their text. */
  problems: string[];
  /** Records that were handled one by one. */
  rows: number;
}

/** Sends `answer` through the way of a backup's records, and checks the chunks. */
export async function transcodeAnswer(
  answer: Buffer,
  options: AnswerOptions,
  withModule: boolean,
): Promise<Transcoded> {
  const output = new CheckedOutput(options);
  const { writer, tracker, error, rows } = await scanAnswer(answer, options, withModule, output);
  return {
    text: Buffer.concat(output.chunks),
    cursors: Buffer.from(tracker.exportCursors()).toString('hex'),
    records: writer.records,
    error,
    problems: output.problems,
    rows,
  };
}

/** Sends `answer` to an output; resolves when that has all of its text. */
export async function scanAnswer(
  answer: Buffer,
  options: AnswerOptions,
  withModule: boolean,
  output: ChunkOutput,
): Promise<{ writer: RecordWriter; tracker: PartitionTracker; error: string | undefined; rows: number }> {
  const { namespace, sets = [], compact = false, partitions } = options;
  const transcoder = withModule
    ? RecordTranscoder.create(loadWasmModule('backup')!, { namespace, compact, chunkBytes: CHUNK_BYTES })
    : undefined;
  if (withModule && transcoder === undefined) throw new Error('the module cannot run here');
  const writer = new RecordWriter(new RecordEncoder({ namespace, compact, bufferBytes: 65_536 }), output, transcoder);
  const tracker = new PartitionTracker([{ kind: 'range', begin: 0, count: partitions }], transcoder?.tables);
  writer.startPartition(tracker);
  let rows = 0;
  const sink = {
    row: (view: Parameters<RecordWriter['row']>[0]) => {
      rows++;
      writer.row(view);
    },
    waitForDrain: () => writer.waitForDrain(),
    bulk: writer.bulk,
  };
  const selection = {
    namespace,
    set: sets.length === 1 ? sets[0]! : '',
    sets: sets.length > 1 ? [...sets] : [],
    bins: [],
    noBins: false,
    recordsPerSecond: 0,
    socketTimeoutMs: 0,
    totalTimeoutMs: 0,
  };
  const connection = new ReplayedConnection(answer, options.nextRead);
  const node = {
    endpoint: 'node',
    acquire: () => Promise.resolve(connection),
    release: () => undefined,
    sessionEnded: () => false,
  };
  const scan = new NodeScan(selection, tracker, sink, node as unknown as ClusterNode);
  const limits = { deadline: Infinity, records: options.maxRecords ?? Infinity, signal: undefined };
  let error: string | undefined;
  try {
    await scan.run([...Array(partitions).keys()], limits);
  } catch (failure) {
    error = (failure as Error).message;
  }
  await writer.flush();
  return { writer, tracker, error, rows };
}

/** Keeps chunks a while before it copies them, and checks each against its cursors. */
class CheckedOutput implements ChunkOutput {
  readonly chunks: Buffer[] = [];
  readonly problems: string[] = [];
  readonly transfersMemory: boolean;

  constructor(private readonly options: AnswerOptions) {
    this.transfersMemory = options.transfersMemory ?? false;
  }

  availableBytes(): number {
    return this.options.availableBytes?.() ?? Infinity;
  }

  async write(chunk: Buffer, delta: ProgressDelta): Promise<Buffer> {
    if (this.transfersMemory && chunk.buffer.byteLength > 2 * chunk.length + 2 * CHUNK_BYTES) {
      this.problems.push('a chunk to be transferred lies in the memory of the module');
    }
    const index = this.chunks.push(chunk) - 1;
    await setImmediate();
    this.chunks[index] = Buffer.from(chunk);
    this.check(this.chunks[index], delta);
    chunk.fill(0xee);
    return Buffer.from(chunk.buffer);
  }

  private check(text: Buffer, { cursors, records }: ProgressDelta): void {
    const last = new Map<number, string>();
    for (let at = 0; (at = text.indexOf('\n+ d ', at)) >= 0; at += 5) {
      const digest = Buffer.from(text.toString('latin1', at + 5, at + 33), 'base64');
      // Also what a value looks like that holds such a line; then the digests differ, which none of the tests makes.
      if (digest.length === 20) last.set(partitionId(digest, 0), digest.toString('hex'));
    }
    const saved = new Map<number, string>();
    const done = new Set<number>();
    for (let at = 0; at < cursors.length;) {
      const kind = cursors[at + 2]!;
      const cursor = Buffer.from(cursors.subarray(at, at + cursorBytes(kind)));
      const partition = cursor.readUInt16LE(0);
      if (kind === CursorKind.DONE) done.add(partition);
      saved.set(partition, cursor.toString('hex', 3));
      at += cursor.length;
    }
    for (const [partition, digest] of last) {
      if (!done.has(partition) && saved.get(partition) !== digest)
        this.problems.push(`partition ${partition}: text ${digest}, cursor ${saved.get(partition)}`);
    }
    if (last.size > 0 && records < last.size) this.problems.push(`${records} records, ${last.size} partitions`);
  }

  begin(): void {
    // There are no files.
  }
  recordProgress(): void {
    // `exportCursors` has it.
  }
  checkpoint(): Promise<void> {
    return Promise.resolve();
  }
  endJob(): Promise<void> {
    return Promise.resolve();
  }
  finish(): Promise<[]> {
    return Promise.resolve([]);
  }
  abort(): Promise<void> {
    return Promise.resolve();
  }
}

/** A connection whose answer is known. Pauses as a socket does. */
class ReplayedConnection {
  readonly where = 'node';
  readonly hasUnread = false;
  private paused = false;
  private closed = false;

  constructor(
    private readonly answer: Buffer,
    private readonly nextRead: () => number,
  ) {}

  request(_request: Buffer, consumer: FrameConsumer): void {
    const reader = new FrameReader(this.where);
    // As a socket does, which has asked for memory before there was a request.
    let tail = reader.tail();
    reader.consumer = consumer;
    const run = async (): Promise<void> => {
      for (let at = 0; at < this.answer.length && !this.closed;) {
        const bytes = Math.min(this.nextRead(), tail.length, this.answer.length - at);
        this.answer.copy(tail, 0, at, at + bytes);
        reader.received(bytes);
        at += bytes;
        tail = reader.tail();
        while (this.paused) await setImmediate();
      }
      if (!this.closed) consumer.fail(new Error('the answer is over'));
    };
    run().catch((error: unknown) => consumer.fail(error as Error));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  release(): void {
    this.closed = true;
  }

  close(): void {
    this.closed = true;
  }
}

/** What differs between two ways of the same answer; undefined = nothing. */
export function compareWays(a: Transcoded, b: Transcoded): string | undefined {
  const problem = a.problems[0] ?? b.problems[0];
  if (problem !== undefined) return problem;
  if (a.error !== b.error) return `error ${String(a.error)} and ${String(b.error)}`;
  if (a.records !== b.records) return `${a.records} and ${b.records} records`;
  if (a.cursors !== b.cursors) return 'cursors';
  if (a.text.equals(b.text)) return undefined;
  let at = 0;
  while (a.text[at] === b.text[at]) at++;
  const excerpt = ({ text }: Transcoded): string =>
    JSON.stringify(text.toString('latin1', Math.max(0, at - 60), at + 40));
  return `text at ${at}: ${excerpt(a)} and ${excerpt(b)}`;
}

export interface TranscodeTotals {
  records: number;
  /** Of those, by TypeScript although there was the module. */
  rows: number;
  rejected: number;
  problems: string[];
}

const STREAM_RECORDS = 1000;

/** Compares both ways for about `records` random records, some of them damaged. */
export async function fuzzTranscoder(records: number, seed: number): Promise<TranscodeTotals> {
  const totals: TranscodeTotals = { records: 0, rows: 0, rejected: 0, problems: [] };
  for (let round = 0; totals.records < records && totals.problems.length < 5; round++) {
    const random = seededRandom(seed + round);
    const sets = random.pick([[], ['a set'], ['one', 'two', 'a\\b\nc']]);
    const stream = new ScanStream(random, {
      namespace: random.pick(['test', 'te st\\']),
      sets,
      partitions: random.pick([1, 7, 4096]),
      records: STREAM_RECORDS,
      damageEvery: random.pick([0, 300, 3000]),
    });
    const answer = stream.create();
    const { namespace, partitions } = stream.options;
    const mostBytes = random.pick([300, 20_000, 200_000, 700_000]);
    const options: AnswerOptions = {
      namespace,
      sets: random.below(3) === 0 ? sets : [],
      partitions,
      compact: random.below(2) === 0,
      ...(random.below(4) === 0 ? { maxRecords: 1 + random.below(STREAM_RECORDS) } : {}),
      nextRead: () => 1 + random.below(mostBytes),
      transfersMemory: random.below(2) === 0,
      availableBytes: random.below(3) === 0 ? () => 1 + random.below(100_000) : () => Infinity,
    };
    const bulk = await transcodeAnswer(answer, options, true);
    const without = await transcodeAnswer(answer, options, false);
    const difference = compareWays(bulk, without);
    if (difference !== undefined) totals.problems.push(`seed ${seed + round}: ${difference}`);
    totals.records += bulk.records;
    totals.rows += bulk.rows;
    if (bulk.error !== undefined) totals.rejected++;
  }
  return totals;
}
