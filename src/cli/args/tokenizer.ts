import type { Given, GivenOption } from '../../config/given.js';
import { joinList, OptionError, quoted } from '../../config/option-error.js';
import { longNames, type OptionSpec, type OptionTable } from '../../config/schema/option-spec.js';
import { suggestion } from '../../config/did-you-mean.js';

/** One part of the command line, in the order of the words. */
export type Token =
  /** `spelling` is what was typed, resolved to a full name: `--namespace` for `--names`, `-n` for `-ntest`. */
  | GivenOption
  /** A word that belongs to no option; `meant` is the long option that was typed with one dash before it. */
  | { kind: 'stray'; text: string; meant?: string }
  /** A word after `--`. */
  | { kind: 'trailing'; text: string }
  | { kind: 'error'; message: string };

/**
 * Reads words the way GNU getopt_long does, since the scripts of the C tools rely on all of it: any unambiguous prefix
 * of a long name, `--name=value` and `--name value`, `-nvalue` and `-n value`, flags bundled as in `-Iu`, and a
 * required argument is the next word even if that begins with a dash. An optional argument is the next word if that
 * does not begin with a dash. Beyond getopt_long, a flag that a configuration file can switch on accepts `=true` and
 * `=false`, since the command line must be able to override the file (asbackup.md 12, fault 18). Errors are returned
 * in their place, since --help and --version have priority over all of them.
 */
export function tokenize(argv: readonly string[], table: OptionTable): Token[] {
  const words: Token[] = [];
  const rest = [...argv].reverse();
  let before = '';
  for (let text = rest.pop(); text !== undefined; text = rest.pop()) {
    if (text === '--') {
      for (let word = rest.pop(); word !== undefined; word = rest.pop()) words.push({ kind: 'trailing', text: word });
    } else if (text.startsWith('--')) {
      words.push(readLong(text.slice(2), rest, table));
    } else if (text.length > 1 && text.startsWith('-')) {
      readBundle(text.slice(1), rest, table, words);
    } else {
      const meant = table.flatMap(longNames).find((name) => `-${name}` === before);
      words.push({ kind: 'stray', text, ...(meant === undefined ? {} : { meant }) });
    }
    before = text;
  }
  return words;
}

function readLong(text: string, rest: string[], table: OptionTable): Token {
  const equals = text.indexOf('=');
  const typed = equals < 0 ? text : text.slice(0, equals);
  const attached = equals < 0 ? undefined : text.slice(equals + 1);
  const found = findLong(typed, table);
  if (typeof found === 'string') return { kind: 'error', message: found };
  const { spec, name } = found;
  if (spec.argument === 'none' && attached !== undefined) {
    if (spec.section !== undefined && (attached === 'true' || attached === 'false')) {
      return { kind: 'option', spec, spelling: `--${name}`, argument: attached };
    }
    const but = spec.section === undefined ? '' : ' except true or false';
    return { kind: 'error', message: `option --${name} takes no value${but}, but has ${quoted(attached)}` };
  }
  return withArgument(spec, `--${name}`, attached, rest);
}

function readBundle(letters: string, rest: string[], table: OptionTable, words: Token[]): void {
  // By character, not by code unit, so that a message can show what was typed.
  const characters = Array.from(letters);
  for (const [i, letter] of characters.entries()) {
    const spec = table.find((row) => row.short === letter);
    if (spec === undefined) {
      words.push({ kind: 'error', message: unknownShort(letter, letters) });
      continue;
    }
    if (spec.argument === 'none') {
      words.push({ kind: 'option', spec, spelling: `-${letter}`, argument: undefined });
      continue;
    }
    const attached = characters.slice(i + 1).join('');
    words.push(withArgument(spec, `-${letter}`, attached === '' ? undefined : attached, rest));
    return;
  }
}

function withArgument(spec: OptionSpec, spelling: string, attached: string | undefined, rest: string[]): Token {
  let argument = attached;
  const next = rest.at(-1);
  if (argument === undefined && next !== undefined) {
    const takes = spec.argument === 'required' || (spec.argument === 'optional' && !next.startsWith('-'));
    if (takes) argument = rest.pop();
  }
  if (argument === undefined && spec.argument === 'required') {
    return { kind: 'error', message: `option ${spelling} needs a value` };
  }
  return { kind: 'option', spec, spelling, argument };
}

/** The row and the full name, or what is wrong. */
function findLong(typed: string, table: OptionTable): { spec: OptionSpec; name: string } | string {
  const matches: { spec: OptionSpec; name: string }[] = [];
  for (const spec of table) {
    for (const name of longNames(spec)) {
      if (name === typed) return { spec, name };
      if (typed !== '' && name.startsWith(typed)) matches.push({ spec, name });
    }
  }
  // Scripts may abbreviate the C tool's options: what is unambiguous there keeps its meaning.
  const known = matches.filter(({ spec }) => spec.extension !== true);
  const candidates = known.length > 0 ? known : matches;
  const [first] = candidates;
  if (first === undefined) return unknownLong(typed, table);
  if (candidates.every((match) => match.spec === first.spec)) return first;
  const names = matches.map((match) => `--${match.name}`);
  return `option --${typed} is ambiguous: it may mean ${joinList(names, 'or')}`;
}

function unknownLong(typed: string, table: OptionTable): string {
  const names = table.flatMap((spec) => (spec.removed === undefined ? longNames(spec) : []));
  return `unknown option --${typed}${suggestion(typed, names, (name) => `--${name}`)}`;
}

function unknownShort(letter: string, letters: string): string {
  return `unknown option -${letter}${letters === letter ? '' : ` in -${letters}`}`;
}

/** What wins over everything else on the line: the first of these options. */
export function findHelpOrVersion(tokens: readonly Token[]): 'help' | 'version' | undefined {
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name } = token.spec;
    if (name === 'help' || name === 'version') return name;
  }
  return undefined;
}

/**
 * The tokens as given options. `texts` are those of the options, as commander read them; absent = as they were typed.
 */
export function toGiven(tokens: readonly Token[], texts?: readonly (string | undefined)[]): Given[] {
  let next = 0;
  return tokens.map((token): Given => {
    switch (token.kind) {
      case 'option':
        // A removed option is refused in its place and has no value.
        if (texts === undefined || token.spec.removed !== undefined) return token;
        return { ...token, argument: texts[next++] };
      case 'error':
        return problem(token.message);
      case 'stray':
        return problem(strayText(token.text, token.meant));
      case 'trailing':
        return problem(`unexpected word ${quoted(token.text)} after --`);
    }
  });
}

function problem(message: string): Given {
  return { kind: 'problem', error: new OptionError('OPTION_USAGE', message, true) };
}

function strayText(text: string, meant: string | undefined): string {
  const reason = meant === undefined ? 'it belongs to no option' : `a long name has two dashes, --${meant}`;
  return `unexpected word ${quoted(text)}: ${reason}`;
}
