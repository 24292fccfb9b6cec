/**
 * From a library user's settings to the values of the command line: the same option table gives the defaults, checks the
 * ranges and keeps the rules between options, so that both ways in mean the same.
 */
import { readOptions, type Tool } from '../cli/args/parse.js';
import { joinList, OptionError } from '../config/option-error.js';
import type { OptionValues } from '../config/option-values.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import { closestMatch } from '../config/did-you-mean.js';
import type { Value } from '../config/values/parse-value.js';
import type { OptionToken } from '../cli/args/tokenizer.js';

/** How a setting becomes an option. Undefined = the option is not given. */
export interface Rule {
  option: string;
  /** Text as it would be typed, or the value itself. */
  word: (value: unknown, name: string) => string | { value: Value } | undefined;
}

export type Rules = Readonly<Record<string, Rule>>;

/** Options named by rules, and nothing else. `prefix` stands before a setting's name in messages: `tls.` */
export function toTokens(settings: object, rules: Rules, table: OptionTable, prefix = ''): OptionToken[] {
  const words: OptionToken[] = [];
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unknown(prefix + name, Object.keys(rules));
    const word = rule.word(value, prefix + name);
    if (word !== undefined) words.push(toToken(table, rule.option, prefix + name, word));
  }
  return words;
}

export function toToken(
  table: OptionTable,
  option: string,
  spelling: string,
  word: string | { value: Value } = '',
): OptionToken {
  const spec = table.find(({ name }) => name === option);
  if (spec === undefined) throw new Error(`there is no option ${option}`);
  if (typeof word === 'object') return { kind: 'option', spec, spelling, argument: '', value: word.value };
  return { kind: 'option', spec, spelling, argument: spec.value.type === 'flag' ? undefined : word };
}

/** Throws OptionError, in whose text the settings have their own names. */
export function valuesOf<T extends OptionTable>(tool: Tool<T>, words: readonly OptionToken[]): OptionValues<T> {
  try {
    const { values, pending } = readOptions(tool, words);
    const [secret] = pending;
    if (secret !== undefined) throw bad(secret.spelling, 'references to the secret agent are for the command line');
    return values;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(error.code, toApiMessage(error.message, words));
  }
}

/** Messages of rules speak of options; what was given is called as it was given, the others by their plain names. */
export function toApiMessage(message: string, words: readonly OptionToken[]): string {
  return message.replace(/--([a-z][a-z0-9-]*)/g, (_all, option: string) => {
    const given = words.find(({ spec }) => spec.name === option);
    return given?.spelling ?? OWN_NAMES[option] ?? camel(option);
  });
}

/** Settings whose names are not those of their options. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  'output-file': 'file',
  'input-file': 'file',
  'directory-list': 'directories',
  'encryption-key-file': 'encrypt.keyFile',
  'encryption-key-env': 'encrypt.keyEnv',
  'tls-enable': 'tls',
  'tls-cafile': 'tls.caFile',
  'tls-capath': 'tls.caPath',
  'tls-certfile': 'tls.certFile',
  'tls-keyfile': 'tls.keyFile',
  'tls-crl-check': 'tls.crlCheck',
  user: 'auth.user',
  password: 'auth.password',
  auth: 'auth.mode',
};

function camel(option: string): string {
  return option.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

export function bad(name: string, reason: string): OptionError {
  return new OptionError('OPTION_VALUE', `Invalid value for ${name}: ${reason}.`);
}

function unknown(name: string, known: readonly string[]): OptionError {
  const own = name.slice(name.lastIndexOf('.') + 1);
  const guess = closestMatch(own, known);
  const hint = guess === undefined ? '' : ` Did you mean "${guess}"?`;
  return new OptionError('OPTION_USAGE', `There is no setting "${name}".${hint}`);
}

/** Of the settings that answer one question, exactly one is to be given. */
export function checkOne(names: readonly string[], none: string): void {
  if (names.length === 0) throw new OptionError('OPTION_CONFLICT', none);
  if (names.length > 1) throw new OptionError('OPTION_CONFLICT', `Only one of ${joinList(names)} can be given.`);
}

export const flag = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (typeof value !== 'boolean') throw bad(name, 'expected true or false');
    return value ? '' : undefined;
  },
});

export const text = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (typeof value !== 'string') throw bad(name, 'expected a text');
    return value;
  },
});

/** A path, "-" included, which is no standard stream here. */
export const path = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (typeof value !== 'string') throw bad(name, 'expected a path');
    return value.startsWith('-') ? `./${value}` : value;
  },
});

export const number = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw bad(name, 'expected a whole number');
    return String(value);
  },
});

/** A list whose items the option separates with commas. */
export const list = (option: string): Rule => ({
  option,
  word: (value, name) => {
    const items: unknown[] = Array.isArray(value) ? value : [];
    if (!Array.isArray(value)) throw bad(name, 'expected a list');
    for (const item of items) {
      const fits = typeof item === 'number' || (typeof item === 'string' && !item.includes(','));
      if (!fits) throw bad(name, 'expected texts without commas');
    }
    return items.length === 0 ? undefined : items.join(',');
  },
});

/** Names that may hold anything but both kinds of quotes. */
export const quotedList = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (!Array.isArray(value)) throw bad(name, 'expected a list');
    const items = value.map((item: unknown) => {
      if (typeof item !== 'string') throw bad(name, 'expected texts');
      const quote = ['"', "'"].find((sign) => !item.includes(sign));
      if (quote === undefined) throw bad(name, 'a name with both kinds of quotes cannot be given');
      return quote + item + quote;
    });
    return items.length === 0 ? undefined : items.join(',');
  },
});

export const base64 = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if (typeof value !== 'string') throw bad(name, 'expected bytes, or their base64 text');
    return value;
  },
});

export const date = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (!(value instanceof Date) || !(value.getTime() > 0)) throw bad(name, 'expected a date after 1970-01-01');
    return { value: value.getTime() };
  },
});

/** PEM text, which is taken as it is. */
export const pem = (option: string): Rule => ({
  option,
  word: (value, name) => {
    if (typeof value !== 'string') throw bad(name, 'expected PEM text');
    return { value: { content: value } };
  },
});
