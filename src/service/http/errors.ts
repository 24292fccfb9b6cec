import { ToolError } from '../../core/errors.js';
import { errorText } from '../../ui/error-text.js';
import { ServiceError, type ServiceErrorCode } from '../errors.js';

/** What a client is told: a status and one line. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const STATUS: Readonly<Record<ServiceErrorCode, number>> = {
  SERVICE_INVALID: 400,
  SERVICE_NOT_FOUND: 404,
  SERVICE_CONFLICT: 409,
  SERVICE_TOO_LARGE: 413,
  SERVICE_RATE: 429,
  SERVICE_FAILED: 500,
  SERVICE_NOT_WRITABLE: 503,
};

/** In front of messages about a request that do not say so themselves. */
const PREFIX: Readonly<Partial<Record<ServiceErrorCode, string>>> = {
  SERVICE_INVALID: 'invalid request: ',
  SERVICE_NOT_WRITABLE: 'failed to write configuration: ',
};

/**
 * What to answer after an error. The text of an error that nobody expected is not shown, as it may hold anything.
 *
 * @param context in front of what is wrong with a request: `failed to update configuration: `
 */
export function explainError(error: unknown, context = ''): Answer {
  const frameworkAnswer = explainFrameworkError(error);
  if (frameworkAnswer !== undefined) return frameworkAnswer;
  if (error instanceof ServiceError) {
    const { code } = error;
    const message = errorText(error, 'rest').replace(/\.$/, '');
    const stated = /^(?:invalid |request body |failed to write )/.test(message);
    const prefix = stated ? '' : `${PREFIX[code] ?? ''}${code === 'SERVICE_INVALID' ? context : ''}`;
    return { status: STATUS[code], text: toLine(prefix + message) };
  }
  if (error instanceof ToolError) return { status: 500, text: toLine(errorText(error, 'rest').replace(/\.$/, '')) };
  return { status: 500, text: 'internal error (the log of the service says more)' };
}

/** True if the answer says nothing about the cause, so that the log must. */
export function isUnexpected(error: unknown): boolean {
  return !(error instanceof ToolError) && explainFrameworkError(error) === undefined;
}

/** Errors that the HTTP framework raises before a handler runs. */
function explainFrameworkError(error: unknown): Answer | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return { status: 413, text: 'request body too large' };
  if (error.code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return { status: 400, text: 'invalid request: the body does not have the stated length' };
  }
  if (error.code === 'FST_ERR_BAD_URL') return { status: 400, text: 'invalid request: the path is not a valid URL' };
  // The client has gone before its body had arrived.
  if (error.code === 'ECONNRESET') return { status: 400, text: 'invalid request: the body is incomplete' };
  return undefined;
}

/** Control characters, line breaks among them, as spaces. */
export function toLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ');
}
