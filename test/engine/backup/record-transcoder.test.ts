/** Records by WebAssembly and by TypeScript: the same text, cursors and errors, however the bytes arrive. */
import { describe, expect, it } from 'vitest';
import { ScanStream } from '../../../scripts/fuzz/scan-stream.js';
import { seededRandom } from '../../../scripts/fuzz/random.js';
import { type AnswerOptions, compareWays, type Transcoded, transcodeAnswer } from '../../../scripts/fuzz/transcode.js';
import {
  createDigest,
  messageFrame,
  partitionEnd,
  type RowOptions,
  scanEnd,
  scanRow,
} from '../../support/fake-node.js';

const row = (partition: number, rest: number, options?: RowOptions): Buffer =>
  scanRow(createDigest(partition, rest), options);
const SCAN: AnswerOptions = { namespace: 'test', partitions: 11, nextRead: () => 1_000_000 };

/** Both ways, after they were compared: the one with the module. */
async function transcode(answer: Buffer, options: Partial<AnswerOptions> = {}): Promise<Transcoded> {
  const bulk = await transcodeAnswer(answer, { ...SCAN, ...options }, true);
  const single = await transcodeAnswer(answer, { ...SCAN, ...options }, false);
  expect(compareWays(bulk, single)).toBeUndefined();
  return bulk;
}

/** A record with one string of `bytes` bytes. */
function largeRow(partition: number, rest: number, bytes: number): Buffer {
  const small = row(partition, rest);
  // The bin is the last 17 bytes: size, op, type, flags, length of the name, name, value.
  const head = Buffer.from(small.subarray(0, small.length - 8));
  const op = head.length - 9;
  head.writeUInt32BE(5 + bytes, op);
  head[op + 5] = 3;
  return Buffer.concat([head, Buffer.alloc(bytes, 'x')]);
}

describe('a scan through the WebAssembly module', () => {
  it('handles ordinary records without a call for each', async () => {
    const { rows, records, error } = await transcode(messageFrame(row(0, 9), row(10, 7), row(0, 5), scanEnd()));
    expect({ rows, records, error }).toEqual({ rows: 0, records: 3, error: undefined });
  });

  it.each<[string, Buffer[], RegExp, Partial<AnswerOptions>?]>([
    ['a partition that was not requested', [row(0, 9), row(2000, 1)], /record of partition 2000, which was not/],
    ['the same record again', [row(3, 9), row(3, 9)], /twice or out of order/],
    ['ascending digests', [row(3, 8), row(3, 9)], /twice or out of order/],
    ['a partition that was reported as finished', [partitionEnd(3), row(3, 8)], /partition 3, which was not requested/],
    ['another namespace', [row(3, 8, { namespace: 'tesT' })], /a record of another namespace/],
    ['a longer namespace', [row(3, 8, { namespace: 'test2' })], /a record of another namespace/],
    ['a set that was not requested', [row(3, 8, { set: 'b' })], /a set that was not requested/, { sets: ['a'] }],
    ['no set where one was requested', [row(3, 8)], /a set that was not requested/, { sets: ['a'] }],
    ['a third set', [row(3, 8, { set: 'c' })], /a set that was not requested/, { sets: ['a', 'b'] }],
    ['a generation above 65535', [row(3, 8, { generation: 65536 })], /A generation of 65536 arrived/],
    ['a bin name of 16 bytes', [row(3, 8, { bin: 'b'.repeat(16) })], /A bin name of 16 bytes arrived/],
    ['a set name of 64 bytes', [row(3, 8, { set: 's'.repeat(64) })], /A set name of 64 bytes arrived/],
    ['a NUL in a bin name', [row(3, 8, { bin: 'a\0b' })], /holds a NUL byte/],
    ['a NUL in a set name', [row(3, 8, { set: 'a\0b' })], /holds a NUL byte/],
  ])('refuses %s with the error of TypeScript', async (_, messages, text, options = {}) => {
    const { error, records } = await transcode(messageFrame(row(5, 200), ...messages, scanEnd()), {
      ...(options.sets === undefined ? {} : { sets: options.sets }),
    }).catch((failure: unknown) => ({ error: String(failure), records: 0 }));
    if (options.sets === undefined) expect(records).toBeGreaterThan(0);
    expect(error).toMatch(text);
  });

  it('accepts the longest names, and names with bytes that are escaped', async () => {
    const messages = [
      row(1, 9, { bin: 'b'.repeat(15), set: 's'.repeat(63) }),
      row(1, 8, { bin: ' \n\\ \n\\ \n\\ \n\\ \n\\', set: ' \\'.repeat(31) }),
    ];
    const { rows, records } = await transcode(messageFrame(...messages, scanEnd()));
    expect({ rows, records }).toEqual({ rows: 0, records: 2 });
  });

  it('handles records of several requested sets, one by one only where the set changes', async () => {
    const messages = ['a', 'a', 'a', 'b', 'b', 'a'].map((set, i) => row(1, 100 - i, { set }));
    const { rows, records } = await transcode(messageFrame(...messages, scanEnd()), { sets: ['a', 'b'] });
    expect({ rows, records }).toEqual({ rows: 2, records: 6 });
  });

  it('stops at the record limit, and its cursor is that of the last record within it', async () => {
    const messages = [9, 8, 7, 6, 5].map((rest) => row(1, rest));
    const { records, text } = await transcode(messageFrame(...messages, scanEnd()), { maxRecords: 3 });
    expect(records).toBe(3);
    expect(text.includes(createDigest(1, 7).toString('base64'))).toBe(true);
    expect(text.includes(createDigest(1, 6).toString('base64'))).toBe(false);
  });

  it('handles records that are larger than its memory, and goes on with those behind them', async () => {
    const bytes = 3_000_000;
    const behind = Array.from({ length: 1800 }, (_, i) => row(2 + (i % 9), 199 - Math.floor(i / 9)));
    const frames = [
      messageFrame(row(1, 9), largeRow(1, 8, 700_000), row(1, 7)),
      messageFrame(largeRow(1, 6, bytes), ...behind),
      messageFrame(scanEnd()),
    ];
    const { records, rows, text } = await transcode(Buffer.concat(frames), { nextRead: () => 20_000 });
    expect(records).toBe(1804);
    expect(text.length).toBeGreaterThan(bytes);
    expect(rows).toBeLessThan(500);
  });

  it('gives the same however the bytes are cut', async () => {
    const options = { namespace: 'test', sets: ['a set'], partitions: 11, records: 3, damageEvery: 0 };
    const answer = new ScanStream(seededRandom(7), options).create();
    const whole = await transcode(answer);
    expect(whole.error).toBeUndefined();
    for (let cut = 1; cut < answer.length; cut++) {
      let reads = 0;
      const nextRead = (): number => (reads++ === 0 ? cut : answer.length);
      const { text, cursors } = await transcodeAnswer(answer, { ...SCAN, nextRead }, true);
      if (!text.equals(whole.text) || cursors !== whole.cursors) expect.fail(`differs when it is cut at ${cut}`);
    }
    const { text } = await transcodeAnswer(answer, { ...SCAN, nextRead: () => 1 }, true);
    expect(text.equals(whole.text)).toBe(true);
  });

  it('refuses an answer that ends within a message', async () => {
    const answer = messageFrame(row(1, 9), row(1, 8).subarray(0, 60));
    expect((await transcode(answer)).error).toMatch(/a record that is longer than its frame/);
  });
});
