import type { Age } from '../../engine/catalog/retention.js';
import { ValueError } from './value-error.js';

const FORM = /^(?=.)(?:(\d{1,4})y)?(?:(\d{1,5})m)?(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:(\d{1,7})h)?$/;
const DAYS_PER_WEEK = 7;

/** `1y6m2w10d12h`, in this order, each part at most once. Throws ValueError. */
export function parseAge(text: string): Age {
  const match = FORM.exec(text);
  if (match === null) throw new ValueError('expected years, months, weeks, days and hours, such as 1y6m, 30d or 12h');
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  if (years + months + weeks + days + hours === 0) throw new ValueError('expected an age of at least 1h');
  return { years, months, days: days + weeks * DAYS_PER_WEEK, hours };
}
