/** The names of the files of a directory backup, and how workers share their numbers. */

export function backupFileName(prefix: string, number: number): string {
  return `${prefix}_${String(number).padStart(5, '0')}.asb`;
}

/**
 * The numbers of a directory's files, shared by all workers: the next number, and whether number 0, which holds the
 * indexes and UDFs, is still to be written. A continued run may have kept file 1 and not file 0.
 */
export function fileNumbers(kept: readonly number[]): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const numbers = new Int32Array(shared);
  numbers[0] = Math.max(0, ...kept) + 1;
  numbers[1] = kept.includes(0) ? 0 : 1;
  return shared;
}

/** Takes a number of `fileNumbers`: 0 for whoever comes first, if it is free. */
export function claimFileNumber(shared: SharedArrayBuffer): number {
  const numbers = new Int32Array(shared);
  return Atomics.exchange(numbers, 1, 0) === 1 ? 0 : Atomics.add(numbers, 0, 1);
}
