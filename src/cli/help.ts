import type { CommandPage } from './command.js';
import { createProgram } from './program.js';

/** The text of `--help`. */
export function helpText(page: CommandPage): string {
  const program = createProgram(page, () => Promise.resolve());
  let text = '';
  program.configureOutput({ writeOut: (part) => (text += part) });
  program.outputHelp();
  return text;
}
