import type { OptionSpec } from '../../src/config/schema/option-spec.js';
import { argumentKind, completable } from './argument-kind.js';
import { firstSentence, type ToolPage } from './tool-page.js';

/** Completions for fish, to lie as `NAME.fish` in a directory of its completion path. */
export function fishCompletion({ name, options }: ToolPage): string {
  const lines = completable(options).map((spec) => line(name, spec));
  return `# fish completion for ${name}; made of its option table by "npm run docs".

complete -c ${name} -f
${lines.join('\n')}
`;
}

function line(command: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : ` -s ${spec.short}`;
  return `complete -c ${command}${short} -l ${spec.name}${argumentPart(spec)} -d ${quoted(firstSentence(spec))}`;
}

/** `-r`: an argument must follow. `-F`: file names, which are off otherwise. */
function argumentPart(spec: OptionSpec): string {
  if (spec.argument !== 'required') return '';
  const kind = argumentKind(spec);
  if (kind.kind === 'words') return ` -x -a '${kind.words.join(' ')}'`;
  if (kind.kind === 'file') return ' -r -F';
  return kind.kind === 'directory' ? " -x -a '(__fish_complete_directories)'" : ' -x';
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
