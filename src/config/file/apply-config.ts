import { suggestion } from '../did-you-mean.js';
import { quoted } from '../option-error.js';
import { connectionOptions, tlsOptions } from '../schema/connection.js';
import { fileKeys, type OptionSpec, type OptionTable } from '../schema/option-spec.js';
import { isReference } from '../secrets/secret-uri.js';
import { parseValue, type ValueRule } from '../values/parse-value.js';
import { ValueError } from '../values/value-error.js';
import { ConfigError } from './config-error.js';
import type { ToolName } from '../tool-schema.js';
import type { ConfigFile } from './config-file.js';
import { isTable } from './includes.js';
import type { TomlTable, TomlValue } from './toml.js';

/** What a file says about one option. */
export interface Setting {
  readonly spec: OptionSpec;
  /** As in the table, whatever its case in the file. */
  readonly key: string;
  /** As it would be typed; `true` or `false` for a flag. Or a `secrets:` reference. */
  readonly text: string;
  /** FILE:LINE, or the environment variable. */
  readonly place: string;
  /** Set if the key is one of several that make up the value together. */
  readonly part?: number;
}

type Section = NonNullable<OptionSpec['section']>;

/** Which option a key stands for. */
interface Key {
  spec: OptionSpec;
  name: string;
  part?: number;
}

/** One part of a value such as `bandwidth` and `tps`: bounds as in the list that they become. */
const PART_RULE: ValueRule = { type: 'integer', min: 1, max: 999999999 };

/** How to reach a cluster: for commands that reach none, these keys are those of other tools. */
const CLUSTER_KEYS: ReadonlySet<string> = new Set(
  [...connectionOptions, ...tlsOptions]
    .filter((spec: OptionSpec) => spec.section === 'cluster')
    .flatMap((spec) => fileKeys(spec)),
);

/** The settings of one file, in its order within each section; secret agent, cluster, tool (asbackup.md 3). */
export function readSettings(
  file: ConfigFile,
  tool: ToolName,
  table: OptionTable,
  instance: string | undefined,
): Setting[] {
  const keys = keysBySection(table);
  const settings: Setting[] = [];
  for (const section of ['secret-agent', 'cluster', 'tool'] as const) {
    const plain = section === 'tool' ? tool : section;
    const name = sectionName(file, plain, section, instance);
    const found = file.table[name];
    if (found === undefined) continue;
    if (!isTable(found)) {
      const text = `${name} must be a section that begins with [${name}]`;
      throw new ConfigError('CONFIG_SECTION', `${file.path}:${file.lines.find(name)}: ${text}`);
    }
    settings.push(...readSection(file, name, found, keys, section, tool));
  }
  return settings;
}

/** Whether the file has any section for this instance, be it another tool's. */
export function knowsInstance(file: ConfigFile, instance: string): boolean {
  return Object.keys(file.table).some((name) => name.endsWith(`_${instance}`));
}

/** [cluster_X] has no fallback: another cluster than the one named must never be used. The others fall back. */
function sectionName(file: ConfigFile, plain: string, section: Section, instance: string | undefined): string {
  if (instance === undefined) return plain;
  const own = `${plain}_${instance}`;
  return section === 'cluster' || own in file.table ? own : plain;
}

function readSection(
  file: ConfigFile,
  name: string,
  table: TomlTable,
  keys: Record<Section, Map<string, Key>>,
  section: Section,
  tool: string,
): Setting[] {
  return Object.entries(table).flatMap(([written, value]) => {
    const place = `${file.path}:${file.lines.find(name, written)}`;
    const key = keys[section].get(written.toLowerCase());
    if (key === undefined) {
      if (section === 'cluster' && CLUSTER_KEYS.has(written.toLowerCase())) return [];
      throw unknownKey(place, written, name, keys, section, tool);
    }
    const text = toOptionText(key, value, place);
    if (!isReference(text)) check(key, text, place);
    const part = key.part === undefined ? {} : { part: key.part };
    return [{ spec: key.spec, key: key.name, text, place, ...part }];
  });
}

function keysBySection(table: OptionTable): Record<Section, Map<string, Key>> {
  const keys = { 'secret-agent': new Map(), cluster: new Map(), tool: new Map() } as Record<Section, Map<string, Key>>;
  for (const spec of table) {
    if (spec.section === undefined) continue;
    for (const name of fileKeys(spec)) keys[spec.section].set(name.toLowerCase(), { spec, name });
    for (const [part, name] of (spec.keyParts ?? []).entries()) {
      keys[spec.section].set(name.toLowerCase(), { spec, name, part });
    }
  }
  return keys;
}

function unknownKey(
  place: string,
  written: string,
  name: string,
  keys: Record<Section, Map<string, Key>>,
  section: Section,
  tool: string,
): ConfigError {
  const start = `${place}: unknown key ${quoted(written)} in [${name}]`;
  for (const other of ['secret-agent', 'cluster', 'tool'] as const) {
    if (other !== section && keys[other].has(written.toLowerCase())) {
      return new ConfigError('CONFIG_KEY', `${start}; it belongs in [${other === 'tool' ? tool : other}]`);
    }
  }
  const candidates = [...keys[section].values()].map((key) => key.name);
  return new ConfigError('CONFIG_KEY', `${start}${suggestion(written, candidates)}`);
}

/** The value as it would be typed. Says nothing of the value itself when its type is wrong: it may be a password. */
function toOptionText({ spec, name, part }: Key, value: TomlValue, place: string): string {
  const number = part !== undefined || spec.value.type === 'integer';
  // Only [secret-agent] itself cannot be kept in the secret agent.
  if (typeof value === 'string' && isReference(value) && spec.section !== 'secret-agent' && part === undefined) {
    return value;
  }
  if (spec.value.type === 'flag') {
    if (typeof value === 'boolean') return String(value);
    throw wrongType(place, name, 'true or false, without quotes', value);
  }
  if (typeof value === 'bigint' && (number || spec.bareNumber === true)) return value.toString();
  if (number) throw wrongType(place, name, 'a whole number, without quotes', value);
  if (typeof value === 'string') return value;
  throw wrongType(place, name, 'text in quotes', value);
}

function wrongType(place: string, key: string, expected: string, value: TomlValue): ConfigError {
  return new ConfigError('CONFIG_TYPE', `${place}: ${key} must be ${expected}, not ${describeType(value)}`);
}

function describeType(value: TomlValue): string {
  if (typeof value === 'string') return 'text in quotes';
  if (typeof value === 'bigint') return 'a whole number';
  if (typeof value === 'number') return 'a number with a fraction or exponent';
  if (typeof value === 'boolean') return 'true or false';
  if (Array.isArray(value)) return 'a list in brackets';
  return value instanceof Date ? 'a date' : 'a table';
}

/** The command line's own checks; a bad value is reported even if another file or the command line overrides it. */
function check({ spec, name, part }: Key, text: string, place: string): void {
  try {
    parseValue(part === undefined ? spec.value : PART_RULE, text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ConfigError('CONFIG_VALUE', `${place}: invalid value ${quoted(text)} for ${name}: ${error.message}`);
  }
}
