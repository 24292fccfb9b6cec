import { ToolError } from '../../core/errors.js';

/**
 * SERVICE_UNREACHABLE: there is no answer. SERVICE_ANSWER: what answers is not the service. SERVICE_REFUSED: the
 * service has answered with an error; `details` has its machine code and status. SERVICE_WORK: what it was asked for
 * has failed.
 */
export class ServiceClientError extends ToolError {
  declare readonly code: `SERVICE_${'UNREACHABLE' | 'ANSWER' | 'REFUSED' | 'WORK'}`;
}
