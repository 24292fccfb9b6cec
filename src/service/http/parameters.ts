/** Parameters of paths and queries, with the texts of ABS. All functions throw SERVICE_INVALID. */
import { checkName } from '../document/rules/common-rules.js';
import { ServiceError } from '../errors.js';
import type { JobFilter, JobStatus, TimeBounds } from './dependencies.js';

/** A query as the router reads it: a list if a name was given several times. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The latest time that a `Date` can hold. Bounds beyond it mean the same. */
const MAX_TIME_MS = 8_640_000_000_000_000;
const MAX_INT64 = (1n << 63n) - 1n;
/** ABS counts delays in nanoseconds, in 64 bits. */
const MAX_DELAY_MS = MAX_INT64 / 1_000_000n;

/** @param name decoded @param what in the text: `routine name` */
export function readName(name: string, what: string): string {
  const problem = name === '__proto__' ? 'must not be __proto__' : checkName(name);
  if (problem !== undefined) throw new ServiceError('SERVICE_INVALID', `invalid request: ${what} ${problem}`);
  return name;
}

/** `from` and `to`, in milliseconds since 1970. */
export function parseBounds(query: Query): TimeBounds {
  const fromMs = parseBound(query, 'from');
  const toMs = parseBound(query, 'to');
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw new ServiceError('SERVICE_INVALID', 'invalid query param time bounds: from must not be after to');
  }
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

function parseBound(query: Query, name: 'from' | 'to'): number | undefined {
  const text = readQuery(query, name);
  if (text === undefined) return undefined;
  const value = parseInt64(text);
  if (value === undefined || value < 0n) {
    const problem = `${name} must be a number of milliseconds since 1970, not ${JSON.stringify(text)}`;
    throw new ServiceError('SERVICE_INVALID', `invalid query param time bounds: ${problem}`);
  }
  return Math.min(Number(value), MAX_TIME_MS);
}

/** `delay` in milliseconds; 0 if it is absent. */
export function parseDelay(query: Query): number {
  const text = readQuery(query, 'delay');
  if (text === undefined) return 0;
  const value = parseInt64(text);
  if (value === undefined || value < 0n || value > MAX_DELAY_MS) {
    const problem = `must be a number of milliseconds from 0 to ${String(MAX_DELAY_MS)}, not ${JSON.stringify(text)}`;
    throw new ServiceError('SERVICE_INVALID', `invalid query param delay: ${problem}`);
  }
  return Number(value);
}

/** `deep`; false if it is absent. */
export function parseDeep(query: Query): boolean {
  const text = readQuery(query, 'deep');
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  const problem = `must be true or false, not ${JSON.stringify(text)}`;
  throw new ServiceError('SERVICE_INVALID', `invalid query param deep: ${problem}`);
}

const STATUSES: readonly JobStatus[] = ['running', 'success', 'failure', 'canceled'];
/** Values of ABS before 3.6. */
const OLD_STATUSES: Readonly<Record<string, JobStatus>> = { done: 'success', failed: 'failure' };

/** `from`, `to` and `status`: names of statuses with commas between; `!` in front of a name excludes it. */
export function parseJobFilter(query: Query): JobFilter {
  const bounds = parseBounds(query);
  const text = readQuery(query, 'status');
  if (text === undefined) return bounds;
  const included = new Set<JobStatus>();
  const excluded = new Set<JobStatus>();
  for (const item of text.split(',')) {
    const [, not, word = ''] = /^\s*(!?)\s*(.*?)\s*$/s.exec(item.toLowerCase()) ?? [];
    const status = STATUSES.find((one) => one === word) ?? (Object.hasOwn(OLD_STATUSES, word) && OLD_STATUSES[word]);
    if (status === false || status === undefined) {
      const problem = `${JSON.stringify(item)} is none of ${STATUSES.join(', ')}`;
      throw new ServiceError('SERVICE_INVALID', `invalid query param status: ${problem}`);
    }
    (not === '!' ? excluded : included).add(status);
  }
  const chosen = included.size === 0 ? STATUSES : [...included];
  return { ...bounds, statuses: new Set(chosen.filter((status) => !excluded.has(status))) };
}

/** The id of a job as decimal text without leading zeros. */
export function parseJobId(text: string): string {
  const value = parseInt64(text);
  if (value === undefined) {
    throw new ServiceError('SERVICE_INVALID', `invalid job id: ${JSON.stringify(text)} is not an integer`);
  }
  return String(value);
}

/** A time in milliseconds since 1970. */
export function parseTimestamp(text: string): number {
  const value = parseInt64(text);
  if (value === undefined || value < 0n) {
    const problem = `${JSON.stringify(text)} is not a number of milliseconds since 1970`;
    throw new ServiceError('SERVICE_INVALID', `invalid timestamp: ${problem}`);
  }
  return Math.min(Number(value), MAX_TIME_MS);
}

/** The first value; an empty one counts as absent. */
function readQuery(query: Query, name: string): string | undefined {
  const values = Object.hasOwn(query, name) ? query[name] : undefined;
  const value = typeof values === 'object' ? values[0] : values;
  return value === '' ? undefined : value;
}

/** undefined if the text is no integer of 64 bits. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,30}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value > MAX_INT64 || value < -MAX_INT64 - 1n ? undefined : value;
}
