/**
 * The sizes of the parts of an upload. A store accepts 10 000 parts of an object, and none below 5 MiB but the last. A
 * backup must not fail at part 10 000 because its size was estimated too low (asbackup.md 12, fault 32).
 */
import { StorageError } from '../errors.js';
import { errorCode, type ObjectStoreKind } from './client.js';

export const MIB = 1024 * 1024;
export const MAX_PARTS = 10_000;
export const MIN_PART_BYTES = 5 * MIB;
export const MAX_PART_BYTES = 5 * 1024 * MIB;
export const MAX_OBJECT_BYTES = 5 * 1024 * 1024 * MIB;

/** After so many parts the size doubles every so many parts: the parts that are left then reach 5 TiB. */
const GROWTH_AFTER = 5000;
const DOUBLES_EVERY = 450;

/** The smallest size of part `number`, which counts from 1, with which the parts can still reach 5 TiB. */
export function smallestPartBytes(number: number): number {
  const doublings = Math.max(0, Math.ceil((number - GROWTH_AFTER) / DOUBLES_EVERY));
  return Math.min(MAX_PART_BYTES, MIN_PART_BYTES * 2 ** doublings);
}

/** The usual size of part `number`. `baseBytes` is the result of `chooseBasePartBytes`. */
export function usualPartBytes(number: number, baseBytes: number): number {
  return Math.max(baseBytes, smallestPartBytes(number));
}

/**
 * The size of the first parts of a file: `minPartBytes`, or a ten-thousandth of the expected size; whole MiB
 * (asbackup.md 10). Throws StorageError `…_TOO_LARGE`.
 */
export function chooseBasePartBytes(
  kind: ObjectStoreKind,
  path: string,
  expectedBytes: number,
  minPartBytes?: number,
): number {
  if (expectedBytes > MAX_OBJECT_BYTES) throw objectTooLarge(kind, path, expectedBytes);
  const bytes = minPartBytes ?? Math.max(MIN_PART_BYTES, Math.ceil(expectedBytes / MAX_PARTS));
  return Math.ceil(bytes / MIB) * MIB;
}

export function objectTooLarge(kind: ObjectStoreKind, path: string, bytes: number): StorageError {
  const text = `${path} would have ${bytes} bytes, and an object on ${kind.name} has at most 5 TiB`;
  return new StorageError(errorCode(kind, 'TOO_LARGE'), text, { hint: 'write-directory', details: { path, bytes } });
}
