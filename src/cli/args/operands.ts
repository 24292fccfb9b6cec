/** The words of a command line that belong to no option. */
import { OptionError } from '../../config/option-error.js';
import type { CommandPage } from '../command.js';
import type { Token } from './tokenizer.js';

/**
 * Separates the operands of a command from the tokens of its options; a command without operands keeps all tokens, so
 * that a stray word is an error in its place. Throws OptionError if there are too few or too many.
 */
export function readOperands(
  tokens: readonly Token[],
  { name, usage, operands }: Pick<CommandPage, 'name' | 'usage' | 'operands'>,
): { operands: string[]; others: readonly Token[] } {
  if (operands === undefined) return { operands: [], others: tokens };
  // What is meant as a long option with one dash stays an error.
  const isOperand = (token: Token): boolean =>
    token.kind === 'trailing' || (token.kind === 'stray' && token.meant === undefined);
  const texts = tokens.flatMap((token) => (isOperand(token) && 'text' in token ? [token.text] : []));
  const reason =
    texts.length < operands.min
      ? `${operands.names[texts.length] ?? 'a word'} is missing`
      : texts.length > operands.max
        ? `unexpected word "${texts[operands.max]!}"`
        : undefined;
  if (reason !== undefined) throw new OptionError('OPTION_USAGE', `${reason}; usage: ${name} ${usage}`, true);
  return { operands: texts, others: tokens.filter((token) => !isOperand(token)) };
}
