/** The sample configuration file, made of the option tables. */
import { optionGroups } from '../../src/config/schema/option-groups.js';
import { fileKeys, type OptionSpec } from '../../src/config/schema/option-spec.js';
import type { ToolPage } from './tool-page.js';

const WIDTH = 118;
const RULE = `# ${'-'.repeat(WIDTH - 1)}`;

const HEAD = `# Configuration of asbackup and asrestore, and of other Aerospike tools that read the same file.
# Made of the option tables by "npm run docs".
#
# Copy it to /etc/aerospike/astools.conf or $HOME/.aerospike/astools.conf. Both are read, in this order, then the file
# of --config-file; --only-config-file reads one file instead of these, --no-config-file none. Where several set the
# same option, the later file overrides the earlier one, an included file the one that includes it, an environment
# variable (ASTOOLS_HOST and others, see the man page) all files, and the command line everything. A flag that a file
# switches on is switched off with =false, as in --remove-files=false.
#
# A line that begins with "#" and a letter or bracket, without a blank between them, is a setting that is switched off;
# remove the "#" to use it. Other lines that begin with "#" explain. The values shown are the defaults, where there are
# any. Text stands in quotes, numbers, true and false do not.
#
# Every text, number or flag outside [secret-agent] and [include] can be kept in the Aerospike secret agent instead:
# "secrets:RESOURCE:KEY".
`;

const INCLUDE = `${heading('Further files. Paths are relative to this file, or else to the working directory; a directory is read with all files below it, in the order of their names, without those that begin with a dot. Files that are named must exist. Three levels at most.')}
[include]
#file = "astools.local.conf"
#directory = "astools.d"
`;

export function sampleConfig(tools: readonly ToolPage[]): string {
  const [first] = tools;
  if (first === undefined) return HEAD;
  return [
    HEAD,
    heading('How to reach the cluster. With --instance X, [cluster_X] is used instead, and [cluster] not at all.'),
    `[cluster]\n${entries(first, 'cluster')}`,
    '# A second cluster, for --instance staging.\n#[cluster_staging]\n#host = "staging.example.com"\n',
    heading(
      'How to reach the secret agent. [secret-agent_X] is used with --instance X if there is one, else this section.',
    ),
    `[secret-agent]\n${entries(first, 'secret-agent')}`,
    ...tools.flatMap((tool) => [
      heading(`${tool.name}. [${tool.name}_X] is used with --instance X if there is one, else this section.`),
      `[${tool.name}]\n${entries(tool, 'tool')}`,
    ]),
    INCLUDE,
  ].join('\n');
}

function entries({ options }: ToolPage, section: OptionSpec['section']): string {
  const groups = optionGroups(options.filter((spec) => spec.section === section));
  const texts = groups.map(({ group, options: specs }) => {
    const title = groups.length > 1 ? `# ---- ${group} ----\n` : '';
    return `\n${title}${specs.map(entry).join('')}`;
  });
  return texts.join('');
}

function entry(spec: OptionSpec): string {
  const [key = spec.name, ...others] = fileKeys(spec);
  const parts = spec.keyParts ?? [];
  const shown = spec.example ?? spec.default ?? '';
  const notes = [
    spec.help,
    ...(others.length === 0 ? [] : [`Also called ${others.join(', ')}.`]),
    ...(parts.length === 0 ? [] : [`Or as two settings, which have an effect only together.`]),
  ];
  const partLines = parts.map((part, i) => `#${part} = ${shown.split(',')[i] ?? ''}\n`);
  return `${comment(notes.join(' '))}#${key} = ${tomlValue(spec, shown)}\n${partLines.join('')}`;
}

function tomlValue({ value }: OptionSpec, text: string): string {
  if (value.type === 'flag') return 'false';
  return value.type === 'integer' ? text : JSON.stringify(text);
}

function heading(text: string): string {
  return `${RULE}\n${comment(text)}${RULE}`;
}

function comment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`# ${word}`);
  }
  return `${lines.join('\n')}\n`;
}
