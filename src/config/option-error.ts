import type { FrontEnd } from '../core/hint.js';
import { ToolError } from '../core/errors.js';
import { type OptionText, renderText } from './option-text.js';

/**
 * An error whose sentence names options: `message` is that of the library, `messageFor('cli')` that of the command
 * line.
 */
export class SettingsError extends ToolError {
  private readonly text: OptionText;

  constructor(code: string, text: OptionText | string, options: { cause?: unknown } = {}) {
    const parts = typeof text === 'string' ? [text] : text;
    super(code, renderText(parts, 'api'), options);
    this.text = parts;
  }

  override messageFor(frontEnd: FrontEnd): string {
    return renderText(this.text, frontEnd);
  }
}

/** The settings cannot be carried out as they were given. */
export class OptionError extends SettingsError {
  /** True when the words themselves cannot be read (unknown option, stray word), so that a pointer to --help is due. */
  readonly usage: boolean;

  constructor(code: string, text: OptionText | string, usage = false) {
    super(code, text);
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
