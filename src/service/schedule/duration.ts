const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
const LEAST_MS = 60_000;
const MOST_MS = 10 * 366 * UNIT_MS.d;

/** Milliseconds of `2h`, `90m` or `1d12h`; undefined = malformed, less than a minute, or more than ten years. */
export function parseDuration(text: string): number | undefined {
  const found = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text.trim());
  if (found === null) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = found;
  const ms =
    Number(days) * UNIT_MS.d + Number(hours) * UNIT_MS.h + Number(minutes) * UNIT_MS.m + Number(seconds) * UNIT_MS.s;
  return ms >= LEAST_MS && ms <= MOST_MS ? ms : undefined;
}
