import { SettingsError } from '../option-error.js';
import { type OptionMention, type OptionText, optionText } from '../option-text.js';

/**
 * A secret could not be had. Codes: SECRET_CONFIG (address, port or certificate file of the agent), SECRET_CONNECT,
 * SECRET_TIMEOUT, SECRET_PROTOCOL (what answers is not a secret agent), SECRET_REFUSED (the agent says why) and
 * SECRET_VALUE (the answer holds no usable secret). No sentence holds a part of a secret.
 */
export class SecretError extends SettingsError {
  /** The option whose value is not valid, if it is one. */
  readonly option: OptionMention | undefined;

  constructor(
    code: string,
    readonly sentence: OptionText,
    { option, ...options }: { cause?: unknown; option?: OptionMention } = {},
  ) {
    super(code, sentence, options);
    this.option = option;
  }

  /** The same error with the place where the option is set. */
  at(place: string): SecretError {
    const [first, ...rest] = this.sentence;
    const start =
      typeof first === 'string' ? [first.charAt(0).toLowerCase() + first.slice(1)] : this.sentence.slice(0, 1);
    return new SecretError(this.code, optionText`${place}: ${[...start, ...rest]}`, { cause: this.cause });
  }
}
