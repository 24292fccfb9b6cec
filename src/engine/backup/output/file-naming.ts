/** The names of the files of a directory backup, and how workers share their numbers. */

export function backupFileName(prefix: string, number: number): string {
  return `${prefix}_${String(number).padStart(5, '0')}.asb`;
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
