/** From option values to the properties of the engine's config that the schema names (`config`, `scale`, `zero`). */
import type { OptionName, OptionSpec, OptionTable, StorageOwner } from './schema/option-spec.js';
import type { ValueTypes } from './values/parse-value.js';

/** Whose config a property belongs to: of the run itself, or of a storage. */
type Owner = 'run' | StorageOwner;

/** A flag is a boolean in the engine, every other value is what it was parsed to. */
type EngineValue<S extends OptionSpec> = S['value'] extends { readonly type: 'flag' }
  ? boolean
  : S['value'] extends { readonly type: 'choice'; readonly values: readonly (infer V)[] }
    ? V
    : ValueTypes[S['value']['type']];

/** Always there: flags, and values with a default that is not left out. */
type IsRequired<S extends OptionSpec> = S extends { readonly value: { readonly type: 'flag' } }
  ? true
  : S extends { readonly zero: 'absent' } | { readonly onlyIfGiven: true }
    ? false
    : S extends { readonly default: string }
      ? true
      : false;

type KeyIf<S extends OptionSpec, O extends Owner, Required extends boolean> = S extends {
  readonly config: `${O}.${infer K}`;
}
  ? IsRequired<S> extends Required
    ? K
    : never
  : never;

/** The properties of the engine's config that a table sets. */
export type EngineProperties<T extends OptionTable, O extends Owner> = {
  [S in T[number] as KeyIf<S, O, true>]: EngineValue<S>;
} & {
  [S in T[number] as KeyIf<S, O, false>]?: EngineValue<S>;
};

/** The values of a table, or of one that has its options and others. */
export interface ReadableValues<T extends OptionTable> {
  has(name: OptionName<T>): boolean;
  get(name: OptionName<T>): unknown;
}

/** The properties that the schema maps; the rest of a config is up to each tool. */
export function engineProperties<T extends OptionTable, O extends Owner>(
  table: T,
  values: ReadableValues<T>,
  owner: O,
): EngineProperties<T, O> {
  const properties: Record<string, unknown> = {};
  const start = `${owner}.`;
  for (const spec of table) {
    if (spec.config?.startsWith(start) !== true) continue;
    const value = engineValue(spec, values);
    if (value !== undefined) properties[spec.config.slice(start.length)] = value;
  }
  // Keys and types follow from the same fields of the schema in both places.
  return properties as EngineProperties<T, O>;
}

function engineValue(spec: OptionSpec, values: { has(name: string): boolean; get(name: string): unknown }): unknown {
  if (spec.value.type === 'flag') return values.has(spec.name);
  if (spec.onlyIfGiven === true && !values.has(spec.name)) return undefined;
  const value = values.get(spec.name);
  if (typeof value !== 'number') return value;
  return spec.zero === 'absent' && value === 0 ? undefined : value * (spec.scale ?? 1);
}
