/** The property, unless it has no value; an empty text is none. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Exclude<Value, undefined> } {
  const property: { [K in Key]?: Exclude<Value, undefined> } = {};
  if (value !== undefined && value !== '') property[key] = value as Exclude<Value, undefined>;
  return property;
}
