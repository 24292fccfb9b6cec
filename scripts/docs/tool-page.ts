import type { CommandPage } from '../../src/cli/command.js';
import type { OptionSpec } from '../../src/config/schema/option-spec.js';

/** What pages about a tool are made of. */
export type ToolPage = CommandPage;

/** The help of an option as far as it fits into one line of a menu. */
export function firstSentence({ help }: OptionSpec): string {
  return /^.+?(?=(?<!\be\.g)[.;:](?:\s|$))/.exec(help)?.[0] ?? help;
}
