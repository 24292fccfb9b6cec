import { ValueError } from './value-error.js';

const FORM = /^(?:(\d{4})-(\d{2})-(\d{2}))?(_?)(?:(\d{2}):(\d{2}):(\d{2}))?$/;
// Beyond this the server's clock unit, nanoseconds in a signed 64-bit integer, overflows.
const LAST_YEAR = 2261;

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
