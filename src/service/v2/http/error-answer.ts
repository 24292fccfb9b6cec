/** What is answered when a request below /v2 fails. */
import { explainError, isUnexpected, toLine } from '../../http/errors.js';
import { V2Error, toV2Error, type V2ErrorCode, type V2ErrorDetails } from '../errors.js';
import type { V2ErrorBody } from '../schema/error-body.js';

export interface V2ErrorAnswer {
  readonly status: number;
  readonly body: V2ErrorBody;
}

const CODES: Readonly<Record<number, V2ErrorCode>> = { 413: 'too-large', 500: 'internal' };

/** The text of an error that nobody expected is not shown, as it may hold anything. */
export function explainV2Error(error: unknown): V2ErrorAnswer {
  const known = toV2Error(error);
  if (known instanceof V2Error) {
    const { status, machineCode, message, facts } = known;
    return makeError(status, machineCode, message, facts);
  }
  const { status, text } = explainError(known);
  return makeError(status, CODES[status] ?? 'invalid-request', text.replace(/^invalid request: /, ''));
}

export function isUnexpectedInV2(error: unknown): boolean {
  return !(toV2Error(error) instanceof V2Error) && isUnexpected(error);
}

export function makeError(status: number, code: V2ErrorCode, message: string, details?: V2ErrorDetails): V2ErrorAnswer {
  return { status, body: { code, message: toLine(message), ...(details === undefined ? {} : { details }) } };
}
