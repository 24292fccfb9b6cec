import { Command, Option } from 'commander';
import type { Tool } from './command-line.js';
import { GROUPS, longNames, type OptionSpec, type OptionTable } from './options/option-spec.js';

const WIDTH = 80;
const MISSING = 'Not in this version yet';

/**
 * The text of `--help`. Commander lays it out from Options made of the table; it is loaded for this only, since it has
 * no notion of abbreviated names, of arguments that begin with a dash or of `--no-...` as a plain name.
 */
export function helpText<T extends OptionTable>(tool: Tool<T>): string {
  const command = new Command(tool.name);
  command.usage(
    tool.name === 'asbackup' ? '-n <name> (-d <dir> | -o <file>) [options]' : '(-d <dir> | -i <file>) [options]',
  );
  command.description(tool.summary).helpOption(false).configureHelp({ helpWidth: WIDTH });
  for (const group of GROUPS) {
    for (const spec of tool.options) {
      if (spec.available && spec.group === group) command.addOption(toOption(spec).helpGroup(`${group}:`));
    }
  }
  return [
    command.helpInformation().trimEnd(),
    ...missingText(tool.options),
    'Examples:',
    ...tool.examples.map(([what, line]) => `  ${what}\n    ${line}`),
    '',
  ].join('\n');
}

function toOption(spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const argument =
    spec.argument === 'none' ? '' : spec.argument === 'optional' ? ' [value]' : ` <${spec.placeholder!}>`;
  const option = new Option(`${short}--${spec.name}${argument}`, describe(spec));
  // Commander takes --no-x for the negation of --x. Here it is a name like any other.
  option.negate = false;
  return option;
}

function describe(spec: OptionSpec): string {
  const aliases = (spec.aliases ?? []).map((name) => `--${name}`);
  const notes = [
    ...(spec.default === undefined || spec.argument === 'none' ? [] : [`default ${spec.default}`]),
    ...(aliases.length === 0 ? [] : [`also ${aliases.join(', ')}`]),
  ];
  return notes.length === 0 ? spec.help : `${spec.help} (${notes.join('; ')})`;
}

/** Names only: enough to look one up, and short. */
function missingText(table: OptionTable): string[] {
  const names = table
    .filter((spec) => !spec.available && spec.removed === undefined)
    .map((spec) => (spec.short === undefined ? '' : `-${spec.short} `) + `--${longNames(spec)[0]!}`);
  if (names.length === 0) return [''];
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
  return ['', `${MISSING}:`, ...lines, line, ''];
}
