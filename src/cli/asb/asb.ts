/** `asb`: what the drop-in commands have no place for, as commands of one program. */
import { suggestion } from '../../config/did-you-mean.js';
import { type CliContext, processContext } from '../context.js';
import { asbCommands, type CommandEntry } from './registry.js';
import { remoteCommands } from './remote/registry.js';

const SERVICE = '--service';

/** The words after the name of the program to the exit code. */
export async function main(argv: readonly string[], overrides: Partial<CliContext> = {}): Promise<number> {
  const context = { ...processContext(), ...overrides };
  const { words, commands } = splitService(argv);
  const [word, ...rest] = words;
  if (word === undefined || word === 'help' || word === '--help' || word === '-Z') {
    const wanted = commands.find(({ name }) => name === rest[0]);
    if (word === 'help' && wanted !== undefined) return wanted.run(['--help'], overrides);
    (word === undefined ? context.stderr : context.stdout)(overview(commands));
    return word === undefined ? 1 : 0;
  }
  if (word === '--version' || word === '-V') {
    context.stdout((await import('../version.js')).versionText('Aerospike Backup Catalog'));
    return 0;
  }
  const entry = commands.find(({ name }) => name === word);
  if (entry === undefined) {
    const names = commands.map(({ name }) => name);
    const what = word.startsWith('-') ? 'the command comes first' : `unknown command ${word}${suggestion(word, names)}`;
    context.stderr(`asb: ${what}\nTry asb --help for all commands.\n`);
    return 1;
  }
  return entry.run(rest, overrides);
}

/**
 * With `--service` the commands are those of a service. It may stand before the command, too, as it belongs to all of
 * them; the command gets it among its options.
 */
function splitService(argv: readonly string[]): { words: readonly string[]; commands: readonly CommandEntry[] } {
  if (!argv.some((word) => word === SERVICE || word.startsWith(`${SERVICE}=`))) {
    return { words: argv, commands: asbCommands };
  }
  const length = argv[0] === SERVICE ? 2 : argv[0]!.startsWith(`${SERVICE}=`) ? 1 : 0;
  const [command, ...rest] = argv.slice(length);
  const words = command === undefined ? [] : [command, ...argv.slice(0, length), ...rest];
  return { words, commands: remoteCommands };
}

function overview(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const isRemote = commands === remoteCommands;
  return [
    `Usage: asb ${isRemote ? '--service URL ' : ''}COMMAND [words] [options]`,
    '',
    isRemote ? 'Backups of a backup service.' : 'Backups as objects of a catalog.',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'asb COMMAND --help has the options of a command. Exit code 0: everything asked',
    'for was done. 1: something was not, and the last lines say what. More: man asb',
    ...(isRemote ? [] : ['asb --service URL --help has the commands that ask a backup service.']),
    '',
  ].join('\n');
}
