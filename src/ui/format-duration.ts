/** `1d2h3m4s`: leading zero units are dropped, later ones kept; `>100d` beyond 100 days. */
export function etaText(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s > 100 * 86_400) return '>100d';
  const units: [number, string][] = [
    [Math.floor(s / 86_400), 'd'],
    [Math.floor(s / 3600) % 24, 'h'],
    [Math.floor(s / 60) % 60, 'm'],
    [s % 60, 's'],
  ];
  const first = units.findIndex(([n]) => n > 0);
  return units
    .slice(first < 0 ? -1 : first)
    .map(([n, unit]) => `${n}${unit}`)
    .join('');
}

/** A span for sentences: `0.25 s`, `12.3 s`, then as `etaText`. */
export function secondsText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds >= 60) return etaText(seconds);
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** For fields: JSON knows no infinity, which is what a standstill predicts. */
export function wholeSeconds(seconds: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(seconds)));
}

/** `YYYY-MM-DD HH:MM:SS ZONE` in local time; without an argument the epoch, which stands for "not set". */
export function localTimeText(time = 0): string {
  const t = new Date(time);
  const two = (n: number): string => String(n).padStart(2, '0');
  const date = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}`;
  return `${date} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())} ${zoneText(t)}`;
}

/** The zone's abbreviation as the system's `date` prints it: `UTC`, `CET`, or the offset for zones without a name. */
function zoneText(t: Date): string {
  // The common case without loading the tables of the locales, which takes longer than many a run.
  if (t.toString().endsWith('(Coordinated Universal Time)')) return 'UTC';
  // Each locale knows the abbreviations that are common where it is spoken, and says `GMT+1` for the others.
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(t);
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]+$/.test(name)) return name;
  }
  const minutes = -t.getTimezoneOffset();
  const digits = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const offset = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${digits(offset / 60)}${offset % 60 === 0 ? '' : digits(offset % 60)}`;
}
