import { ToolError } from '../core/errors.js';

/** The command line cannot be carried out as written. */
export class OptionError extends ToolError {
  /** True when the words themselves cannot be read (unknown option, stray word), so that a pointer to --help is due. */
  readonly usage: boolean;

  constructor(code: string, message: string, usage = false) {
    super(code, message);
    this.usage = usage;
  }
}

/** Text from the command line as it may stand in a message: quoted, on one line, of bearable length. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}

/** `a`, `a and b`, `a, b and c` */
export function joinList(items: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
