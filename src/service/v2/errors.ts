/** The errors of /v2: a machine code each, with the status that it is answered with. */
import { errorMessage, ToolError, type ToolErrorOptions } from '../../core/errors.js';
import { ServiceError, type ServiceErrorCode } from '../errors.js';

const STATUS = {
  /** A request that is wrong in itself, in no way that has a code of its own. */
  'invalid-request': 400,
  'invalid-id': 400,
  'include-exclude': 400,
  /** A name of include or exclude that the cluster does not have. */
  'unknown-selection': 400,
  /** The ids of the routine are generated. */
  'id-not-allowed': 400,
  /** The routine wants an id with each request. */
  'id-required': 400,
  /** Two routines have a run of this name. */
  'ambiguous-id': 400,
  'feature-disabled': 400,
  /** A storage in the body; one in the path is answered with 404. */
  'no-storage': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'not-in-backup': 404,
  'method-not-allowed': 405,
  'id-taken': 409,
  'id-not-monotonic': 409,
  busy: 409,
  deleted: 409,
  held: 409,
  /** The backup is not held. */
  'not-held': 409,
  'target-not-empty': 409,
  'target-busy': 409,
  'not-restorable': 409,
  /** No chain of backups reaches the time; the details have the nearest ones that do. */
  'no-restore-point': 409,
  'has-dependents': 409,
  /** Of a job: a backup is not what its documents say, or cannot be restored. */
  damaged: 409,
  /** It has no chain, no key or another reason that it has to itself. */
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'too-many-requests': 429,
  internal: 500,
  /** The cluster or storage has answered badly. */
  upstream: 502,
  'not-writable': 503,
  stopping: 503,
  timeout: 504,
} as const;

export type V2ErrorCode = keyof typeof STATUS;
export const V2_ERROR_CODES = Object.keys(STATUS) as V2ErrorCode[];

export type V2ErrorDetails = Readonly<Record<string, unknown>>;

/** An error of /v2. The message is one line. */
export class V2Error extends ToolError {
  readonly status: number;
  /** What the answer has beside code and message: ids, counts, points in time. */
  readonly facts: V2ErrorDetails | undefined;

  constructor(
    readonly machineCode: V2ErrorCode,
    message: string,
    { facts, status, ...options }: Omit<ToolErrorOptions, 'details'> & { facts?: V2ErrorDetails; status?: number } = {},
  ) {
    super('SERVICE_V2', message, options);
    this.status = status ?? STATUS[machineCode];
    this.facts = facts;
  }
}

const FROM_SERVICE: Readonly<Record<ServiceErrorCode, V2ErrorCode>> = {
  SERVICE_INVALID: 'invalid-request',
  SERVICE_NOT_FOUND: 'not-found',
  SERVICE_CONFLICT: 'conflict',
  SERVICE_TOO_LARGE: 'too-large',
  SERVICE_RATE: 'too-many-requests',
  SERVICE_NOT_WRITABLE: 'not-writable',
  SERVICE_FAILED: 'internal',
};

const FROM_CATALOG: Readonly<Record<string, V2ErrorCode>> = {
  CATALOG_NOT_FOUND: 'not-found',
  CATALOG_DELETED: 'deleted',
  CATALOG_HELD: 'held',
  CATALOG_IN_USE: 'busy',
  CATALOG_BASE: 'has-dependents',
  CATALOG_EXISTS: 'id-taken',
  CATALOG_NAMESPACE: 'unknown-selection',
  CATALOG_SELECTION: 'unknown-selection',
  CATALOG_NOT_EMPTY: 'target-not-empty',
  CATALOG_CHAIN: 'no-restore-point',
  CATALOG_INCOMPLETE: 'not-restorable',
  CATALOG_STATE: 'conflict',
  CATALOG_PARENT: 'conflict',
  CATALOG_CHANGED: 'conflict',
  CATALOG_COPY: 'conflict',
  CATALOG_KEY: 'conflict',
  CATALOG_UNREADABLE: 'conflict',
  LOCK_HELD: 'busy',
  OPTION: 'invalid-request',
};

/** A cluster of which no node has answered in time says so by the cause. */
function isTimeout(error: Error): boolean {
  if (error instanceof ToolError && error.code.includes('TIMEOUT')) return true;
  return error.cause instanceof Error && isTimeout(error.cause);
}

/** Anything that an operation rejects with as an error of /v2. What nobody expected stays as it is. */
export function toV2Error(error: unknown): unknown {
  if (error instanceof V2Error || !(error instanceof ToolError)) return error;
  if (error instanceof ServiceError) {
    return new V2Error(FROM_SERVICE[error.code], error.message, {
      cause: error,
      ...(error.problems.length === 0 ? {} : { facts: { problems: error.problems } }),
    });
  }
  const known = FROM_CATALOG[error.code];
  const message = errorMessage(error).replace(/\s*\n\s*/g, ' ');
  if (known !== undefined) return new V2Error(known, message, { cause: error });
  if (isTimeout(error)) return new V2Error('timeout', message, { cause: error });
  // What is left comes from a cluster or a storage.
  return new V2Error('upstream', message, { cause: error });
}
