/** Rates are 0 where there is nothing to divide by; those of log lines are whole numbers, rounded down. */

export function perRecord(bytes: number, records: number): number {
  return records <= 0 ? 0 : Math.floor(bytes / records);
}

export function perSecond(amount: number, intervalMs: number): number {
  return intervalMs <= 0 ? 0 : Math.floor((amount * 1000) / intervalMs);
}

/** For a progress display: what happened between two marks of a millisecond clock. */
export function liveRates(
  now: { at: number; records: number; bytes: number },
  before: { at: number; records: number; bytes: number },
): { recordsPerSecond: number; mibPerSecond: number } {
  const seconds = (now.at - before.at) / 1000;
  if (seconds <= 0) return { recordsPerSecond: 0, mibPerSecond: 0 };
  const mib = (now.bytes - before.bytes) / (1024 * 1024);
  return { recordsPerSecond: (now.records - before.records) / seconds, mibPerSecond: mib / seconds };
}

/** For sentences: `12345 rec/s, 1.5 MiB/s`. */
export function rateText(records: number, bytes: number, durationMs: number): string {
  const mib = durationMs <= 0 ? 0 : bytes / (1024 * 1024) / (durationMs / 1000);
  return `${perSecond(records, durationMs)} rec/s, ${mib.toFixed(1)} MiB/s`;
}
