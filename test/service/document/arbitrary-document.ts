import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { findValueSchema, toJsonSchema, type JsonSchema } from '../../../src/service/document/json-schema.js';
import { SECRET_KEYWORD, VALUES_KEYWORD } from '../../../src/service/document/schema/keywords.js';

/** In every place of a secret but hashes; nowhere else. */
export const PLANTED = 'pl4nted';

/** Values that fit to the schema. */
export function arbitraryValue(schema: TSchema): fc.Arbitrary<unknown> {
  return build(toJsonSchema(schema));
}

function build(schema: JsonSchema): fc.Arbitrary<unknown> {
  const values = findValueSchema(schema);
  const choices = schema[VALUES_KEYWORD] ?? schema.enum;
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (values !== undefined) return fc.dictionary(fc.string({ minLength: 1 }), build(values), { maxKeys: 2 });
  switch (schema.type) {
    case 'object':
      return buildObject(schema);
    case 'array': {
      const { minItems: minLength = 0, items = {} } = schema;
      return fc.uniqueArray(build(items), {
        minLength,
        maxLength: minLength + 2,
        selector: (item) => JSON.stringify(item),
      });
    }
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({
        min: schema.minimum ?? 0,
        max: Math.min(schema.maximum ?? 2 ** 31, 2 ** 31 + (schema.minimum ?? 0)),
      });
    case 'number':
      return fc.double({ min: schema.minimum ?? 0, max: 1e6, noNaN: true });
    default:
      return buildText(schema);
  }
}

function buildObject({ properties = {}, required = [], maxProperties }: JsonSchema): fc.Arbitrary<unknown> {
  const entries = Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, build(schema)]));
  if (maxProperties !== 1) return fc.record(entries, { requiredKeys: [...required] });
  return fc.oneof(...Object.entries(entries).map(([key, value]) => value.map((item) => ({ [key]: item }))));
}

function buildText(schema: JsonSchema): fc.Arbitrary<string> {
  // A hash cannot hold the word; that it is not shown, the tests of the section access tell.
  if (schema.pattern?.startsWith('^sha256:') === true) {
    return fc.nat(99).map((n) => `sha256:${createHash('sha256').update(String(n)).digest('hex')}`);
  }
  if (schema[SECRET_KEYWORD] === 'all') return fc.nat(99).map((n) => `${PLANTED}${n}`);
  if (schema[SECRET_KEYWORD] === 'url') return fc.constant(`https://u:${PLANTED}@host/path?sig=${PLANTED}`);
  if (schema.pattern === '^/') return fc.string().map((text) => `/${text}`);
  return fc.string({ minLength: schema.minLength ?? 0 });
}
