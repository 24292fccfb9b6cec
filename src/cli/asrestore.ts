import { restoreCommand } from './commands/restore.js';
import type { CliOverrides } from './context.js';
import { runCommand } from './run.js';

type Config = Parameters<typeof restoreCommand.run>[0];

/** The asrestore command: the words after its name to the exit code. */
export function main(argv: readonly string[], overrides: CliOverrides<Config> = {}): Promise<number> {
  return runCommand(restoreCommand, argv, overrides);
}
