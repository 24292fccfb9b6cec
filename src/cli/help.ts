import { Command, Option } from 'commander';
import type { Tool } from './args/parse.js';
import type { OptionSpec, OptionTable } from '../config/schema/option-spec.js';
import { missingOptions, optionGroups } from '../config/schema/option-groups.js';

const WIDTH = 80;

/**
 * The text of `--help`. Commander lays it out from Options made of the table; it is loaded for this only, since it has
 * no notion of abbreviated names, of arguments that begin with a dash or of `--no-...` as a plain name.
 */
export function helpText<T extends OptionTable>(tool: Tool<T>): string {
  const command = new Command(tool.name);
  const [first] = tool.examples;
  command.usage(tool.usage).description(`${tool.summary}\n\nTo begin with:  ${first?.[1] ?? ''}`);
  command.helpOption(false).configureHelp({ helpWidth: WIDTH });
  for (const { group, options } of optionGroups(tool.options)) {
    for (const spec of options) command.addOption(toOption(spec).helpGroup(`${group}:`));
  }
  const missing = missingOptions(tool.options).map(({ name, short }) =>
    short === undefined ? `--${name}` : `-${short} --${name}`,
  );
  return [
    command.helpInformation().trimEnd(),
    ...section('Other spellings', aliasesOf(tool.options)),
    ...section('Not in this version yet', missing),
    '',
    'Examples:',
    ...tool.examples.map(([what, line]) => `  ${what}\n    ${line}`),
    '',
    'Exit code 0: everything asked for was done. 1: something was not, and the last',
    `lines say what. More: man ${tool.name}`,
    '',
  ].join('\n');
}

function toOption(spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const argument =
    spec.argument === 'none' ? '' : spec.argument === 'optional' ? ' [value]' : ` <${spec.placeholder!}>`;
  const hasDefault = spec.default !== undefined && spec.argument !== 'none';
  const text = hasDefault ? `${spec.help} (default ${spec.default})` : spec.help;
  const option = new Option(`${short}--${spec.name}${argument}`, text);
  // Commander takes --no-x for the negation of --x. Here it is a name like any other.
  option.negate = false;
  return option;
}

/** What old scripts use. Together, since nobody who reads the list of options has a use for them; see the man page. */
function aliasesOf(table: OptionTable): string[] {
  return table.flatMap(({ available, aliases }) => (available ? (aliases ?? []).map((alias) => `--${alias}`) : []));
}

/** Names only, as many in a line as it takes; nothing without names. */
function section(heading: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const lines: string[] = [];
  let line = ' ';
  for (const [i, name] of names.entries()) {
    const item = ` ${name}${i < names.length - 1 ? ',' : ''}`;
    if (line.length + item.length > WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += item;
  }
  return ['', `${heading}:`, ...lines, line];
}
