import { backupServiceCommand } from './asb/commands/service.js';
import type { CliContext } from './context.js';
import { runCommand } from './run.js';

/** The program of the service: the words after its name to the exit code. */
export function main(argv: readonly string[], overrides: Partial<CliContext> = {}): Promise<number> {
  return runCommand(backupServiceCommand, argv, overrides);
}
