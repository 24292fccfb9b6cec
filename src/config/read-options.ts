/**
 * From given options to checked values: one order of checks for the command line, files, the environment and the
 * library.
 */
import type { Setting } from './file/apply-config.js';
import { withoutOverridden } from './file/precedence.js';
import type { Given, GivenOption } from './given.js';
import { OptionError, quoted, joinList } from './option-error.js';
import { mentionedOptions, type OptionText, optionText } from './option-text.js';
import { OptionValues } from './option-values.js';
import type { OptionSpec, OptionTable } from './schema/option-spec.js';
import { isReference, parseReference } from './secrets/secret-uri.js';
import type { ToolSchema } from './tool-schema.js';
import { rangeText } from './values/number.js';
import { parseValue, type Value } from './values/parse-value.js';
import { ValueError } from './values/value-error.js';

/** What the options stand for. */
export interface OptionReading<T extends OptionTable> {
  values: OptionValues<T>;
  /** About old options and spellings, each once. */
  warnings: string[];
  /** Options whose value must be fetched from the secret agent first; their values are missing. */
  pending: readonly GivenOption[];
}

/**
 * Checks the options in the order of the C tools: secret agent options, every option in its order, the constraints
 * between options, and then the values that C parses at start-up.
 *
 * Options that refer to secrets are read twice, first without them: no secret is fetched for options that are wrong
 * anyway. Constraints must therefore accept a value that is missing although its option was given. Throws OptionError.
 */
export function readOptions<T extends OptionTable>(
  tool: ToolSchema<T>,
  given: readonly Given[],
  secrets: ReadonlyMap<string, string> = new Map(),
): OptionReading<T> {
  const options = given.filter((item) => item.kind === 'option');
  const values = new OptionValues(tool.options);
  const run: Run = { values, warnings: [], delayed: new Map(), pending: [], secrets };
  for (const option of options) if (option.spec.checked === 'agent') readValue(option, run);
  readInOrder(given, run);
  for (const constraint of tool.constraints) {
    const reason = constraint(values);
    if (reason !== undefined) throw new OptionError('OPTION_CONFLICT', withPlaces(reason, options));
  }
  for (const moment of ['rules', 'start'] as const) {
    for (const spec of tool.options) {
      const option = spec.checked === moment ? run.delayed.get(spec.name) : undefined;
      if (option !== undefined) storeValue(option, run);
    }
  }
  return { values, warnings: run.warnings, pending: run.pending };
}

/** Of the settings of files and the environment those that the command line does not override, as given options. */
export function applySettings<T extends OptionTable>(
  tool: ToolSchema<T>,
  given: readonly Given[],
  settings: readonly Setting[],
): { applied: GivenOption[]; details: string[] } {
  const options = given.filter((item) => item.kind === 'option');
  const again = new Set(options.map(({ spec }) => spec.name));
  const on = new Set(options.filter((option) => !isOff(option)).map(({ spec }) => spec.name));
  const left = new Set(withoutOverridden(settings, { again, on }, tool.overrides ?? {}));
  const applied: GivenOption[] = [];
  const details: string[] = [];
  for (const setting of settings) {
    const { spec, key: spelling, text: argument, place } = setting;
    if (left.has(setting)) applied.push({ kind: 'option', spec, spelling, argument, place });
    else details.push(`The command line overrides ${spelling} of ${place}`);
  }
  return { applied, details };
}

interface Run {
  values: Pick<OptionValues, 'markGiven' | 'set' | 'clear' | 'forget' | 'has'>;
  warnings: string[];
  /** The last occurrence of each option that is parsed after the others. */
  delayed: Map<string, GivenOption>;
  pending: GivenOption[];
  secrets: ReadonlyMap<string, string>;
}

/** Appends where the options are set that the sentence names and a file or the environment has set. */
function withPlaces(text: OptionText, options: readonly GivenOption[]): OptionText {
  const named = new Set(mentionedOptions(text));
  const placed = options.filter(({ spec, place }) => place !== undefined && named.has(spec));
  return placed.reduce((sum, { spec, place = '' }) => optionText`${sum} (${{ spec }} is set at ${place})`, text);
}

function readInOrder(given: readonly Given[], run: Run): void {
  const sources = new Map<string, string>();
  for (const item of given) {
    if (item.kind === 'problem') throw item.error;
    const { spec, place, spelling } = item;
    if (spec.removed !== undefined) {
      throw new OptionError('OPTION_USAGE', `option ${spelling} is not supported: ${spec.removed}`, true);
    }
    if (spec.onlyOne !== undefined) {
      const before = sources.get(spec.onlyOne);
      const source = place === undefined ? spelling : `${spelling} (${place})`;
      if (before !== undefined) {
        throw new OptionError('OPTION_CONFLICT', `There is more than one ${spec.onlyOne}: ${before} and ${source}`);
      }
      sources.set(spec.onlyOne, source);
    }
    warn(item, run);
    if (spec.checked !== 'agent') readValue(item, run);
  }
}

function readValue(option: GivenOption, run: Run): void {
  const { spec } = option;
  run.values.markGiven(spec.name);
  // Only the last occurrence counts, unless all do.
  if (spec.accumulates !== true) run.pending = run.pending.filter((other) => other.spec !== spec);
  const reference = secretReference(option);
  if (reference !== undefined && !run.secrets.has(reference)) {
    try {
      parseReference(reference);
    } catch (error) {
      throw invalidValue(option, reference, error);
    }
    run.pending.push(option);
    run.delayed.delete(spec.name);
    if (spec.accumulates !== true) run.values.forget(spec.name);
  } else if (spec.checked === 'start' || spec.checked === 'rules') {
    run.values.forget(spec.name);
    run.delayed.set(spec.name, option);
  } else {
    storeValue(option, run);
  }
}

/** The reference that stands in place of the value. A flag can have one only in a file. */
function secretReference({ spec, argument, place, value }: GivenOption): string | undefined {
  if (value !== undefined) return undefined;
  const may = spec.secrets === true || (spec.argument === 'none' && place !== undefined);
  return may && argument !== undefined && isReference(argument) ? argument : undefined;
}

function storeValue(option: GivenOption, run: Run): void {
  const { spec, argument, value } = option;
  if (value !== undefined) {
    run.values.set(spec, value);
    return;
  }
  if (argument === undefined && spec.argument === 'optional') {
    // Asked for later, even if there was a value before.
    run.values.forget(spec.name);
    return;
  }
  const reference = secretReference(option);
  const secret = reference === undefined ? undefined : run.secrets.get(reference);
  try {
    const text = secret === undefined ? (argument ?? '') : withoutLineEnd(secret);
    if (spec.value.type === 'flag') storeFlag(option, text, run);
    else if (spec.value.type === 'pem' && secret !== undefined) run.values.set(spec, { content: secret });
    else run.values.set(spec, parseValue(spec.value, text));
  } catch (error) {
    throw reference === undefined
      ? invalidValue(option, argument ?? '', error)
      : invalidSecret(option, reference, error);
  }
}

/** Throws what reading the option would. */
export function checkValue(option: GivenOption): void {
  try {
    parseValue(option.spec.value, option.argument ?? '');
  } catch (error) {
    throw invalidValue(option, option.argument ?? '', error);
  }
}

function storeFlag({ spec }: GivenOption, text: string, run: Run): void {
  if (text === 'false') run.values.clear(spec.name);
  else if (text === '' || text === 'true') run.values.set(spec, true satisfies Value);
  else throw new ValueError('expected true or false');
}

/**
 * One line end at the end of a secret is what editors and `echo` leave there. The C tool keeps it (asbackup.md 4.1) and
 * then searches for a namespace whose name ends in a line feed. PEM text is kept as it is.
 */
function withoutLineEnd(secret: string): string {
  return secret.replace(/\r?\n$/, '');
}

function invalidValue({ spec, spelling, place }: GivenOption, text: string, error: unknown): unknown {
  if (!(error instanceof ValueError)) return error;
  const start = place === undefined ? 'Invalid' : `${place}: invalid`;
  return new OptionError(
    'OPTION_VALUE',
    `${start} value ${quoted(text)} for ${fullLabel(spec, spelling)}: ${error.message}`,
  );
}

/** A letter alone says little: `-p (--port)`. */
function fullLabel(spec: OptionSpec, spelling: string): string {
  return spelling === `-${spec.short ?? ''}` ? `${spelling} (--${spec.name})` : spelling;
}

/** Most reasons quote a part of the value, so that only those are shown that are made of the rule alone. */
function invalidSecret({ spec, spelling, place }: GivenOption, reference: string, error: unknown): unknown {
  if (!(error instanceof ValueError)) return error;
  const start = place === undefined ? 'The' : `${place}: the`;
  const text = `${start} value of ${reference} is not valid for ${spelling}${expectedText(spec)}`;
  return new OptionError('OPTION_VALUE', text);
}

function expectedText({ value }: OptionSpec): string {
  switch (value.type) {
    case 'integer':
      return `: expected ${rangeText(value.min, value.max)}`;
    case 'choice':
      return `: expected ${joinList(value.values, 'or')}`;
    case 'flag':
      return ': expected true or false';
    default:
      return '';
  }
}

function warn({ spec, spelling, place }: GivenOption, run: Run): void {
  // A file may use old names without a warning (asrestore.md 1.6), but not an option without effect.
  const alias = place === undefined || spec.warning !== undefined ? spec.aliasWarnings : undefined;
  const warning = alias?.[spelling.replace(/^--/, '')] ?? spec.warning;
  if (warning !== undefined && !run.warnings.includes(warning)) run.warnings.push(warning);
}

function isOff({ spec, argument }: GivenOption): boolean {
  return spec.argument === 'none' && argument === 'false';
}
