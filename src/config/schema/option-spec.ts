import type { ValueRule, ValueTypes } from '../values/parse-value.js';

/** The headings of --help, in its order. */
export const GROUPS = [
  'What to back up',
  'Output',
  'Input',
  'What to restore',
  'How to write',
  'Connection',
  'Speed and timeouts',
  'Compression and encryption',
  'Partitions',
  'S3',
  'TLS',
  'Configuration and secrets',
  'General',
] as const;

export type Group = (typeof GROUPS)[number];

/**
 * One row of a tool's option table. The parser, the configuration file reader, --help, the man page, shell completion
 * and the tests are all made of it.
 */
export interface OptionSpec {
  /** Without the dashes. The name used in messages and in help. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly short?: string;
  readonly argument: 'none' | 'required' | 'optional';
  /** How help calls the argument. */
  readonly placeholder?: string;
  readonly value: ValueRule;
  /** As it would be typed. */
  readonly default?: string;
  readonly group: Group;
  /** The configuration file section that may set the option, `tool` being [asbackup] or [asrestore]; absent = none. */
  readonly section?: 'cluster' | 'tool' | 'secret-agent';
  /** The keys in that section, if not just the name. */
  readonly keys?: readonly string[];
  /** Further keys, of whole numbers, which make up the value only together: joined by commas, in this order. */
  readonly keyParts?: readonly string[];
  /** A file may give the text as a number without quotes, too. */
  readonly bareNumber?: true;
  /** The argument may be a `secrets:RESOURCE:KEY` reference. */
  readonly secrets?: true;
  /**
   * When the argument is read: `agent` before all others (the secret agent may be needed for them), by default as the
   * option is met, `start` only after the rules between options were checked.
   */
  readonly checked?: 'agent' | 'start';
  /** Every occurrence adds to the value. Only for list values. */
  readonly accumulates?: true;
  /** Of all options with the same word here, only one may be given, and only once. */
  readonly onlyOne?: string;
  readonly help: string;
  /** A warning for whoever still uses the option. */
  readonly warning?: string;
  /** The same for one of its spellings. */
  readonly aliasWarnings?: Readonly<Record<string, string>>;
  /** The option is known but gone for good: the reason. */
  readonly removed?: string;
  readonly available: boolean;
}

/** A table, typed so closely that a misspelt name or a wrong value type does not compile. */
export type OptionTable = readonly OptionSpec[];

export type OptionName<T extends OptionTable> = T[number]['name'];

type Row<T extends OptionTable, N extends string> = Extract<T[number], { readonly name: N }>;

/** What `values.get(name)` gives: undefined is possible only without a default. */
export type ValueOf<T extends OptionTable, N extends string> =
  ValueTypes[Row<T, N>['value']['type']] | (Row<T, N> extends { readonly default: string } ? never : undefined);

/** The keys of a configuration file that stand for the option by themselves. */
export function fileKeys(spec: OptionSpec): readonly string[] {
  return spec.keys ?? [spec.name];
}

/** All long spellings. */
export function longNames(spec: OptionSpec): readonly string[] {
  return [spec.name, ...(spec.aliases ?? [])];
}
