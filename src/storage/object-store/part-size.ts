/**
 * How large the parts of an upload are. A store takes 10 000 parts for an object, and none below 5 MiB but the last; a
 * backup must not fail at part 10 000 because its size was guessed wrong (asbackup.md 12, fault 32).
 */
import { StorageError } from '../errors.js';

export const MIB = 1024 * 1024;
export const MAX_PARTS = 10_000;
export const MIN_PART_BYTES = 5 * MIB;
export const MAX_PART_BYTES = 5 * 1024 * MIB;
export const MAX_OBJECT_BYTES = 5 * 1024 * 1024 * MIB;

/** From this part on the size doubles every so many parts: what is left then still reaches 5 TiB. */
const GROWTH_AFTER = 5000;
const DOUBLES_EVERY = 450;

/** The least size of part `number`, which counts from 1, that leaves the way to 5 TiB open. */
export function leastPartBytes(number: number): number {
  const doublings = Math.max(0, Math.ceil((number - GROWTH_AFTER) / DOUBLES_EVERY));
  return Math.min(MAX_PART_BYTES, MIN_PART_BYTES * 2 ** doublings);
}

/** The usual size of part `number`. `baseBytes` from `basePartBytes`. */
export function partBytes(number: number, baseBytes: number): number {
  return Math.max(baseBytes, leastPartBytes(number));
}

/**
 * What the parts of a file begin with: as told, or a ten-thousandth of the expected size; whole MiB (asbackup.md 10).
 * Throws StorageError S3_TOO_LARGE.
 */
export function basePartBytes(path: string, expectedBytes: number, minPartBytes?: number): number {
  if (expectedBytes > MAX_OBJECT_BYTES) throw tooLarge(path, expectedBytes);
  const bytes = minPartBytes ?? Math.max(MIN_PART_BYTES, Math.ceil(expectedBytes / MAX_PARTS));
  return Math.ceil(bytes / MIB) * MIB;
}

export function tooLarge(path: string, bytes: number): StorageError {
  const text = `${path} would have ${bytes} bytes, and an object on S3 has at most 5 TiB: give --directory, which writes several files.`;
  return new StorageError('S3_TOO_LARGE', text);
}
