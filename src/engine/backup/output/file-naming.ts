/** The names of the files of a directory backup, and how workers share their numbers. */
import { basename, dirname } from 'node:path';
import { joinPath } from '../../../storage/paths.js';

export function backupFileName(prefix: string, number: number): string {
  return `${prefix}_${String(number).padStart(5, '0')}.asb`;
}

/**
 * The file of what record files of version 3.1 cannot hold: `metadata_<prefix>_00000.asb`, beside them. The newer tools
 * name theirs alike.
 */
export function metadataFileName(prefix: string): string {
  const name = backupFileName(`metadata_${basename(prefix)}`, 0);
  return dirname(prefix) === '.' ? name : joinPath(dirname(prefix), name);
}

/** A test whether a name without directory is that of the metadata file of a backup with this prefix. */
export function matchMetadataFile(prefix: string): (name: string) => boolean {
  const own = basename(metadataFileName(prefix));
  return (name) => name === own;
}

/** A test whether a name without directory is `<prefix>_NNNNN.asb`, with more digits from 100 000 on. */
export function matchRecordFile(prefix: string): (name: string) => boolean {
  const start = `${basename(prefix)}_`;
  return (name) => name.startsWith(start) && /^(?:\d{5}|[1-9]\d{5,})\.asb$/.test(name.slice(start.length));
}

const NEXT = 0;
const CLAIMED_GAPS = 1;
const FIRST_GAP = 2;

/**
 * The numbers of a directory's files, shared by all workers: the next number, and those below it that are free. A
 * continued run may have kept file 5 and neither 0, which holds the indexes and UDFs, nor 3: a restore would take the
 * gap for a file that was lost.
 */
export function fileNumbers(kept: readonly number[]): SharedArrayBuffer {
  const next = Math.max(0, ...kept) + 1;
  const taken = new Set(kept);
  const gaps: number[] = [];
  for (let number = 0; number < next; number++) if (!taken.has(number)) gaps.push(number);
  const shared = new SharedArrayBuffer((FIRST_GAP + gaps.length) * Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(shared).set([next, 0, ...gaps]);
  return shared;
}

/** Claims the lowest free number for one caller. */
export function claimFileNumber(shared: SharedArrayBuffer): number {
  const numbers = new Int32Array(shared);
  const gap = FIRST_GAP + Atomics.add(numbers, CLAIMED_GAPS, 1);
  return gap < numbers.length ? numbers[gap]! : Atomics.add(numbers, NEXT, 1);
}

/** Whether numbers below others are free. */
export function hasFreeNumber(shared: SharedArrayBuffer): boolean {
  const numbers = new Int32Array(shared);
  return FIRST_GAP + Atomics.load(numbers, CLAIMED_GAPS) < numbers.length;
}
