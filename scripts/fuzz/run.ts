/** Damages valid files at random and checks that their readers either read them or reject them with a position. */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { seededRandom, type Random } from './random.js';

const SYNTAX_BYTES = Buffer.from('+-*# \n\\\0!=0123456789kndsgtbIDSBXNZGUie{}[]":,\x7f\xff', 'latin1');
/** Inputs are so small that even a busy machine needs less. */
const HANG_MS = 5000;
const YIELD_EVERY = 10;
const SAMPLE_MEMORY_EVERY = 200;
/** Largest growth of memory after the first inputs, garbage included. */
const MAX_GROWTH_BYTES = 400 * 2 ** 20;

export interface Reader {
  readonly name: string;
  /** Share of all inputs, 0 to 1. */
  readonly share: number;
  /** Valid files. */
  readonly seeds: readonly Buffer[];
  read(input: Buffer, random: Random): unknown;
  /** Whether an error says what is wrong with the file, and where. */
  isRejection(error: unknown): boolean;
  /** Removes the reader's temporary files. */
  close?(): void;
}

export interface FuzzTotals {
  inputs: number;
  read: number;
  rejected: number;
  slowestMs: number;
  grownBytes: number;
  /** Crashes, hangs, errors without a position, and memory that grows. */
  problems: string[];
}

/** A copy of `seed` with one to three damages. */
export function mutate(seed: Buffer, random: Random): Buffer {
  let text: Buffer = Buffer.from(seed);
  for (let n = 1 + random.below(3); n > 0 && text.length > 0; n--) {
    const at = random.below(text.length);
    const until = Math.min(text.length, at + 1 + random.below(random.below(4) === 0 ? 200 : 4));
    switch (random.below(7)) {
      case 0:
        text[at] = random.below(256);
        break;
      case 1:
        text[at] = SYNTAX_BYTES[random.below(SYNTAX_BYTES.length)]!;
        break;
      case 2:
        text = Buffer.concat([text.subarray(0, at), text.subarray(until)]);
        break;
      case 3:
        text = Buffer.concat([text.subarray(0, until), text.subarray(at)]);
        break;
      case 4:
        text = Buffer.concat([
          text.subarray(0, at),
          SYNTAX_BYTES.subarray(random.below(SYNTAX_BYTES.length)),
          text.subarray(at),
        ]);
        break;
      case 5:
        // Where lengths and flags lie.
        text[random.below(Math.min(text.length, 32))] = random.below(256);
        break;
      default:
        text[at] = text[random.below(text.length)]!;
    }
  }
  return text;
}

/** Gives a reader `inputs` damaged files. What is neither read nor rejected with a position is a problem. */
export async function fuzz(fuzzer: Reader, inputs: number, seed: number): Promise<FuzzTotals> {
  const random = seededRandom(seed);
  const totals: FuzzTotals = { inputs, read: 0, rejected: 0, slowestMs: 0, grownBytes: 0, problems: [] };
  let before: number | undefined;
  for (let i = 0; i < inputs; i++) {
    const input = mutate(fuzzer.seeds[i % fuzzer.seeds.length]!, random);
    const startedMs = performance.now();
    try {
      await fuzzer.read(input, random);
      totals.read++;
    } catch (error) {
      totals.rejected++;
      if (!fuzzer.isRejection(error)) {
        totals.problems.push(
          `seed ${seed}, input ${i}: ${(error as Error).stack ?? String(error)}\n${input.toString('base64').slice(0, 4000)}`,
        );
      }
    }
    const millis = performance.now() - startedMs;
    totals.slowestMs = Math.max(totals.slowestMs, millis);
    if (millis > HANG_MS) totals.problems.push(`seed ${seed}, input ${i}: took ${Math.round(millis)} ms`);
    // Memory of native objects is released between turns of the event loop only.
    if (i % YIELD_EVERY === 0) await setImmediate();
    if (i % SAMPLE_MEMORY_EVERY !== SAMPLE_MEMORY_EVERY - 1) continue;
    const { rss } = process.memoryUsage();
    before ??= rss;
    totals.grownBytes = Math.max(totals.grownBytes, rss - before);
  }
  if (totals.grownBytes > MAX_GROWTH_BYTES) totals.problems.push(`memory grew by ${totals.grownBytes} bytes`);
  return totals;
}
