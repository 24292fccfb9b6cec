/** Numbers and times as the console shows them. Pure: the current time is a parameter. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `1.4 MiB`; three significant digits. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]!}`;
}

/** `1,234,567` */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `3 files` */
export function countNoun(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`: the two largest units. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  const [size, name] = units[first]!;
  const [nextSize, nextName] = units[first + 1] ?? [1, ''];
  const rest = Math.floor((seconds % size) / nextSize);
  const head = `${Math.floor(seconds / size)} ${name}`;
  return rest === 0 || nextName === '' ? head : `${head} ${rest} ${nextName}`;
}

/** `just now`, `5 min ago`, `in 2 h`; one unit is enough to compare at a glance. */
export function formatRelative(timeMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - timeMs);
  if (distance < 10_000) return timeMs > nowMs ? 'in a moment' : 'just now';
  const text =
    distance < MINUTE_MS
      ? `${Math.round(distance / 1000)} s`
      : distance < HOUR_MS
        ? `${Math.round(distance / MINUTE_MS)} min`
        : distance < 2 * DAY_MS
          ? `${Math.round(distance / HOUR_MS)} h`
          : `${Math.round(distance / DAY_MS)} d`;
  return timeMs > nowMs ? `in ${text}` : `${text} ago`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

/** `2026-05-02`, in the zone of the browser. */
export function formatDate(timeMs: number): string {
  const date = new Date(timeMs);
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** `09:04:11`, in the zone of the browser. */
export function formatClock(timeMs: number): string {
  const date = new Date(timeMs);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `2026-05-02 09:04:11`, in the zone of the browser: sorts, and is the same in every language. */
export function formatTime(timeMs: number): string {
  return `${formatDate(timeMs)} ${formatClock(timeMs)}`;
}

/**
 * As a field of the type `datetime-local` has it: `2026-05-02T09:04:11`. A part of a second counts as a whole one, so
 * that the backup of this moment is not after it.
 */
export function formatLocalInput(timeMs: number): string {
  const wholeMs = Math.ceil(timeMs / 1000) * 1000;
  return `${formatDate(wholeMs)}T${formatClock(wholeMs)}`;
}

/** `42 %`; never 100 before the end, so that nobody takes a run for finished. */
export function formatPercent(share: number): string {
  return `${share >= 1 ? 100 : Math.min(99, Math.floor(share * 100))} %`;
}

/** `[a, b, c, d]` → `a, b and 2 more` */
export function formatNames(names: readonly string[], limit = 3): string {
  if (names.length <= limit) return names.join(', ');
  return `${names.slice(0, limit - 1).join(', ')} and ${names.length - limit + 1} more`;
}

/** Milliseconds since 1970 of a time of the API; undefined for none, and for one that cannot be read. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
