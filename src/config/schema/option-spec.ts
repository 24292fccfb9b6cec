import type { ValueRule, ValueTypes } from '../values/parse-value.js';

/** The headings of --help, in its order. */
export const GROUPS = [
  'What to show',
  'What to back up',
  'Output',
  'Input',
  'What to restore',
  'What to delete',
  'How to write',
  'Connection',
  'Speed and timeouts',
  'Compression and encryption',
  'Partitions',
  'S3',
  'Google Cloud Storage',
  'Azure',
  'TLS',
  'Configuration and secrets',
  'General',
] as const;

export type Group = (typeof GROUPS)[number];

/** How the library calls an option. A dot separates a group of settings from the setting: `tls.caPath`. */
export type ApiName =
  | string
  /** PEM: one setting has the path of a file, the other the text itself. */
  | { readonly file: string; readonly content: string }
  /** A flag that is on when the setting has this text. */
  | { readonly name: string; readonly equals: string }
  /** A flag that is on when the group of settings is there at all. */
  | { readonly group: string }
  /** A value of several numbers, each with a setting of its own. */
  | { readonly parts: readonly string[] };

/**
 * One option of a tool. The command line, the configuration file, the environment, the library's settings, --help, the
 * man page, shell completion, the sample file and the tests are derived from it.
 */
export interface OptionSpec {
  /** Without the dashes. The name used in messages and in help. */
  readonly name: string;
  /** The C tool lacks this option: it makes no abbreviation of an option of the C tool ambiguous. */
  readonly extension?: true;
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
  /** The environment variable that sets the option: it overrides the files, the command line overrides it. */
  readonly env?: string;
  /** The name in the library's settings; absent = the library has no use for the option. */
  readonly api?: ApiName;
  /**
   * The property of the engine's config (`run.`) or of a storage's (`s3.`, `gs.`, `azblob.`) that the value becomes;
   * absent = the code of the tool maps it.
   */
  readonly config?: `run.${string}` | `${StorageOwner}.${string}`;
  /** For a number with `config`: the engine's units per unit of the option. */
  readonly scale?: number;
  /** For a number with `config`: 0 means "no limit" and leaves the property out. */
  readonly zero?: 'absent';
  /** With `config`: the engine has a default of its own, so that the property is there only if the option was given. */
  readonly onlyIfGiven?: true;
  /**
   * The option decides what a backup holds or how it is stored, so that it must not change between a run and its
   * continuation.
   */
  readonly identity?: true;
  /** The argument may be a `secrets:RESOURCE:KEY` reference. */
  readonly secrets?: true;
  /**
   * When the value is parsed: `agent` before all others (the secret agent may be needed for them), by default in the
   * order of the command line, `rules` as the last of the constraints, `start` only after all constraints.
   */
  readonly checked?: 'agent' | 'rules' | 'start';
  /** Every occurrence adds to the value. Only for list values. */
  readonly accumulates?: true;
  /** Of all options with the same word here, only one may be given, and only once. */
  readonly onlyOne?: string;
  readonly help: string;
  /** What the library's documentation shows instead of `help`, where a setting differs from the option. */
  readonly apiHelp?: string;
  /** The library's settings must have it. */
  readonly apiRequired?: true;
  /** A value for the sample configuration file, as it would be typed, if that is not the default. */
  readonly example?: string;
  /** A warning for users of the option. */
  readonly warning?: string;
  /** The same for one of its spellings. */
  readonly aliasWarnings?: Readonly<Record<string, string>>;
  /** The option is known and refused: the reason. */
  readonly removed?: string;
}

/** The storages whose settings options set. */
export type StorageOwner = 's3' | 'gs' | 'azblob' | 'local';

/** A table, typed so closely that a misspelt name or a wrong value type does not compile. */
export type OptionTable = readonly OptionSpec[];

export type OptionName<T extends OptionTable> = T[number]['name'];

type Row<T extends OptionTable, N extends string> = Extract<T[number], { readonly name: N }>;

/** What `values.get(name)` gives: undefined is possible only without a default. */
export type ValueOf<T extends OptionTable, N extends string> =
  ValueTypes[Row<T, N>['value']['type']] | (Row<T, N> extends { readonly default: string } ? never : undefined);

/** A table without the options of these names. */
export function omitOptions<const T extends OptionTable, const N extends OptionName<T>>(
  table: T,
  names: readonly N[],
): readonly Exclude<T[number], { readonly name: N }>[] {
  const omitted = new Set<string>(names);
  return table.filter((spec: T[number]): spec is Exclude<T[number], { readonly name: N }> => !omitted.has(spec.name));
}

/** The options of these names, in the order of the table. */
export function pickOptions<const T extends OptionTable, const N extends OptionName<T>>(
  table: T,
  names: readonly N[],
): readonly Extract<T[number], { readonly name: N }>[] {
  const picked = new Set<string>(names);
  return table.filter((spec: T[number]): spec is Extract<T[number], { readonly name: N }> => picked.has(spec.name));
}

/** The keys of a configuration file that stand for the option by themselves. */
export function fileKeys(spec: OptionSpec): readonly string[] {
  return spec.keys ?? [spec.name];
}

/** Every name of the option in the library's settings. */
export function apiNames({ api }: OptionSpec): readonly string[] {
  if (api === undefined) return [];
  if (typeof api === 'string') return [api];
  if ('file' in api) return [api.file, api.content];
  if ('parts' in api) return api.parts;
  return ['group' in api ? api.group : api.name];
}

/** All long spellings. */
export function longNames(spec: OptionSpec): readonly string[] {
  return [spec.name, ...(spec.aliases ?? [])];
}
