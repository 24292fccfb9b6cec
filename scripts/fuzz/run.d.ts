import type { Random } from './random.js';

export interface Reader {
  readonly name: string;
  /** Of all inputs, 0 to 1. */
  readonly share: number;
  /** Good files. */
  readonly seeds: readonly Buffer[];
  read(input: Buffer, random: Random): unknown;
  /** Whether an error says what is wrong with the file, and where. */
  isRefusal(error: unknown): boolean;
  close?(): void;
}

export interface FuzzTotals {
  inputs: number;
  read: number;
  refused: number;
  slowestMs: number;
  grownBytes: number;
  /** Crashes, hangs, errors without a place, and memory that grows. */
  problems: string[];
}

export function mutate(seed: Buffer, random: Random): Buffer;
export function fuzz(reader: Reader, inputs: number, seed: number): Promise<FuzzTotals>;
