/** Parameters of queries and paths. All functions throw V2Error. */
import { suggestion } from '../../../config/did-you-mean.js';
import { checkName } from '../../document/rules/common-rules.js';
import { V2Error } from '../errors.js';

/** A query as the router reads it: a list if a name was given several times. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The longest that a request waits. */
export const MAX_WAIT_SECONDS = 60;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const MAX_CURSOR_LENGTH = 1024;
/** The latest time that a `Date` can hold. */
const MAX_TIME_MS = 8_640_000_000_000_000;
const ID = /^[a-z0-9_-]{1,64}$/;

/** The parameters of one request. Those that its endpoint does not have are refused. */
export class QueryReader {
  constructor(
    private readonly query: RawQuery,
    known: readonly string[],
  ) {
    for (const name of Object.keys(query)) {
      if (known.includes(name)) continue;
      const near = suggestion(name, known, (found) => `"${found}"`);
      const allowed = known.length === 0 ? '' : `; allowed: ${known.join(', ')}`;
      throw invalid(`unknown parameter ${JSON.stringify(name)}${near === '' ? allowed : near}`);
    }
  }

  /** Empty ones count as absent. */
  text(name: string): string | undefined {
    const values = this.values(name);
    if (values.length > 1) throw invalid(`${name}: is given several times`);
    return values[0];
  }

  flag(name: string): boolean {
    const text = this.text(name);
    if (text === undefined || text === 'false') return false;
    if (text === 'true') return true;
    throw invalid(`${name}: expected true or false, got ${JSON.stringify(text)}`);
  }

  /** Several values, with commas between or as several parameters; undefined = none. */
  list<Value extends string>(name: string, allowed: readonly Value[]): Value[] | undefined {
    const words = this.values(name).flatMap((value) => value.split(','));
    if (words.length === 0) return undefined;
    return words.map((word) => {
      const found = allowed.find((one) => one.toLowerCase() === word.trim().toLowerCase());
      if (found !== undefined) return found;
      throw invalid(`${name}: expected ${allowed.join(', ')}, got ${JSON.stringify(word)}`);
    });
  }

  /** Milliseconds since 1970 of a number of them, or of RFC 3339. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const isText = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
    const value = /^\d{1,16}$/.test(text) ? Number(text) : isText ? Date.parse(text.replace(' ', 'T')) : NaN;
    if (Number.isFinite(value) && value <= MAX_TIME_MS) return value;
    throw invalid(
      `${name}: expected a time as 2026-05-02T09:00:00Z or milliseconds since 1970, got ${JSON.stringify(text)}`,
    );
  }

  bounds(): { fromMs?: number; toMs?: number } {
    const [fromMs, toMs] = [this.time('from'), this.time('to')];
    if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) throw invalid('from: must not be after to');
    return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
  }

  page(): { limit: number; after?: string } {
    const after = this.text('after');
    if (after !== undefined && (after.length > MAX_CURSOR_LENGTH || !/^[\w.~=+/-]+$/.test(after))) {
      throw invalid('after: expected `next` of the page before');
    }
    return {
      limit: this.integer('limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
      ...(after === undefined ? {} : { after }),
    };
  }

  integer(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw invalid(`${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`);
  }

  /** How long to wait, in milliseconds. More than the longest time counts as that. */
  waitMs(): number {
    const seconds = this.integer('wait', 0, Number.MAX_SAFE_INTEGER) ?? 0;
    return Math.min(seconds, MAX_WAIT_SECONDS) * 1000;
  }

  private values(name: string): readonly string[] {
    const value = Object.hasOwn(this.query, name) ? this.query[name] : undefined;
    const values = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    return values.filter((one) => one !== '');
  }
}

/** The id of a backup in a path. */
export function readId(id: string): string {
  if (ID.test(id)) return id;
  throw new V2Error('invalid-id', `id: expected 1 to 64 characters a-z, 0-9, _ and -, got ${quote(id)}`);
}

/** `PREFIX` of `PREFIX*`; undefined = it is an id. */
export function readPrefix(id: string): string | undefined {
  if (!id.endsWith('*')) return undefined;
  const prefix = id.slice(0, -1);
  if (prefix === '' || ID.test(prefix)) return prefix;
  throw new V2Error('invalid-id', `id: expected a-z, 0-9, _ and - before *, got ${quote(id)}`);
}

/** The name of an entity of the configuration in a path. */
export function readEntityName(name: string, what: string): string {
  const problem = name === '__proto__' ? 'must not be __proto__' : checkName(name);
  if (problem !== undefined) throw invalid(`the name of the ${what} ${problem}`);
  return name;
}

function invalid(message: string): V2Error {
  return new V2Error('invalid-request', message);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
