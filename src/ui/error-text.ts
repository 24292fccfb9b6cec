/** Errors as sentences: the message with a full stop, and the hint in the terms of the front end. */
import { errorMessage, ToolError } from '../core/errors.js';
import { type FrontEnd, hintText } from './hints.js';

/** Everything there is to say to the user about a thrown value. */
export function errorText(error: unknown, frontEnd: FrontEnd): string {
  const message = errorMessage(error);
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return error instanceof ToolError && error.hint !== undefined
    ? `${sentence} ${hintText(error.hint, frontEnd)}`
    : sentence;
}
