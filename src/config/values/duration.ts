import { ValueError } from './value-error.js';

const FORM = /^(?=.)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/;
const UNIT_SECONDS = [86_400, 3600, 60, 1] as const;

/** `1d12h30m15s`, in this order, each part at most once: seconds. Throws ValueError. */
export function parseDuration(text: string): number {
  const match = FORM.exec(text);
  if (match === null) throw new ValueError('expected days, hours, minutes and seconds, such as 4h, 90m or 1d12h');
  const parts = match.slice(1) as (string | undefined)[];
  const seconds = UNIT_SECONDS.reduce((sum, unit, i) => sum + unit * Number(parts[i] ?? 0), 0);
  if (seconds === 0) throw new ValueError('expected a time of at least 1s');
  return seconds;
}
