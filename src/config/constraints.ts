/** Constraints that several tools have. Each returns the sentence to report, or undefined. */
import { type OptionMention, type OptionText, optionText } from './option-text.js';

/** Two options that cannot be given together. `option` makes mentions of a tool's options. */
export function exclusive<T extends string>(
  values: { has(name: T): boolean },
  option: (name: T) => OptionMention,
  a: T,
  b: T,
): OptionText | undefined {
  return values.has(a) && values.has(b) ? optionText`${option(a)} and ${option(b)} exclude each other` : undefined;
}

type KeyOption = 'encrypt' | 'encryption-key-file' | 'encryption-key-env';

/** An encryption mode and a key go together. */
export function keyWithoutMode(
  values: { has(name: KeyOption): boolean },
  option: (name: KeyOption) => OptionMention,
): OptionText | undefined {
  const key = values.has('encryption-key-file') || values.has('encryption-key-env');
  if (key === values.has('encrypt')) return undefined;
  return key
    ? optionText`There is an encryption key but no ${option('encrypt')}`
    : optionText`${option('encrypt')} needs a key: give ${option('encryption-key-file')} or ${option('encryption-key-env')}`;
}
