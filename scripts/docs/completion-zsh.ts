import type { OptionSpec } from '../../src/config/schema/option-spec.js';
import { argumentKind, completable } from './argument-kind.js';
import { firstSentence, type ToolPage } from './tool-page.js';

/** A completion function for zsh, to lie as `_NAME` in a directory of its `fpath`. */
export function zshCompletion({ name, options }: ToolPage): string {
  const specs = completable(options).flatMap((spec) => argumentSpecs(spec));
  return `#compdef ${name}
# zsh completion for ${name}; made of its option table by "npm run docs".

_arguments -s \\
${specs.map((text) => `  ${text}`).join(' \\\n')}
`;
}

/** One line per spelling, as _arguments reads it: exclusions, name, how the argument is attached, text, argument. */
function argumentSpecs(spec: OptionSpec): string[] {
  const names = [...(spec.short === undefined ? [] : [`-${spec.short}`]), `--${spec.name}`];
  const others = spec.accumulates === true ? '*' : `(${names.join(' ')})`;
  const text = firstSentence(spec).replace(/[[\]\\:]/g, '\\$&');
  return names.map((name) => {
    const attached = spec.argument === 'none' ? '' : name.startsWith('--') ? '=' : '+';
    return quoted(`${others}${name}${attached}[${text}]${argumentPart(spec)}`);
  });
}

function argumentPart(spec: OptionSpec): string {
  if (spec.argument === 'none') return '';
  const colon = spec.argument === 'optional' ? '::' : ':';
  const label = spec.placeholder!.replace(/[:\\]/g, '\\$&');
  const kind = argumentKind(spec);
  if (kind.kind === 'words') return `${colon}${label}:(${kind.words.join(' ')})`;
  if (kind.kind === 'file') return `${colon}${label}:_files`;
  return `${colon}${label}:${kind.kind === 'directory' ? '_files -/' : ' '}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
