import { ValueError } from './value-error.js';

/**
 * The largest integer that is exact as a JavaScript number; the upper bound where the C tools allow any 64-bit value.
 */
export const ANY = Number.MAX_SAFE_INTEGER;
export const UINT32 = 4294967295;
export const INT32 = 2147483647;

// What strtol takes: blanks before the number and a sign are fine, anything after it is not.
const INTEGER = /^[ \t\n\v\f\r]*[+-]?[0-9]+$/;

export function parseInteger(text: string, min: number, max: number): number {
  // Number() rounds beyond 2^53, but never back into a range that ends at or below 2^53 - 1.
  const value = INTEGER.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw new ValueError(`expected ${rangeText(min, max)}`);
  return value === 0 ? 0 : value;
}

export function rangeText(min: number, max: number): string {
  if (max === ANY) return `a whole number of at least ${min}`;
  return `a whole number from ${min} to ${max}`;
}

/** A day: more than that without any progress is no outage. */
export const MAX_STALL_S = 86_400;
