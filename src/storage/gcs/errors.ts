/** Errors of Google Cloud Storage, of its tokens and of the network, as StorageErrors. */
import { errorMessage } from '../../core/errors.js';
import type { HintId } from '../../core/hint.js';
import { StorageError } from '../errors.js';
import type { RequestInfo } from '../object-store/definition.js';
import {
  explainNetworkFault,
  isConnectionFault,
  isTransientFault,
  readSystemCode,
} from '../object-store/network-errors.js';
import { readText } from './xml.js';

const NOT_IMPLEMENTED = 501;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 412;

/** Of a token that was refused before a new one is tried. */
export const TOKEN_EXPIRED = 'tokenExpired';

/** An answer that is an error. */
export class GcsFault extends Error {
  constructor(
    readonly status: number,
    /** As `NoSuchKey` (XML) or `notFound` (JSON). */
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }

  /** @param body JSON or XML; anything else as from a proxy */
  static parse(status: number, body: string): GcsFault {
    if (body.includes('<Error>')) {
      const details = readText(body, 'Details');
      const message = [readText(body, 'Message') ?? '', details ?? ''].filter((text) => text !== '').join(' ');
      return new GcsFault(status, readText(body, 'Code') ?? 'Unknown', message);
    }
    try {
      const { error } = JSON.parse(body) as {
        error?: { message?: string; errors?: readonly { reason?: string }[] };
      };
      if (error !== undefined) {
        return new GcsFault(status, error.errors?.[0]?.reason ?? `status ${status}`, error.message ?? '');
      }
    } catch {
      // Reported as it is below.
    }
    return new GcsFault(status, `status ${status}`, body.slice(0, 200));
  }
}

interface Explanation {
  code: string;
  /** Without a capital and a full stop. */
  reason: string;
  hint?: HintId;
}

export function readName(error: unknown): string {
  return error instanceof GcsFault ? error.reason : readSystemCode(error);
}

export function isMissingObject(error: unknown): boolean {
  return error instanceof GcsFault && error.status === NOT_FOUND && !isMissingBucket(error);
}

export function isMissingUpload(error: unknown): boolean {
  return error instanceof GcsFault && error.reason === 'NoSuchUpload';
}

export function isRefusedCondition(error: unknown): boolean {
  return error instanceof GcsFault && error.status === PRECONDITION_FAILED;
}

export function isTransient(error: unknown): boolean {
  if (error instanceof StorageError) return false;
  if (!(error instanceof GcsFault)) return isTransientFault(error, readName(error));
  const { status, reason } = error;
  if (reason === 'BadDigest' || reason === 'IncompleteBody' || reason === TOKEN_EXPIRED) return true;
  return (status >= 500 && status !== NOT_IMPLEMENTED) || status === 429 || status === 408;
}

export function isUnreachable(error: unknown): boolean {
  return !(error instanceof GcsFault) && isConnectionFault(readName(error));
}

/** The status of an answer of the token service; undefined = there was none. */
function readTokenStatus(error: unknown): number | undefined {
  const { status, response } = error as { status?: unknown; response?: { status?: unknown } };
  return [status, response?.status].find((value) => typeof value === 'number');
}

/** Why there is no token. A network error stays as it is: it may pass. */
export function toTokenError(error: unknown): unknown {
  const text = errorMessage(error).split('\n')[0]!.trim();
  const code = readSystemCode(error);
  if (isConnectionFault(code)) return error;
  const status = readTokenStatus(error);
  if (status !== undefined && (status >= 500 || status === 429 || status === 408))
    return new GcsFault(status, 'tokenUnavailable', text);
  if (/default credentials/i.test(text)) {
    const message = 'No credentials of Google were found';
    return new StorageError('GS_NO_CREDENTIALS', message, { cause: error, hint: 'set-gcs-credentials' });
  }
  if (/short-lived|reasonable timeframe|\biat\b|clock/i.test(text)) {
    const message = 'Google refuses the credentials: the clock of this machine is wrong; set it';
    return new StorageError('GS_CLOCK', message, { cause: error });
  }
  const message = `Google refuses the credentials (${text.slice(0, 200)})`;
  return new StorageError('GS_CREDENTIALS', message, { cause: error, hint: 'set-gcs-credentials' });
}

export function toStorageError(error: unknown, { action, path, host }: RequestInfo & { host: string }): StorageError {
  if (error instanceof StorageError) return error;
  const { code, reason, hint } = error instanceof GcsFault ? explain(error, path, host) : explainOther(error, host);
  const message = `Cannot ${action} ${path}: ${reason}`;
  return new StorageError(`GS_${code}`, message, { cause: error, details: { path, host }, hint });
}

function explainOther(error: unknown, host: string): Explanation {
  const { code, reason, look } = explainNetworkFault(error, readName(error), host);
  if (look === undefined) return { code, reason };
  return { code, reason, hint: look === 'endpoint' ? 'check-gcs-endpoint' : 'check-network' };
}

function isMissingBucket({ reason, message }: GcsFault): boolean {
  return reason === 'NoSuchBucket' || /bucket does not exist/i.test(message);
}

function explain(fault: GcsFault, path: string, host: string): Explanation {
  const { status, reason, message } = fault;
  const bucket = /^gs:\/\/([^/]*)/.exec(path)?.[1] ?? '';
  if (isMissingBucket(fault)) {
    return { code: 'NO_BUCKET', reason: `there is no bucket ${bucket}; create it first, or check its name` };
  }
  if (reason === 'NoSuchUpload') {
    return { code: 'NO_UPLOAD', reason: 'its upload is gone: somebody has completed or aborted it' };
  }
  if (reason === 'InvalidBucketName') {
    return { code: 'NO_BUCKET', reason: `${bucket} cannot be the name of a bucket` };
  }
  if (reason === 'UserProjectMissing' || reason === 'userProjectMissing') {
    return { code: 'DENIED', reason: 'the bucket makes the requester pay, which is not supported' };
  }
  if (
    /retention|RetentionPolicyNotMet|ObjectUnderActiveHold|hold/i.test(`${reason} ${message}`) &&
    status === FORBIDDEN
  ) {
    return { code: 'LOCKED', reason: 'a retention policy or a hold protects the object' };
  }
  if (status === UNAUTHORIZED) {
    const text = `${host} does not know these credentials, or they have expired (${reason})`;
    return { code: 'CREDENTIALS', reason: text, hint: 'set-gcs-credentials' };
  }
  if (status === FORBIDDEN) {
    const text = `the credentials do not permit it (${reason})`;
    return { code: 'DENIED', reason: text, hint: 'grant-gcs-permissions' };
  }
  if (status === NOT_FOUND) return { code: 'NO_OBJECT', reason: 'there is no such object, or no longer' };
  if (status === PRECONDITION_FAILED) {
    return { code: 'CHANGED', reason: 'the object was replaced while it was being read; start again' };
  }
  if (status === NOT_IMPLEMENTED) return { code: 'UNSUPPORTED', reason: `${host} does not know this request (501)` };
  const line = message.split('\n')[0]!.trim() || 'no reason given';
  return { code: 'FAILED', reason: `${host} answered ${reason} (status ${status}): ${line}` };
}
