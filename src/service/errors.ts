import { ToolError, type ToolErrorOptions } from '../core/errors.js';

/** What became of a request; the HTTP server maps each to a status. */
export type ServiceErrorCode =
  /** The request or the document is wrong, whatever the state of the service: 400. */
  | 'SERVICE_INVALID'
  /** 404 */
  | 'SERVICE_NOT_FOUND'
  /** It is there already, or something else needs it: 409. */
  | 'SERVICE_CONFLICT'
  /** 413 */
  | 'SERVICE_TOO_LARGE'
  /** 429 */
  | 'SERVICE_RATE'
  /** The configuration could not be stored; nothing was changed: 503. */
  | 'SERVICE_NOT_WRITABLE'
  /** 500 */
  | 'SERVICE_FAILED';

/** An error of the service, in the terms of its configuration. The message is one line. */
export class ServiceError extends ToolError {
  declare readonly code: ServiceErrorCode;
  /** Everything that is wrong with a document; empty = the message says it all. */
  readonly problems: readonly string[];

  constructor(
    code: ServiceErrorCode,
    message: string,
    { problems = [], ...options }: ToolErrorOptions & { problems?: readonly string[] } = {},
  ) {
    super(code, message, options);
    this.problems = problems;
  }
}
