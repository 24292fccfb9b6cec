import { withoutOverridden, type Overrides } from '../../config/file/precedence.js';
import type { Setting } from '../../config/file/apply-config.js';
import { joinList, OptionError, quoted } from '../../config/option-error.js';
import { OptionValues } from '../../config/option-values.js';
import type { OptionTable } from '../../config/schema/option-spec.js';
import { isReference, parseReference } from '../../config/secrets/secret-uri.js';
import { parseValue, type Value } from '../../config/values/parse-value.js';
import { rangeText } from '../../config/values/number.js';
import { ValueError } from '../../config/values/value-error.js';
import { type OptionToken, tokenize, type Token } from './tokenizer.js';

/** A condition between options. Rules are checked in the order of their table; the first that is broken is reported. */
export interface Constraint<T extends OptionTable> {
  /** Row of the specification's table of checks. */
  readonly row: string;
  /** What is wrong, or undefined. */
  readonly broken: (values: OptionValues<T>) => string | undefined;
}

/** A tool as its command line knows it. */
export interface Tool<T extends OptionTable> {
  readonly name: 'asbackup' | 'asrestore';
  readonly title: string;
  readonly summary: string;
  /** What follows the name in the first line of --help. */
  readonly usage: string;
  /** What for, and the command; the shortest first. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: T;
  readonly rules: readonly Constraint<T>[];
  /** Options of a configuration file that give way to others on the command line or in a later file. */
  readonly yields?: Overrides;
  /** What is to be said before a run although nothing is wrong. */
  readonly notes?: (values: OptionValues<T>) => string[];
}

export type CommandLine<T extends OptionTable> =
  | { kind: 'help' }
  | { kind: 'version' }
  | {
      kind: 'run';
      values: OptionValues<T>;
      warnings: string[];
      /** What a person who wonders about the outcome may want to know. */
      details: string[];
      /** Options whose value must be fetched from the secret agent first; their values are missing. */
      pending: readonly OptionToken[];
    };

/** What is known beyond the words. */
export interface ExternalValues {
  /** From configuration files, one per option. */
  settings?: readonly Setting[];
  /** By reference, as the agent gave them. */
  secrets?: ReadonlyMap<string, string>;
}

/**
 * From words to checked values, in the order of the C tools: help or version, configuration file options, secret agent
 * options, every word from left to right, the rules between options, and then the values that C reads at start-up. What
 * this version cannot do is refused last, so that a mistake in the rest of the line is reported as such.
 *
 * A line that refers to secrets is read twice, first without them: nobody is asked for a secret on behalf of a line that
 * is wrong anyway. Rules must therefore not find fault with a value that is missing although its option was given.
 */
export function parseCommandLine<const T extends OptionTable>(
  tool: Tool<T>,
  argv: readonly string[],
  known: ExternalValues = {},
): CommandLine<T> {
  const words = tokenize(argv, tool.options);
  const first = findHelpOrVersion(words);
  if (first !== undefined) return { kind: first };
  const { fromFiles, details } = fileWords(tool, words, known.settings ?? []);
  const all = [...fromFiles, ...words];
  return { kind: 'run', ...readOptions(tool, all, known.secrets), details };
}

/** Values that keep all rules of the tool, from words in the order of their reading. Throws OptionError. */
export function readOptions<T extends OptionTable>(
  tool: Tool<T>,
  all: readonly Token[],
  secrets: ReadonlyMap<string, string> = new Map(),
): { values: OptionValues<T>; warnings: string[]; pending: readonly OptionToken[] } {
  const options = all.filter((word): word is OptionToken => word.kind === 'option');
  const fromFiles = options.filter(({ place }) => place !== undefined);
  const values = new OptionValues(tool.options);
  const run: Run = { values, warnings: [], delayed: new Map(), pending: [], secrets };
  for (const word of options) if (word.spec.checked === 'agent') readValue(word, run);
  readAll(all, run);
  for (const rule of tool.rules) {
    const reason = rule.broken(values);
    if (reason !== undefined) throw conflict(reason + places(reason, fromFiles));
  }
  for (const spec of tool.options) {
    const word = run.delayed.get(spec.name);
    if (word !== undefined) storeValue(word, run);
  }
  refuseUnavailable(options, run);
  return { values, warnings: run.warnings, pending: run.pending };
}

/** What wins over everything else on the line, and the check that comes before configuration files are read. */
export function findHelpOrVersion(words: readonly Token[]): 'help' | 'version' | undefined {
  const given = new Set<string>();
  for (const word of words) {
    if (word.kind !== 'option') continue;
    if (word.spec.name === 'help' || word.spec.name === 'version') return word.spec.name;
    given.add(word.spec.name);
  }
  if (given.has('no-config-file') && given.has('only-config-file')) {
    throw conflict('--no-config-file and --only-config-file exclude each other.');
  }
  return undefined;
}

interface Run {
  values: Pick<OptionValues, 'markGiven' | 'set' | 'clear' | 'forget' | 'has'>;
  warnings: string[];
  /** The last occurrence of each option that is read after the rules. */
  delayed: Map<string, OptionToken>;
  pending: OptionToken[];
  secrets: ReadonlyMap<string, string>;
}

/** The settings of the files that the command line leaves standing, as words that come before its own. */
function fileWords<T extends OptionTable>(
  tool: Tool<T>,
  words: readonly Token[],
  settings: readonly Setting[],
): { fromFiles: OptionToken[]; details: string[] } {
  const given = words.filter((word): word is OptionToken => word.kind === 'option');
  const again = new Set(given.map((word) => word.spec.name));
  const on = new Set(given.filter((word) => !isOff(word)).map((word) => word.spec.name));
  const left = new Set(withoutOverridden(settings, { again, on }, tool.yields ?? {}));
  const fromFiles: OptionToken[] = [];
  const details: string[] = [];
  for (const setting of settings) {
    const { spec, key: spelling, text: argument, place } = setting;
    if (left.has(setting)) fromFiles.push({ kind: 'option', spec, spelling, argument, place });
    else details.push(`The command line overrides ${spelling} of ${place}`);
  }
  return { fromFiles, details };
}

/** Where the options come from that a message names but the command line does not. */
function places(message: string, fromFiles: readonly OptionToken[]): string {
  const named = fromFiles.filter(({ spec }) => new RegExp(`--${spec.name}(?![\\w-])`).test(message));
  return named.map(({ spec, place }) => ` (--${spec.name} is set at ${place ?? ''}.)`).join('');
}

function readAll(words: readonly Token[], run: Run): void {
  const sources = new Map<string, string>();
  for (const word of words) {
    if (word.kind === 'error') throw unreadable(word.message);
    if (word.kind === 'stray') throw unreadable(strayText(word.text, word.meant));
    if (word.kind === 'trailing') throw unreadable(`unexpected word ${quoted(word.text)} after --`);
    const { spec, place } = word;
    if (spec.removed !== undefined) throw unreadable(`option ${word.spelling} is not supported: ${spec.removed}`);
    if (spec.onlyOne !== undefined) {
      const before = sources.get(spec.onlyOne);
      const source = place === undefined ? word.spelling : `${word.spelling} (${place})`;
      if (before !== undefined) throw conflict(`There is more than one ${spec.onlyOne}: ${before} and ${source}.`);
      sources.set(spec.onlyOne, source);
    }
    warn(word, run);
    if (spec.checked !== 'agent') readValue(word, run);
  }
}

function strayText(text: string, meant: string | undefined): string {
  const reason = meant === undefined ? 'it belongs to no option' : `a long name has two dashes, --${meant}`;
  return `unexpected word ${quoted(text)}: ${reason}`;
}

function readValue(word: OptionToken, run: Run): void {
  const { spec } = word;
  run.values.markGiven(spec.name);
  // Only the last occurrence counts, unless all do.
  if (spec.accumulates !== true) run.pending = run.pending.filter((other) => other.spec !== spec);
  const reference = referenceOf(word);
  if (reference !== undefined && !run.secrets.has(reference)) {
    try {
      parseReference(reference);
    } catch (error) {
      throw invalidValue(word, reference, error);
    }
    run.pending.push(word);
    run.delayed.delete(spec.name);
    if (spec.accumulates !== true) run.values.forget(spec.name);
  } else if (spec.checked === 'start') {
    run.values.forget(spec.name);
    run.delayed.set(spec.name, word);
  } else {
    storeValue(word, run);
  }
}

/** The reference that stands in place of the value. A flag can have one only in a file. */
function referenceOf({ spec, argument, place, value }: OptionToken): string | undefined {
  if (value !== undefined) return undefined;
  const may = spec.secrets === true || (spec.argument === 'none' && place !== undefined);
  return may && argument !== undefined && isReference(argument) ? argument : undefined;
}

function storeValue(word: OptionToken, run: Run): void {
  const { spec, argument, value } = word;
  if (value !== undefined) {
    run.values.set(spec, value);
    return;
  }
  if (argument === undefined && spec.argument === 'optional') {
    // Asked for later, even if there was a value before.
    run.values.forget(spec.name);
    return;
  }
  const reference = referenceOf(word);
  const secret = reference === undefined ? undefined : run.secrets.get(reference);
  try {
    const text = secret === undefined ? (argument ?? '') : withoutLineEnd(secret);
    if (spec.value.type === 'flag') storeFlag(word, text, run);
    else if (spec.value.type === 'pem' && secret !== undefined) run.values.set(spec, { content: secret });
    else run.values.set(spec, parseValue(spec.value, text));
  } catch (error) {
    throw reference === undefined ? invalidValue(word, argument ?? '', error) : invalidSecret(word, reference, error);
  }
}

/** Throws what reading the option would. */
export function checkValue(word: OptionToken): void {
  try {
    parseValue(word.spec.value, word.argument ?? '');
  } catch (error) {
    throw invalidValue(word, word.argument ?? '', error);
  }
}

function storeFlag({ spec }: OptionToken, text: string, run: Run): void {
  if (text === 'false') run.values.clear(spec.name);
  else if (text === '' || text === 'true') run.values.set(spec, true satisfies Value);
  else throw new ValueError('expected true or false');
}

/**
 * One line end at the end of a secret is what editors and `echo` leave there. The C tool keeps it (asbackup.md 4.1) and
 * then looks for a namespace whose name ends in a line feed. PEM text is kept as it is.
 */
function withoutLineEnd(secret: string): string {
  return secret.replace(/\r?\n$/, '');
}

function invalidValue({ spec, spelling, place }: OptionToken, text: string, error: unknown): unknown {
  if (!(error instanceof ValueError)) return error;
  if (place !== undefined) {
    return new OptionError(
      'OPTION_VALUE',
      `${place}: invalid value ${quoted(text)} for ${spelling}: ${error.message}.`,
    );
  }
  const label = spelling === `-${spec.short ?? ''}` ? `${spelling} (--${spec.name})` : spelling;
  return new OptionError('OPTION_VALUE', `Invalid value ${quoted(text)} for ${label}: ${error.message}.`);
}

/** Most reasons quote a part of the value, so only those are told that are made of the rule alone. */
function invalidSecret({ spec, spelling, place }: OptionToken, reference: string, error: unknown): unknown {
  if (!(error instanceof ValueError)) return error;
  const { value } = spec;
  const reason =
    value.type === 'integer'
      ? `: expected ${rangeText(value.min, value.max)}`
      : value.type === 'choice'
        ? `: expected ${joinList(value.values, 'or')}`
        : value.type === 'flag'
          ? ': expected true or false'
          : '';
  const start = place === undefined ? 'The' : `${place}: the`;
  return new OptionError('OPTION_VALUE', `${start} value of ${reference} is not valid for ${spelling}${reason}.`);
}

function warn({ spec, spelling, place }: OptionToken, run: Run): void {
  // A file may use old names in silence (asrestore.md 1.6); an option without effect is worth a word there, too.
  const alias = place === undefined || spec.warning !== undefined ? spec.aliasWarnings : undefined;
  const warning = alias?.[spelling.replace(/^--/, '')] ?? spec.warning;
  if (warning !== undefined && !run.warnings.includes(warning)) run.warnings.push(warning);
}

/** A person must never believe that a filter or a key was applied when it was not. */
function refuseUnavailable(options: readonly OptionToken[], run: Run): void {
  const missing = new Set<string>();
  for (const { spec, place } of options) {
    if (spec.available || (spec.argument === 'none' && !run.values.has(spec.name))) continue;
    missing.add(`--${spec.name}${place === undefined ? '' : ` (${place})`}`);
  }
  if (missing.size === 0) return;
  const list = joinList([...missing]);
  throw new OptionError('OPTION_UNAVAILABLE', `This version does not support ${list} yet; nothing was done.`);
}

function isOff({ spec, argument }: OptionToken): boolean {
  return spec.argument === 'none' && argument === 'false';
}

function conflict(message: string): OptionError {
  return new OptionError('OPTION_CONFLICT', message);
}

function unreadable(message: string): OptionError {
  return new OptionError('OPTION_USAGE', message, true);
}
