/** `asb`: what the drop-in commands have no place for, as commands of one program. */
import { suggestion } from '../../config/did-you-mean.js';
import { type CliContext, processContext } from '../context.js';
import { asbCommands } from './registry.js';

/** The words after the name of the program to the exit code. */
export async function main(argv: readonly string[], overrides: Partial<CliContext> = {}): Promise<number> {
  const context = { ...processContext(), ...overrides };
  const [word, ...rest] = argv;
  if (word === undefined || word === 'help' || word === '--help' || word === '-Z') {
    const wanted = asbCommands.find(({ name }) => name === rest[0]);
    if (word === 'help' && wanted !== undefined) return main([wanted.name, '--help'], overrides);
    (word === undefined ? context.stderr : context.stdout)(overview());
    return word === undefined ? 1 : 0;
  }
  if (word === '--version' || word === '-V') {
    context.stdout((await import('../version.js')).versionText('Aerospike Backup Catalog'));
    return 0;
  }
  const entry = asbCommands.find(({ name }) => name === word);
  if (entry === undefined) {
    const names = asbCommands.map(({ name }) => name);
    const what = word.startsWith('-') ? 'the command comes first' : `unknown command ${word}${suggestion(word, names)}`;
    context.stderr(`asb: ${what}\nTry asb --help for all commands.\n`);
    return 1;
  }
  return entry.run(rest, overrides);
}

function overview(): string {
  const width = Math.max(...asbCommands.map(({ name }) => name.length));
  return [
    'Usage: asb COMMAND [words] [options]',
    '',
    'Backups as objects of a catalog.',
    '',
    'Commands:',
    ...asbCommands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'asb COMMAND --help has the options of a command. Exit code 0: everything asked',
    'for was done. 1: something was not, and the last lines say what. More: man asb',
    '',
  ].join('\n');
}
