import { ValueError } from './value-error.js';

const FORM = /^(?:(\d{4})-(\d{2})-(\d{2}))?(_?)(?:(\d{2}):(\d{2}):(\d{2}))?$/;
// Beyond this the server's clock unit, nanoseconds in a signed 64-bit integer, overflows.
const LAST_YEAR = 2261;

/** ISO 8601 with seconds or without, and with a zone, or in local time. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?$/;

/** As `parseTime`, or in ISO 8601: `2026-01-02T03:04:05Z`. Without a zone it is local time. */
export function parseMoment(text: string, now = new Date()): number {
  if (!text.includes('T')) return parseTime(text, now);
  const time = ISO_TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw new ValueError('expected a time in ISO 8601, as 2026-01-02T03:04:05Z');
  if (time <= 0 || time >= Date.UTC(LAST_YEAR + 1, 0)) {
    throw new ValueError(`expected a time after 1970-01-01 and before ${LAST_YEAR + 1}`);
  }
  return time;
}

/**
 * A point of local time: `YYYY-MM-DD_HH:MM:SS`, `YYYY-MM-DD` (its midnight) or `HH:MM:SS` (today). Milliseconds since
 * the epoch. Whether summer time applies is decided for that date, not for today.
 */
export function parseTime(text: string, now = new Date()): number {
  const match = FORM.exec(text);
  const [, year, month, day, separator, hour, minute, second] = match ?? [];
  const hasDate = year !== undefined;
  const hasTime = hour !== undefined;
  if (match === null || (!hasDate && !hasTime) || (separator === '_') !== (hasDate && hasTime)) {
    throw new ValueError('expected local time as YYYY-MM-DD_HH:MM:SS, YYYY-MM-DD or HH:MM:SS');
  }
  const [y, mo, d] = hasDate
    ? [Number(year), Number(month), Number(day)]
    : [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const [h, mi, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  const calendar = new Date(Date.UTC(y, mo - 1, d));
  if (mo !== calendar.getUTCMonth() + 1 || d !== calendar.getUTCDate() || h > 23 || mi > 59 || s > 59) {
    throw new ValueError('there is no such date or time');
  }
  const time = new Date(y, mo - 1, d, h, mi, s).getTime();
  if (time <= 0 || y > LAST_YEAR) throw new ValueError(`expected a time after 1970-01-01 and before ${LAST_YEAR + 1}`);
  return time;
}
