/** Compares values with the schemas: every difference is a line that names the place and what is expected there. */
import type { TSchema } from 'typebox';
import { suggestion } from '../../config/did-you-mean.js';
import { findValueSchema, isObject, joinPath, toJsonSchema, type JsonSchema } from './json-schema.js';
import { SECRET_KEYWORD, VALUES_KEYWORD } from './schema/keywords.js';

/** A longer text is not shown. */
const MAX_SHOWN = 60;

/**
 * All that is wrong with a value, each as `where.key: what is expected`; empty = nothing. No text of a place that holds
 * a secret is shown.
 *
 * @param where what the paths begin with; empty for a whole document
 */
export function checkValue(schema: TSchema, value: unknown, where: string): string[] {
  const problems: string[] = [];
  check(toJsonSchema(schema), value, where, problems);
  return problems;
}

function check(schema: JsonSchema, value: unknown, where: string, problems: string[]): void {
  // Anything goes.
  if (schema.type === undefined && schema.enum === undefined) return;
  const values = findValueSchema(schema);
  const fail = (what: string): void => void problems.push(`${where === '' ? '' : `${where}: `}${what}`);
  if (schema.type === 'object' && !isObject(value)) {
    fail(`expected ${values === undefined ? 'an object' : 'a map of names'}, got ${describe(schema, value)}`);
  } else if (schema.type === 'object' && values !== undefined) {
    for (const [key, item] of Object.entries(value as object)) check(values, item, joinPath(where, key), problems);
  } else if (schema.type === 'object') {
    checkProperties(schema, value as Record<string, unknown>, where, problems);
  } else if (schema.type === 'array') {
    checkArray(schema, value, where, problems);
  } else {
    const expected = findMismatch(schema, value);
    if (expected === undefined) return;
    if (value === undefined) fail('is required');
    else if (value === '' && (schema.minLength ?? 0) > 0) fail('must not be empty');
    else fail(`expected ${expected}, got ${describe(schema, value)}`);
  }
}

function checkProperties(schema: JsonSchema, value: Record<string, unknown>, where: string, problems: string[]): void {
  const properties = schema.properties ?? {};
  const known = Object.keys(properties);
  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) {
      const near = suggestion(key, known, (found) => `"${found}"`);
      const allowed = near === '' ? `; allowed: ${known.join(', ')}` : near;
      problems.push(`${joinPath(where, key)}: unknown key${allowed}`);
    } else if (item !== undefined) {
      check(property, item, joinPath(where, key), problems);
    }
  }
  for (const key of schema.required ?? []) {
    if (value[key] === undefined) problems.push(`${joinPath(where, key)}: is required`);
  }
  const count = known.filter((key) => value[key] !== undefined).length;
  if (count < (schema.minProperties ?? 0) || count > (schema.maxProperties ?? Infinity)) {
    problems.push(`${where === '' ? '' : `${where}: `}expected exactly one of ${known.join(', ')}`);
  }
}

function checkArray(schema: JsonSchema, value: unknown, where: string, problems: string[]): void {
  if (!Array.isArray(value)) {
    problems.push(`${where}: expected a list, got ${describe(schema, value)}`);
    return;
  }
  const items = value as unknown[];
  if (items.length < (schema.minItems ?? 0))
    problems.push(`${where}: expected at least ${schema.minItems} in the list`);
  const seen = new Set<unknown>();
  for (const [i, item] of items.entries()) {
    if (schema.items !== undefined) check(schema.items, item, `${where}[${i}]`, problems);
    if (schema.uniqueItems === true && seen.has(item)) {
      problems.push(`${where}[${i}]: ${describe(schema.items ?? {}, item)} is in the list twice`);
    }
    seen.add(item);
  }
}

/** What is expected in place of a text, number or boolean; undefined = the value is as expected. */
function findMismatch(schema: JsonSchema, value: unknown): string | undefined {
  if (schema.type === 'boolean') return typeof value === 'boolean' ? undefined : 'true or false';
  if (schema.type === 'integer' || schema.type === 'number') {
    const isKind = schema.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
    const number = value as number;
    const isInside = number >= (schema.minimum ?? -Infinity) && number <= (schema.maximum ?? Infinity);
    return isKind && isInside ? undefined : describeRange(schema);
  }
  const values = schema[VALUES_KEYWORD];
  if (values !== undefined) {
    const isOne = typeof value === 'string' && values.includes(value.toLowerCase());
    return isOne ? undefined : `one of ${values.join(', ')}`;
  }
  if (schema.enum !== undefined) {
    return schema.enum.includes(value as string) ? undefined : `one of ${schema.enum.join(', ')}`;
  }
  if (typeof value !== 'string') return 'a text';
  if (value.length < (schema.minLength ?? 0)) return 'a text that is not empty';
  if (schema.pattern === '^/' && !value.startsWith('/')) return 'a text that begins with /';
  return undefined;
}

function describeRange({ type, minimum, maximum }: JsonSchema): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (minimum === undefined) return maximum === undefined ? kind : `${kind} up to ${maximum}`;
  return maximum === undefined ? `${kind} of at least ${minimum}` : `${kind} from ${minimum} to ${maximum}`;
}

function describe(schema: JsonSchema, value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const kind = typeof value === 'string' ? 'a text' : `a ${typeof value}`;
  if (schema[SECRET_KEYWORD] !== undefined || schema.type === 'object' || schema.type === 'array') return kind;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return kind;
  // A text in place of a number or a flag may be anything that went to the wrong line.
  const isShown = schema.enum !== undefined || schema[VALUES_KEYWORD] !== undefined || schema.type === 'string';
  return isShown && value.length <= MAX_SHOWN ? JSON.stringify(value) : kind;
}
