/** Errors as sentences: the message with a full stop, and the hint in the terms of the front end. */
import { errorMessage, ToolError } from '../core/errors.js';
import type { FrontEnd } from '../core/hint.js';
import { hintText, remedyText } from './hints.js';

/** Everything there is to say to the user about a thrown value. */
export function errorText(error: unknown, frontEnd: FrontEnd): string {
  const message = error instanceof ToolError ? error.messageFor(frontEnd) : errorMessage(error);
  const sentence = /[.!?][)"']?$/.test(message) ? message : `${message}.`;
  if (!(error instanceof ToolError) || error.hint === undefined) return sentence;
  const isInterrupted = error.hint === 'continue-backup' || error.hint === 'continue-catalog-backup';
  const remedy = isInterrupted ? remedyText(error.code) : undefined;
  const hint = hintText(error.hint, frontEnd, error.details);
  return [sentence, ...(remedy === undefined ? [] : [remedy]), hint].join(' ');
}
