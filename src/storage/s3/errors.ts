/** Errors of S3, of services that speak its protocol, and of the network, as StorageErrors. */
import { errorMessage } from '../../core/errors.js';
import type { HintId } from '../../core/hint.js';
import { StorageError } from '../errors.js';
import { explainNetworkFault, isConnectionFault, isTransientFault } from '../object-store/network-errors.js';

/** The fields that the errors of the SDK may have. An error without a status is not an answer of the service. */
interface Fault {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  Code?: unknown;
  Region?: unknown;
  cause?: unknown;
  errors?: unknown;
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: { headers?: Record<string, string>; statusCode?: number };
}

export interface RequestContext {
  /** `read`, `write`, `list`, `delete`. */
  action: string;
  /** `s3://…`. */
  path: string;
  host: string;
  region: string;
  profile?: string | undefined;
}

interface Explanation {
  code: string;
  /** Without a capital and a full stop. */
  reason: string;
  hint?: HintId;
}

const NOT_IMPLEMENTED = 501;
/** Codes of answers that a retry may change, whatever their status. */
const TRANSIENT = new Set([
  'SlowDown',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'InternalError',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'OperationAborted',
  'ConditionalRequestConflict',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'BodyTruncated',
  'ExpiredToken',
]);

export function readStatus(error: unknown): number | undefined {
  const { $metadata, $response } = toFault(error);
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The code of an error: that of S3, or that of the system. */
export function readName(error: unknown): string {
  const fault = toFault(error);
  const inner = Array.isArray(fault.errors) ? toFault(fault.errors[0]) : undefined;
  for (const name of [fault.Code, fault.code, inner?.code, fault.name]) {
    if (typeof name === 'string' && name !== '' && name !== 'Error') return name;
  }
  return 'Unknown';
}

export function isTransient(error: unknown): boolean {
  const name = readName(error);
  const status = readStatus(error);
  if (TRANSIENT.has(name) || name.startsWith('TooManyRequests')) return true;
  // An answer that is not S3's, as of a proxy that is starting, has no code.
  if (status !== undefined) return (status >= 500 && status !== NOT_IMPLEMENTED) || status === 429 || status === 408;
  return isTransientFault(error, name);
}

/** The service was not reached. */
export function isUnreachable(error: unknown): boolean {
  return readStatus(error) === undefined && isConnectionFault(readName(error));
}

export function toStorageError(error: unknown, context: RequestContext): StorageError {
  if (error instanceof StorageError) return error;
  const isAnswer = readStatus(error) !== undefined;
  const { code, reason, hint } = isAnswer ? explainAnswer(error, context) : explainNetwork(error, context);
  const details = { path: context.path, host: context.host };
  const message = `Cannot ${context.action} ${context.path}: ${reason}`;
  return new StorageError(`S3_${code}`, message, { cause: error, details, hint });
}

function explainNetwork(error: unknown, { host, profile }: RequestContext): Explanation {
  const name = readName(error);
  if (/credential|^TokenProviderError$/i.test(`${name} ${errorMessage(error)}`)) {
    return { code: 'NO_CREDENTIALS', reason: describeMissingCredentials(error, profile), hint: 'set-s3-credentials' };
  }
  const { code, reason, look } = explainNetworkFault(error, name, host);
  if (look === undefined) return { code, reason };
  return { code, reason, hint: look === 'endpoint' ? 'check-s3-endpoint' : 'check-s3-network' };
}

function explainAnswer(error: unknown, { path, host, region }: RequestContext): Explanation {
  const name = readName(error);
  const status = readStatus(error) ?? 0;
  const bucket = /^s3:\/\/([^/]*)/.exec(path)?.[1] ?? '';
  const bucketRegion = findBucketRegion(error);
  if (bucketRegion !== undefined && bucketRegion !== region) {
    const reason = `the bucket is in region ${bucketRegion}, not in ${region}`;
    return { code: 'REGION', reason, hint: 'set-s3-region' };
  }
  switch (name) {
    case 'SignatureDoesNotMatch': {
      const reason = 'the secret key does not belong to the access key';
      return { code: 'WRONG_SECRET', reason, hint: 'set-s3-credentials' };
    }
    case 'InvalidAccessKeyId':
    case 'InvalidToken':
    case 'ExpiredToken':
    case 'UnrecognizedClientException': {
      const reason = `${host} does not know these credentials, or they have expired (${name})`;
      return { code: 'CREDENTIALS', reason, hint: 'set-s3-credentials' };
    }
    case 'NoSuchBucket':
      return {
        code: 'NO_BUCKET',
        reason: `there is no bucket ${bucket}; create it first, or check its name and region`,
      };
    case 'InvalidBucketName':
      return { code: 'NO_BUCKET', reason: `${bucket} cannot be the name of a bucket` };
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return { code: 'REGION', reason: `the bucket is not in region ${region}`, hint: 'set-s3-region' };
    case 'NoSuchKey':
      return { code: 'NO_OBJECT', reason: 'there is no such object, or no longer' };
    case 'PreconditionFailed':
      return { code: 'CHANGED', reason: 'the object was replaced while it was being read; start again' };
    case 'NoSuchUpload':
      return { code: 'NO_UPLOAD', reason: 'its upload is gone: somebody has completed or aborted it' };
    case 'RequestTimeTooSkewed':
      return { code: 'CLOCK', reason: `the clock of this machine differs too much from that of ${host}; set it` };
    case 'InvalidObjectState':
      return { code: 'ARCHIVED', reason: 'the object is archived and cannot be read', hint: 'restore-s3' };
    case 'EntityTooLarge': {
      const reason = 'a part or the object is larger than the service accepts';
      return { code: 'TOO_LARGE', reason, hint: 'change-s3-part-size' };
    }
    case 'QuotaExceeded':
    case 'InsufficientStorage':
      return { code: 'FULL', reason: `${host} has no space left (${name})` };
    case 'NotImplemented':
      return { code: 'UNSUPPORTED', reason: `${host} does not know this request (${name})` };
  }
  if (/object lock|WORM|legal hold|retention/i.test(errorMessage(error)) && status >= 400 && status < 500) {
    return { code: 'LOCKED', reason: 'object lock or a legal hold protects the object' };
  }
  if (name === 'AccessDenied' || status === 403) {
    return { code: 'DENIED', reason: `the credentials do not permit it (${name})`, hint: 'grant-s3-permissions' };
  }
  if (status === NOT_IMPLEMENTED) return { code: 'UNSUPPORTED', reason: `${host} does not know this request (501)` };
  if (status === 404) return { code: 'NO_OBJECT', reason: `there is no such bucket or object (${name})` };
  const id = toFault(error).$metadata?.requestId;
  const request = id === undefined ? '' : `, request ${id}`;
  return { code: 'FAILED', reason: `${host} answered ${name} (status ${status}${request}): ${firstLine(error)}` };
}

function describeMissingCredentials(error: unknown, profile: string | undefined): string {
  const why = firstLine(error);
  const detail = /from any providers/i.test(why) ? '' : ` (${why})`;
  if (profile === undefined) return `no credentials were found${detail}`;
  return `the profile ${profile} gives no credentials${detail}`;
}

/** The region of the bucket, if the answer names it. */
function findBucketRegion(error: unknown): string | undefined {
  const { Region, $response } = toFault(error);
  const header = $response?.headers?.['x-amz-bucket-region'];
  const expected = /expecting '([a-z0-9-]+)'/.exec(errorMessage(error))?.[1];
  return [expected, typeof Region === 'string' ? Region : undefined, header].find((region) => region !== undefined);
}

function firstLine(error: unknown): string {
  return errorMessage(error).split('\n')[0]!.trim() || 'no reason given';
}

function toFault(error: unknown): Fault {
  return typeof error === 'object' && error !== null ? error : {};
}
