import type { OptionName, OptionSpec, OptionTable, ValueOf } from './schema/option-spec.js';
import { parseValue, type Value } from './values/parse-value.js';

/** What a command line said, one value per option of the table. */
export class OptionValues<T extends OptionTable = OptionTable> {
  private readonly rows = new Map<string, OptionSpec>();
  private readonly given = new Set<string>();
  private readonly values = new Map<string, Value>();

  constructor(table: T) {
    for (const spec of table) this.rows.set(spec.name, spec);
  }

  /** Whether the option was given, even if its value was not read. */
  has(name: OptionName<T>): boolean {
    return this.given.has(name);
  }

  /** The value given last, or else the default. Undefined also for an option that the table does not have. */
  get<N extends OptionName<T>>(name: N): ValueOf<T, N> {
    const spec = this.rows.get(name);
    const value =
      this.values.get(name) ?? (spec?.default === undefined ? undefined : parseValue(spec.value, spec.default));
    // `set` only takes what parseValue made of this row's rule, so the value has the type the row promises.
    return value as ValueOf<T, N>;
  }

  markGiven(name: string): void {
    this.given.add(name);
  }

  /** As if the option had not been given: a flag that was switched off. */
  clear(name: string): void {
    this.given.delete(name);
    this.values.delete(name);
  }

  /** The option was given, but what was read of its value no longer counts. */
  forget(name: string): void {
    this.values.delete(name);
  }

  set(spec: OptionSpec, value: Value): void {
    const before = this.values.get(spec.name);
    if (spec.accumulates === true && Array.isArray(before) && Array.isArray(value)) {
      this.values.set(spec.name, [...before, ...value] as Value);
    } else {
      this.values.set(spec.name, value);
    }
  }
}
