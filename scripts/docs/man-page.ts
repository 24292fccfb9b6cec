import { readFileSync } from 'node:fs';
import { fileKeys, type OptionSpec } from '../../src/config/schema/option-spec.js';
import { manText } from './man-text.js';
import { optionGroups } from '../../src/config/schema/option-groups.js';
import type { ToolPage } from './tool-page.js';

const OPTION_MECHANICS =
  'Long names can be cut short as long as they stay unambiguous. A value stands in the next word, or directly after a short name or after *--name=*.';
/** How long a line of the source may be. */
const WIDTH = 80;

/**
 * The man page of a tool, in the man macros that groff, mandoc and man-db read. It bears no date, so that it changes
 * only with what it says.
 */
export function manPage(tool: ToolPage): string {
  const { name, options, examples } = tool;
  const text = manText[name]!;
  const removed = options.filter((spec) => spec.removed !== undefined);
  return [
    `.\\" Made of the option table by "npm run docs".`,
    `.TH ${name.toUpperCase()} 1 "" "${name} ${packageVersion()}" "User Commands"`,
    // Neither hyphenated nor stretched, so that names of options can be searched for and copied.
    '.nh',
    '.ad l',
    '.SH NAME',
    `${name} \\- ${escaped(text.purpose)}`,
    '.SH SYNOPSIS',
    ...text.synopsis.flatMap((line, i) => [...(i === 0 ? [] : ['.br']), `.B ${name}`, styled(line)]),
    ...prose('DESCRIPTION', text.description),
    '.SH OPTIONS',
    ...sentences(OPTION_MECHANICS),
    ...optionGroups(options).flatMap(({ group, options: specs }) => [`.SS ${group}`, ...specs.flatMap(optionEntry)]),
    ...(removed.length === 0 ? [] : ['.SS Removed options', ...removed.flatMap(removedEntry)]),
    ...text.sections.flatMap(([heading, paragraphs]) => prose(heading, paragraphs)),
    '.SH EXAMPLES',
    ...examples.flatMap(([what, line], i) => [
      ...(i === 0 ? [] : ['.PP']),
      escaped(what),
      '.PP',
      '.RS 4',
      '.nf',
      escaped(line),
      '.fi',
      '.RE',
    ]),
    '.SH SEE ALSO',
    ...text.seeAlso.map((page, i) => `.BR ${page} (1)${i < text.seeAlso.length - 1 ? ' ,' : ''}`),
    '',
  ].join('\n');
}

export function optionEntry(spec: OptionSpec): string[] {
  const short = spec.short === undefined ? '' : `*-${spec.short}*, `;
  const argument = spec.argument === 'none' ? '' : ` _${spec.argument === 'optional' ? '[value]' : spec.placeholder!}_`;
  const notes = [
    ...(spec.default === undefined || spec.argument === 'none' ? [] : [`Default: *${spec.default}*.`]),
    ...(spec.accumulates === true && !spec.help.includes('repeated') ? ['Can be repeated.'] : []),
    ...(spec.aliases === undefined ? [] : [`Also spelled ${spec.aliases.map((alias) => `*--${alias}*`).join(', ')}.`]),
    ...keyNote(spec),
    ...(spec.env === undefined ? [] : [`Environment: *${spec.env}*.`]),
  ];
  const help = spec.help.replace(/[*_]/g, '\0$&');
  return ['.TP', styled(`${short}*--${spec.name}*${argument}`), ...sentences([help, ...notes].join(' '))];
}

/** How a configuration file calls the option, where nobody would guess it. */
function keyNote(spec: OptionSpec): string[] {
  const keys = fileKeys(spec).filter((key) => key !== spec.name && spec.aliases?.includes(key) !== true);
  const parts = spec.keyParts ?? [];
  return [
    ...(spec.section === undefined || keys.length === 0
      ? []
      : [`In a file: ${keys.map((key) => `*${key}*`).join(', ')}.`]),
    ...(parts.length === 0 ? [] : [`In a file also ${parts.map((key) => `*${key}*`).join(' and ')}, together.`]),
  ];
}

function removedEntry(spec: OptionSpec): string[] {
  return ['.TP', styled(`*--${spec.name}*`), ...sentences(`${capital(spec.removed!)}.`)];
}

/** Paragraphs are texts, or pairs of a term and what it means. */
export function prose(heading: string, paragraphs: readonly (string | readonly [string, string])[]): string[] {
  const lines = [`.SH ${heading}`];
  for (const [i, paragraph] of paragraphs.entries()) {
    if (typeof paragraph === 'string') lines.push(...(i === 0 ? [] : ['.PP']), ...sentences(paragraph));
    else lines.push('.TP', styled(paragraph[0]), ...sentences(paragraph[1]));
  }
  return lines;
}

/** Each sentence on a line of its own, as roff wants it for the space between them; long ones on several. */
export function sentences(text: string): string[] {
  return text.split(/(?<=[a-z0-9)*_>][.:]) (?=[A-Z*_])/).flatMap((sentence) => {
    const lines: string[] = [];
    for (const word of styled(sentence).split(' ')) {
      const line = lines.at(-1);
      if (line !== undefined && line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
      else lines.push(word.replace(/^[.']/, String.raw`\&$&`));
    }
    return lines;
  });
}

/** `*bold*` and `_italic_`, unless a NUL stands before; underscores and stars inside of words are themselves. */
export function styled(text: string): string {
  return escaped(text)
    .replace(/(?<![A-Za-z0-9*\0])\*([^*]+)\*(?![A-Za-z0-9*])/g, '\x01B$1\x02')
    .replace(/(?<![A-Za-z0-9\0])_([^_]+)_(?![A-Za-z0-9])/g, '\x01I$1\x02')
    .replaceAll('\x01', String.raw`\f`)
    .replaceAll('\x02', String.raw`\fR`)
    .replaceAll('\0', '');
}

/** Hyphens are typed as such, so that commands can be copied; a line that begins like a macro does not become one. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/^[.']/, String.raw`\&$&`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
