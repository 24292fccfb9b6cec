/**
 * Typed settings, as the library and JSON have them, to given options, by the names that the schema declares (`api`).
 */
import { closestMatch } from './did-you-mean.js';
import type { GivenOption } from './given.js';
import { joinList, OptionError } from './option-error.js';
import { apiNames, type OptionSpec, type OptionTable } from './schema/option-spec.js';
import { MAX_THROTTLE } from './values/lists.js';
import { readThrottle, readValue } from './values/read-value.js';
import { ValueError } from './values/value-error.js';

/**
 * The options that the settings set, in the order of the settings. `undefined`, `false` and empty lists set nothing.
 * Throws an OptionError for an unknown setting and for a value that its option does not accept.
 */
export function givenFromSettings(table: OptionTable, settings: object): GivenOption[] {
  const walk: Walk = { names: indexNames(table), given: [], parts: new Map() };
  readGroup(settings, '', walk);
  for (const [spec, values] of walk.parts) walk.given.push(readParts(spec, values));
  refuseAlternatives(walk.given);
  return walk.given;
}

interface Walk {
  /** The options by the name of their setting; a name may stand for several flags. */
  readonly names: ReadonlyMap<string, readonly OptionSpec[]>;
  readonly given: GivenOption[];
  /** Options whose value is made up of several settings. */
  readonly parts: Map<OptionSpec, Map<string, unknown>>;
}

function indexNames(table: OptionTable): Map<string, OptionSpec[]> {
  const names = new Map<string, OptionSpec[]>();
  for (const spec of table) {
    for (const name of apiNames(spec)) names.set(name, [...(names.get(name) ?? []), spec]);
  }
  return names;
}

function readGroup(settings: object, prefix: string, walk: Walk): void {
  for (const [key, value] of Object.entries(settings) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = prefix + key;
    const specs = walk.names.get(name) ?? [];
    const isGroup = [...walk.names.keys()].some((other) => other.startsWith(`${name}.`));
    if (specs.length === 0 && !isGroup) throw unknownSetting(name, key, prefix, walk);
    if (isGroup && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      throw invalidSetting(name, value, 'expected an object');
    }
    for (const spec of specs) readSetting(spec, name, value, specs, walk);
    if (isGroup) readGroup(value as object, `${name}.`, walk);
  }
}

function readSetting(
  spec: OptionSpec,
  name: string,
  value: unknown,
  alternatives: readonly OptionSpec[],
  { given, parts }: Walk,
): void {
  const { api } = spec;
  const option: GivenOption = { kind: 'option', spec, spelling: name, argument: undefined };
  if (typeof api === 'object' && 'group' in api) {
    given.push({ ...option, value: true });
  } else if (typeof api === 'object' && 'equals' in api) {
    const texts = alternatives.flatMap((other) => equalsText(other));
    if (typeof value !== 'string' || !texts.includes(value)) {
      throw invalidSetting(
        name,
        value,
        `expected ${joinList(
          texts.map((text) => JSON.stringify(text)),
          'or',
        )}`,
      );
    }
    if (value === api.equals) given.push({ ...option, value: true });
  } else if (typeof api === 'object' && 'parts' in api) {
    parts.set(spec, (parts.get(spec) ?? new Map<string, unknown>()).set(name, value));
  } else if (value !== false && !(Array.isArray(value) && value.length === 0)) {
    const content = typeof api === 'object' && 'content' in api && api.content === name;
    given.push({ ...option, value: checked(name, value, spec, () => readValue(spec.value, value, content)) });
  } else if (value === false && spec.value.type !== 'flag') {
    throw invalidSetting(name, value, 'expected another type');
  }
}

function equalsText({ api }: OptionSpec): string[] {
  return typeof api === 'object' && 'equals' in api ? [api.equals] : [];
}

/** The only value of several numbers is a pair of limits. */
function readParts(spec: OptionSpec, values: ReadonlyMap<string, unknown>): GivenOption {
  const [bandwidth = '', rate = ''] = apiNames(spec);
  const spelling = [...values.keys()].join(', ');
  const value = checked(spelling, [...values.values()][0], spec, () =>
    readThrottle(values.get(bandwidth), values.get(rate), MAX_THROTTLE),
  );
  return { kind: 'option', spec, spelling, argument: undefined, value };
}

function checked<T>(name: string, raw: unknown, { value }: OptionSpec, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const mayBeSecret = value.type === 'text' || value.type === 'password' || value.type === 'pem';
    throw invalidSetting(name, mayBeSecret ? undefined : raw, error.message);
  }
}

/** Two settings of one option, such as a certificate as a file and as text. */
function refuseAlternatives(given: readonly GivenOption[]): void {
  for (const [i, { spec, spelling }] of given.entries()) {
    const other = given.find((option, j) => j > i && option.spec === spec);
    if (other !== undefined) {
      throw new OptionError('OPTION_CONFLICT', `Only one of ${spelling} and ${other.spelling} can be given`);
    }
  }
}

function invalidSetting(name: string, raw: unknown, reason: string): OptionError {
  const isShort = typeof raw === 'number' || typeof raw === 'boolean' || (typeof raw === 'string' && raw.length < 100);
  const shown = isShort ? ` ${JSON.stringify(raw)}` : '';
  return new OptionError('OPTION_VALUE', `Invalid value${shown} for ${name}: ${reason}`);
}

function unknownSetting(name: string, key: string, prefix: string, { names }: Walk): OptionError {
  const siblings = [...names.keys()].filter((other) => other.startsWith(prefix));
  const keys = siblings.map((other) => other.slice(prefix.length).split('.')[0] ?? '');
  const guess = closestMatch(key, [...new Set(keys)]);
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
  return new OptionError('OPTION_USAGE', `There is no setting "${name}"${hint}`);
}
