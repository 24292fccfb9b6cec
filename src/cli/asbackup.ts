import { backupCommand } from './commands/backup.js';
import type { CliOverrides } from './context.js';
import { runCommand } from './run.js';

type Config = Parameters<typeof backupCommand.run>[0];

/** The asbackup command: the words after its name to the exit code. */
export function main(argv: readonly string[], overrides: CliOverrides<Config> = {}): Promise<number> {
  return runCommand(backupCommand, argv, overrides);
}
