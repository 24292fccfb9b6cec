/**
 * The commander program of a command: its options, its help, its action. Commander has no abbreviations, no bundles
 * with values and no values that begin with a dash as getopt_long has them, so that the tokenizer reads the words and
 * gives commander canonical ones: `--name` or `--name=value`.
 */
import { Command as Program, Option } from 'commander';
import { optionGroups } from '../config/schema/option-groups.js';
import type { OptionSpec } from '../config/schema/option-spec.js';
import type { CommandPage } from './command.js';
import type { Token } from './args/tokenizer.js';

const WIDTH = 80;

/** Calls `action` with the texts of the options in the order of the command line; undefined = without a value. */
export function createProgram(page: CommandPage, action: (texts: (string | undefined)[]) => Promise<void>): Program {
  const program = new Program(page.name).usage(page.usage).description(describe(page));
  program.helpOption(false).exitOverride().allowExcessArguments(false);
  program.configureHelp({ helpWidth: WIDTH, optionTerm: (option) => terms.get(option) ?? option.flags });
  const terms = new Map<Option, string>();
  const texts: (string | undefined)[] = [];
  for (const { group, options } of optionGroups(page.options)) {
    for (const spec of options) {
      const option = toOption(spec).helpGroup(`${group}:`);
      terms.set(option, optionTerm(spec));
      program.addOption(option);
      program.on(`option:${spec.name}`, (text: string | null) => texts.push(text ?? undefined));
    }
  }
  program.addHelpText('after', helpFooter(page));
  return program.action(() => action(texts));
}

/** The words that mean the options of the tokens to commander. */
export function canonicalWords(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    if (token.kind !== 'option' || token.spec.removed !== undefined) return [];
    return token.argument === undefined ? `--${token.spec.name}` : `--${token.spec.name}=${token.argument}`;
  });
}

/** A value may be absent for every option: a flag takes `=false`, and what is missing was reported before. */
function toOption(spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const hasDefault = spec.default !== undefined && spec.argument !== 'none';
  const text = hasDefault ? `${spec.help} (default ${spec.default})` : spec.help;
  const option = new Option(`${short}--${spec.name} [value]`, text);
  // Commander reads --no-x as the negation of --x. Here it is a name like any other.
  option.negate = false;
  return option;
}

function optionTerm(spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const argument =
    spec.argument === 'none' ? '' : spec.argument === 'optional' ? ' [value]' : ` <${spec.placeholder!}>`;
  return `${short}--${spec.name}${argument}`;
}

function describe({ summary, examples }: CommandPage): string {
  return `${summary}\n\nTo begin with:  ${examples[0]?.[1] ?? ''}`;
}

function helpFooter({ name, options, examples }: CommandPage): string {
  return [
    ...aliasSection(options.flatMap(({ removed, aliases = [] }) => (removed === undefined ? aliases : []))),
    '',
    'Examples:',
    ...examples.map(([what, line]) => `  ${what}\n    ${line}`),
    '',
    'Exit code 0: everything asked for was done. 1: something was not, and the last',
    `lines say what. More: man ${name}`,
  ].join('\n');
}

/** Old spellings, which scripts use. Together, since they do not help a reader of the list of options. */
function aliasSection(aliases: readonly string[]): string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const [i, alias] of aliases.entries()) {
    const item = ` --${alias}${i < aliases.length - 1 ? ',' : ''}`;
    if (line.length + item.length > WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += item;
  }
  return aliases.length === 0 ? [] : ['', 'Other spellings:', ...lines, line];
}
