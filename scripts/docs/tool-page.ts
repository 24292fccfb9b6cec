import type { OptionSpec, OptionTable } from '../../src/config/schema/option-spec.js';

/** What pages about a tool are made of; every Tool is one. */
export interface ToolPage {
  readonly name: 'asbackup' | 'asrestore';
  readonly summary: string;
  readonly usage: string;
  readonly examples: readonly (readonly [string, string])[];
  readonly options: OptionTable;
}

/** The help of an option as far as it fits into one line of a menu. */
export function firstSentence({ help }: OptionSpec): string {
  return /^.+?(?=(?<!\be\.g)[.;:](?:\s|$))/.exec(help)?.[0] ?? help;
}
