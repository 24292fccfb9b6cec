import { longNames, type OptionSpec } from '../../src/config/schema/option-spec.js';
import { argumentKind, completable } from './argument-kind.js';
import type { ToolPage } from './tool-page.js';

/**
 * A completion script for bash 4 and newer, to lie as `NAME` or `NAME.bash` where the bash-completion package looks, or
 * to be sourced; it needs no helper of that package.
 */
export function bashCompletion({ name, options }: ToolPage): string {
  const specs = completable(options);
  return `# bash completion for ${name}; made of its option table by "npm run docs".

_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # An option, its equals sign and its value are three words here.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]] && ((COMP_CWORD > 1)); then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
${cases(specs)}
  esac
  if [[ $current == -* || -z $current ]]; then
    mapfile -t COMPREPLY < <(compgen -W '
${wrapped(
  specs.map((spec) => `--${spec.name}`),
  '      ',
)}
    ' -- "$current")
  fi
}

complete -F _${name} ${name}
`;
}

/** What follows an option, the options with the same answer together. */
function cases(specs: readonly OptionSpec[]): string {
  const byAction = new Map<string, string[]>();
  for (const spec of specs) {
    // A word after an option whose argument may be missing can be the next option.
    if (spec.argument !== 'required') continue;
    const action = formatAction(spec);
    byAction.set(action, [...(byAction.get(action) ?? []), ...spellings(spec)]);
  }
  return [...byAction]
    .map(([action, names]) => `    ${names.join(' | ')})\n${action}      return\n      ;;`)
    .join('\n');
}

function formatAction(spec: OptionSpec): string {
  const kind = argumentKind(spec);
  if (kind.kind === 'any') return '';
  if (kind.kind === 'words') return offer(`-W '${kind.words.join(' ')}'`);
  // Not to be had when the function is called by hand, and no more than a matter of quotes and slashes.
  return `      compopt -o filenames 2>/dev/null\n${offer(kind.kind === 'file' ? '-f' : '-d')}`;
}

function offer(what: string): string {
  return `      mapfile -t COMPREPLY < <(compgen ${what} -- "$current")\n`;
}

function spellings(spec: OptionSpec): string[] {
  const short = spec.short === undefined ? [] : [`-${spec.short}`];
  return [...short, ...longNames(spec).map((name) => `--${name}`)];
}

function wrapped(words: readonly string[], indent: string): string {
  const lines = [indent];
  for (const word of words) {
    const line = lines.at(-1)!;
    if (line.length + word.length < 100) lines[lines.length - 1] = line === indent ? line + word : `${line} ${word}`;
    else lines.push(indent + word);
  }
  return lines.join('\n');
}
