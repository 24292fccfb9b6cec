import type { TSchema } from 'typebox';
import { SECRET_KEYWORD, VALUES_KEYWORD } from './schema/keywords.js';

/** What the schemas of the service are made of, as data. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly deprecated?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** Of maps: the schema of all values. */
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly [SECRET_KEYWORD]?: 'all' | 'url';
  readonly [VALUES_KEYWORD]?: readonly string[];
}

export function toJsonSchema(schema: TSchema): JsonSchema {
  return schema;
}

/** The schema of the values of a map; undefined = it is none. */
export function findValueSchema(schema: JsonSchema): JsonSchema | undefined {
  return Object.values(schema.patternProperties ?? {})[0];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `where` with a key: `storage.s1`, or `storage["s 1"]` where a key has other characters than names mostly have. */
export function joinPath(where: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${where}[${JSON.stringify(key)}]`;
  return where === '' ? key : `${where}.${key}`;
}
