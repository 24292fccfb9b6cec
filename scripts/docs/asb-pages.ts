/** The pages of `asb`: its commands, the options of each, and once those that all have. */
import type { CommandPage } from '../../src/cli/command.js';
import { optionGroups } from '../../src/config/schema/option-groups.js';
import type { OptionSpec } from '../../src/config/schema/option-spec.js';
import { escaped, optionEntry, packageVersion, prose, sentences, styled } from './man-page.js';
import { bulletList, optionLine } from './option-page.js';

const DESCRIPTION = [
  '*asb* treats backups as objects of a catalog: a directory or *s3://*_BUCKET/PREFIX_ (_ROOT_) has one folder for each backup (_BACKUP_). What a backup is, *manifest.json* in its folder tells, which *asbackup --manifest* writes. Directories of *asbackup* without a manifest are listed, too; they do not tell whether they are complete.',
  'What a command was asked for goes to standard output, with *--json* as JSON for programs. The log goes to standard error.',
];

const EXIT_STATUS = [
  ['*0*', 'Everything asked for was done.'],
  ['*1*', 'Something was not done, or something is wrong with a backup. The last lines say what.'],
] as const;

const REMOTE =
  'With *--service* the commands ask a backup service, which has access to clusters and storages: whoever types them needs none. STORAGE is the name of a storage in the configuration of the service, and STORAGE/ID a backup in it.';

/** The man page of all commands; `remote` are those that ask a service. */
export function asbManPage(pages: readonly CommandPage[], remote: readonly CommandPage[]): string {
  const shared = sharedOptions(pages);
  const sharedRemote = sharedOptions(remote);
  return [
    `.\\" Made of the option tables by "npm run docs".`,
    `.TH ASB 1 "" "asb ${packageVersion()}" "User Commands"`,
    '.nh',
    '.ad l',
    '.SH NAME',
    'asb \\- list, check and use Aerospike backups',
    '.SH SYNOPSIS',
    ...pages.flatMap(({ name, usage }, i) => [...(i === 0 ? [] : ['.br']), `.B ${name}`, styled(usage)]),
    ...prose('DESCRIPTION', DESCRIPTION),
    ...pages.flatMap((page) => commandSection(page, shared)),
    '.SH OPTIONS OF ALL COMMANDS BUT THE SERVICE',
    ...groupShared(shared).flatMap(({ group, options }) => [`.SS ${group}`, ...options.flatMap(optionEntry)]),
    ...prose('COMMANDS THAT ASK A BACKUP SERVICE', [REMOTE]),
    ...remote.flatMap(({ name, usage }, i) => [...(i === 0 ? ['.PP'] : ['.br']), `.B ${name}`, styled(usage)]),
    ...remote.flatMap((page) => commandSection(page, sharedRemote)),
    '.SH OPTIONS OF ALL COMMANDS THAT ASK A BACKUP SERVICE',
    ...groupShared(sharedRemote).flatMap(({ group, options }) => [`.SS ${group}`, ...options.flatMap(optionEntry)]),
    ...prose('EXIT STATUS', EXIT_STATUS),
    '.SH SEE ALSO',
    '.BR asbackup (1) ,',
    '.BR asrestore (1) ,',
    '.BR aerospike-backup-service (1)',
    '',
  ].join('\n');
}

function commandSection(page: CommandPage, shared: readonly OptionSpec[]): string[] {
  return [
    `.SH ${page.name.toUpperCase()}`,
    ...sentences(page.summary),
    ...ownOptions(page, shared).flatMap(optionEntry),
    ...page.examples.flatMap(([what, line]) => [
      '.PP',
      escaped(what),
      '.PP',
      '.RS 4',
      '.nf',
      escaped(line),
      '.fi',
      '.RE',
    ]),
  ];
}

/** The page of docs/reference. */
export function asbOptionPage(pages: readonly CommandPage[], remote: readonly CommandPage[]): string {
  const shared = sharedOptions(pages);
  const sharedRemote = sharedOptions(remote);
  return [
    '# Commands and options of asb',
    '<!-- Made of the option tables (src/config/schema/catalog) by "npm run docs": do not edit. -->',
    'The same texts are in `man asb`, and for each command in `asb COMMAND --help`.',
    ...pages.map((page) => commandText(page, shared)),
    '## Options of all commands but the service',
    ...groupShared(shared).map(({ group, options }) => `### ${group}\n\n${bulletList(options.map(optionLine))}`),
    '## Commands that ask a backup service',
    REMOTE.replaceAll('*--service*', '`--service`'),
    ...remote.map((page) => commandText(page, sharedRemote).replace(/^##/, '###')),
    '## Options of all commands that ask a backup service',
    bulletList(sharedRemote.map(optionLine)),
    '',
  ]
    .join('\n\n')
    .replace(/\n\n$/, '\n');
}

function commandText(page: CommandPage, shared: readonly OptionSpec[]): string {
  const own = ownOptions(page, shared);
  const parts = [`## ${page.name}`, `\`${page.name} ${page.usage}\``, page.summary];
  if (own.length > 0) parts.push(bulletList(own.map(optionLine)));
  return parts.join('\n\n');
}

/** Options that every command has in the same form; the service is a program of its own. */
function sharedOptions(pages: readonly CommandPage[]): readonly OptionSpec[] {
  const [first, ...others] = pages.filter(({ name }) => name !== 'asb service');
  if (first === undefined) return [];
  return first.options.filter((spec) => others.every(({ options }) => options.includes(spec)));
}

function ownOptions({ options }: CommandPage, shared: readonly OptionSpec[]): readonly OptionSpec[] {
  return options.filter((spec) => !shared.includes(spec) && spec.removed === undefined);
}

function groupShared(shared: readonly OptionSpec[]): ReturnType<typeof optionGroups> {
  return optionGroups(shared);
}
