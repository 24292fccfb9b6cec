/**
 * The processor time of records by WebAssembly beside that by TypeScript, in one process, on the same bytes: whatever
 * slows the machine down slows both. The least of alternating runs counts.
 */
import { describe, expect, it } from 'vitest';
import { type AnswerOptions, scanAnswer } from '../../../scripts/fuzz/transcode.js';
import type { ChunkOutput } from '../../../src/engine/backup/output/chunk-output.js';
import { messageFrame, scanEnd, scanRow } from '../../support/fake-node.js';

const RECORDS = 12_000;
const PARTITIONS = 16;
const FRAME_RECORDS = 500;
/** Measured: 6.6 to 7.3, on a busy machine. */
const LEAST_RATIO = 2.5;
const RUNS = 5;

/** A scan of small records, with the digests of each partition in descending order. */
function createAnswer(): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < RECORDS; at += FRAME_RECORDS) {
    frames.push(messageFrame(...Array.from({ length: FRAME_RECORDS }, (_, i) => createRow(at + i))));
  }
  return Buffer.concat([...frames, messageFrame(scanEnd())]);
}

function createRow(index: number): Buffer {
  const digest = Buffer.alloc(20, 0xa5);
  digest[0] = Math.floor((index * PARTITIONS) / RECORDS);
  digest[1] = 0xf0;
  digest.writeUInt32BE(0xffff_ffff - index, 2);
  return scanRow(digest, { set: 'users' });
}

/** Takes chunks and drops them. */
class DroppingOutput implements ChunkOutput {
  readonly transfersMemory = false;
  bytes = 0;

  availableBytes(): number {
    return Infinity;
  }
  begin(): void {
    // There are no files.
  }
  write(chunk: Buffer): Promise<Buffer> {
    this.bytes += chunk.length;
    return Promise.resolve(Buffer.from(chunk.buffer));
  }
  recordProgress(): void {
    // Nobody asks for it.
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

describe('a scan through the WebAssembly module', () => {
  it('takes less than 0.4 of the processor time of TypeScript', async () => {
    const answer = createAnswer();
    const options: AnswerOptions = { namespace: 'test', partitions: PARTITIONS, nextRead: () => 524_288 };
    const measure = async (withModule: boolean): Promise<number> => {
      const output = new DroppingOutput();
      const before = process.cpuUsage();
      const { writer, error, rows } = await scanAnswer(answer, options, withModule, output);
      const { user, system } = process.cpuUsage(before);
      expect({ records: writer.records, error, rows }).toEqual({
        records: RECORDS,
        error: undefined,
        rows: withModule ? 0 : RECORDS,
      });
      return user + system;
    };
    const least = { module: Infinity, typeScript: Infinity };
    for (let run = 0; run < RUNS; run++) {
      least.typeScript = Math.min(least.typeScript, await measure(false));
      least.module = Math.min(least.module, await measure(true));
    }
    expect(least.typeScript / least.module, JSON.stringify(least)).toBeGreaterThan(LEAST_RATIO);
  });
});
