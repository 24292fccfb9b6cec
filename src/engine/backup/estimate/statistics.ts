/** How large a backup is likely to be at most, from the sizes of some of its records (asbackup.md 6). */

/** Mean and variance of numbers that come one by one (Welford's method). */
export class SizeStatistics {
  count = 0;
  total = 0;
  mean = 0;
  private squares = 0;

  add(size: number): void {
    this.count++;
    this.total += size;
    const before = size - this.mean;
    this.mean += before / this.count;
    this.squares += before * (size - this.mean);
  }

  /** Of the mean; 0 as long as there is no variance to speak of. */
  get standardError(): number {
    return this.count < 2 ? 0 : Math.sqrt(this.squares / (this.count - 1) / this.count);
  }
}

/** No record size is expected above this, with 99.9999 % confidence in the mean. */
export function recordSizeBound(sizes: SizeStatistics): number {
  return Math.ceil(sizes.mean + upperQuantile(0.999999, 1) * sizes.standardError);
}

/**
 * The size of `records` records and what stands before them, with 99.9 % confidence. `ratio`: bytes of file per byte of
 * text, where the text is compressed. It applies to the spread as well as to the mean (asbackup.md 12, fault 25).
 */
export function backupSizeBound(sizes: SizeStatistics, headerBytes: number, records: number, ratio = 1): number {
  if (records === 0) return headerBytes;
  const perRecord = sizes.mean + upperQuantile(0.999, records) * sizes.standardError;
  return headerBytes + Math.ceil(records * ratio * perRecord);
}

/** The number that a standard normal variable exceeds with probability (1 - confidence) / parts. */
export function upperQuantile(confidence: number, parts: number): number {
  const tail = (1 - confidence) / parts;
  let low = 0;
  let high = 40;
  // The tail falls strictly, so halving finds the place; it is looked for twice per run.
  for (let i = 0; i < 64; i++) {
    const middle = (low + high) / 2;
    if (complementaryErrorFunction(middle / Math.SQRT2) / 2 > tail) low = middle;
    else high = middle;
  }
  return low;
}

/** erfc(x) for x ≥ 0, to about 15 digits: the series of erf near 0, the continued fraction of Laplace beyond. */
function complementaryErrorFunction(x: number): number {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 100; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
