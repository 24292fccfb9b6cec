import type { Static, TSchema } from 'typebox';
import { ServiceError } from '../errors.js';
import { checkValue } from './check-value.js';
import { findValueSchema, isObject, toJsonSchema, type JsonSchema } from './json-schema.js';

/**
 * The value with the type of its schema; a property that is null counts as absent. Throws ServiceError SERVICE_INVALID
 * with all problems.
 *
 * @param where what the paths of problems begin with; empty for a whole document
 */
export function readValue<Schema extends TSchema>(schema: Schema, value: unknown, where: string): Static<Schema> {
  const given = dropNulls(toJsonSchema(schema), value);
  refuse(checkValue(schema, given, where));
  return given as Static<Schema>;
}

/** Throws ServiceError SERVICE_INVALID if there are problems. */
export function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new ServiceError('SERVICE_INVALID', problems.join('; '), { problems });
}

/** A copy without the properties that are null. An entry of a map stays: an entity that is null is none. */
export function dropNulls(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) => (schema.items === undefined ? item : dropNulls(schema.items, item)));
  }
  if (!isObject(value)) return value;
  const values = findValueSchema(schema);
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const property = values ?? (Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined);
    if (property === undefined) return [[key, item]];
    if (values === undefined && (item === null || item === undefined)) return [];
    return [[key, dropNulls(property, item)]];
  });
  return Object.fromEntries(entries);
}
