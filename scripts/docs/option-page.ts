import { optionGroups } from '../../src/config/schema/option-groups.js';
import { fileKeys, type OptionSpec } from '../../src/config/schema/option-spec.js';
import type { ToolPage } from './tool-page.js';

/** The page of docs/reference with every option of a tool, made of its option table. */
export function optionPage({ name, options }: ToolPage): string {
  const removed = options.filter((spec) => spec.removed !== undefined);
  const sections = optionGroups(options).map(
    ({ group, options: specs }) => `## ${group}\n\n${bulletList(specs.map(optionLine))}`,
  );
  if (removed.length > 0) {
    sections.push(
      `## Removed options\n\n${bulletList(removed.map((spec) => `\`--${spec.name}\`: ${spec.removed!}.`))}`,
    );
  }
  return [
    `# Options of ${name}`,
    '<!-- Made of the option table (src/config/schema) by "npm run docs": do not edit. -->',
    `The same texts are in \`man ${name}\` and, shorter, in \`${name} --help\`. ${whereElse(name)}`,
    ...sections,
    '',
  ]
    .join('\n\n')
    .replace(/\n\n$/, '\n');
}

/** The pages that explain the options of a tool. */
function whereElse(name: ToolPage['name']): string {
  if (name === 'aerospike-backup-service') return '[Service](../guide/service.md) explains what it does.';
  return (
    `[${name}](../spec/${name}.md) has the rules\n` +
    'between options. [Configuration](../guide/configuration.md) describes how files set them: a key is the long name\n' +
    'of the option, unless its line says otherwise.'
  );
}

export function optionLine(spec: OptionSpec): string {
  const { name, short, argument, placeholder, aliases, default: fallback } = spec;
  const value = argument === 'none' ? '' : argument === 'optional' ? ' `[value]`' : ` \`${placeholder!}\``;
  const keys = fileKeys(spec).filter((key) => key !== name && aliases?.includes(key) !== true);
  const notes = [
    ...(fallback === undefined || argument === 'none' ? [] : [`Default: \`${fallback}\`.`]),
    ...(spec.accumulates === true && !spec.help.includes('repeated') ? ['Can be repeated.'] : []),
    ...(aliases === undefined ? [] : [`Also spelled ${aliases.map((alias) => `\`--${alias}\``).join(', ')}.`]),
    ...(spec.section === undefined || keys.length === 0
      ? []
      : [`Key in a file: ${keys.map((key) => `\`${key}\``).join(', ')}.`]),
    ...(spec.keyParts === undefined
      ? []
      : [`In a file also ${spec.keyParts.map((key) => `\`${key}\``).join(' and ')}, together.`]),
    ...(spec.env === undefined ? [] : [`Environment: \`${spec.env}\`.`]),
  ];
  const letter = short === undefined ? '' : `\`-${short}\`, `;
  return [`${letter}\`--${name}\`${value}: ${escaped(spec.help)}`, ...notes].join(' ');
}

export function bulletList(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** The words of a help text are not Markdown. */
function escaped(text: string): string {
  return text.replace(/(^|[\s(])([^\s`]*[*<>|][^\s`]*?)(?=[.,;:)]*(?:\s|$))/g, '$1`$2`');
}
