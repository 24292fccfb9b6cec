import type { CommandPage } from '../../src/cli/command.js';
import { firstSentence } from './tool-page.js';

/** The files in completions/ for `asb`: its commands, and the options of the command that was typed. */
export function asbCompletionFiles(pages: readonly CommandPage[]): ReadonlyMap<string, string> {
  return new Map([
    ['asb.bash', bashFile(pages)],
    ['_asb', zshFile(pages)],
    ['asb.fish', fishFile(pages)],
  ]);
}

const SOURCE = 'made of the option tables by "npm run docs".';

function bashFile(pages: readonly CommandPage[]): string {
  return `# bash completion for asb; ${SOURCE}

_asb() {
  local current=\${COMP_WORDS[COMP_CWORD]} options
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${pages.map(commandWord).join(' ')} --help --version' -- "$current")
    return
  fi
  case \${COMP_WORDS[1]} in
${pages.map((page) => `    ${commandWord(page)}) options='${listOptions(page).join(' ')}' ;;`).join('\n')}
    *) return ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -F _asb asb
`;
}

function zshFile(pages: readonly CommandPage[]): string {
  return `#compdef asb
# zsh completion for asb; ${SOURCE}

if ((CURRENT == 2)); then
  compadd ${pages.map(commandWord).join(' ')} -- --help --version
  return
fi
case $words[2] in
${pages.map((page) => `  ${commandWord(page)}) options=(${listOptions(page).join(' ')}) ;;`).join('\n')}
  *) options=() ;;
esac
if [[ $words[CURRENT] == -* ]]; then
  compadd -- $options
else
  _files
fi
`;
}

function fishFile(pages: readonly CommandPage[]): string {
  const commands = pages.map(
    (page) => `complete -c asb -n __fish_use_subcommand -f -a ${commandWord(page)} -d ${quoted(page.summary)}`,
  );
  const options = pages.flatMap((page) =>
    page.options
      .filter(({ removed }) => removed === undefined)
      .map((spec) => {
        const argument = spec.argument === 'required' ? ' -r' : '';
        const condition = `'__fish_seen_subcommand_from ${commandWord(page)}'`;
        return `complete -c asb -n ${condition} -l ${spec.name}${argument} -d ${quoted(firstSentence(spec))}`;
      }),
  );
  return `# fish completion for asb; ${SOURCE}

${[...commands, ...options].join('\n')}
`;
}

function commandWord({ name }: CommandPage): string {
  return name.replace(/^asb /, '');
}

function listOptions({ options }: CommandPage): string[] {
  return options.filter(({ removed }) => removed === undefined).map(({ name }) => `--${name}`);
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
