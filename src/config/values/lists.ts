import { parseInteger } from './number.js';
import { ValueError } from './value-error.js';

export const MAX_RACK = 1_000_000;
export const MAX_SET_BYTES = 63;
export const MAX_THROTTLE = 999_999_999;

/** Comma-separated names; blanks around a name are dropped, every name has 1 to `maxBytes` bytes. */
export function parseNames(text: string, maxBytes: number): string[] {
  return text.split(',').map((item) => {
    const name = trimBlanks(item);
    if (name === '') throw new ValueError('the list has an empty name');
    checkLength(name, maxBytes);
    return name;
  });
}

/**
 * The set list of a backup: names separated by commas, each may stand in single or double quotes to contain commas.
 * Blanks belong to the name; an empty name is allowed and means "no set".
 */
export function parseSets(text: string): string[] {
  return splitQuoted(text).map(({ name }) => {
    checkLength(name, MAX_SET_BYTES);
    return name;
  });
}

/**
 * Names as in `parseNames`, except that one in quotes is taken as it stands: it may hold commas and blanks, and may be
 * empty (asrestore.md 12, fault 45).
 */
export function parseQuotableNames(text: string, maxBytes: number): string[] {
  return splitQuoted(text).flatMap(({ name, quoted }) => {
    if (!quoted) return parseNames(name, maxBytes);
    checkLength(name, maxBytes);
    return [name];
  });
}

/** The items of a list with commas, any of which may stand in quotes. */
function splitQuoted(text: string): { name: string; quoted: boolean }[] {
  const items: { name: string; quoted: boolean }[] = [];
  for (let at = 0; ;) {
    const quote = text[at];
    const quoted = quote === '"' || quote === "'";
    let end: number;
    if (quoted) {
      const close = text.indexOf(quote, at + 1);
      if (close < 0) throw new ValueError(`the quote (${quote}) is not closed`);
      const name = text.slice(at + 1, close);
      end = close + 1;
      if (end < text.length && text[end] !== ',') {
        throw new ValueError(`after the quoted name "${name}" a comma must follow`);
      }
      items.push({ name, quoted });
    } else {
      const comma = text.indexOf(',', at);
      end = comma < 0 ? text.length : comma;
      items.push({ name: text.slice(at, end), quoted });
    }
    if (end >= text.length) return items;
    at = end + 1;
  }
}

/** `SOURCE` or `SOURCE,DESTINATION` of a restore. */
export function parseNamespaces(text: string, maxBytes: number): { from: string; to: string } {
  const names = parseNames(text, maxBytes);
  const [from = '', to = from] = names;
  if (names.length > 2) throw new ValueError('expected one namespace, or a source and a destination');
  return { from, to };
}

export function parseRacks(text: string): number[] {
  return text.split(',').map((item) => parseInteger(trimBlanks(item), 0, MAX_RACK));
}

/** Absent = no limit. The command line gives both. */
export interface Throttle {
  mibPerSecond?: number;
  recordsPerSecond?: number;
}

/** `MIB,RECORDS` per second of a restore. */
export function parseThrottle(text: string): Throttle {
  const items = text.split(',').map((item) => trimBlanks(item));
  const [bandwidth, rate] = items;
  if (items.length !== 2 || bandwidth === undefined || rate === undefined) {
    throw new ValueError('expected two numbers: MiB per second and records per second, as in 50,10000');
  }
  return {
    mibPerSecond: parsePart(bandwidth, 'the first number, MiB per second'),
    recordsPerSecond: parsePart(rate, 'the second number, records per second'),
  };
}

function parsePart(text: string, what: string): number {
  try {
    return parseInteger(text, 1, MAX_THROTTLE);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`${what}, is ${JSON.stringify(text)}: ${error.message}`);
  }
}

/** Only the blanks of C: others can be part of a name. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
}

export function checkLength(name: string, maxBytes: number): void {
  const length = Buffer.byteLength(name);
  if (length > maxBytes) throw new ValueError(`"${name}" has ${length} bytes, at most ${maxBytes} are allowed`);
}
