/** What an object store, or the way to it, says when something fails, in words that tell what to do. */
import { errorMessage } from '../../core/errors.js';
import { StorageError } from '../errors.js';

/** An answer with an error, or no answer at all. The fields that the SDK's errors may have. */
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

export interface Circumstances {
  /** `read`, `write`, `list`, `delete`. */
  doing: string;
  /** `s3://…`. */
  path: string;
  /** Who was asked. */
  host: string;
  region: string;
  profile?: string | undefined;
}

const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/;
const BROKEN =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ESOCKETTIMEDOUT|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|TimeoutError|UND_ERR)/;
const CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|HOSTNAME_MISMATCH|EPROTO|ERR_SSL)/;
/** Codes of answers that may be others in a moment, whatever their status. */
const PASSING =
  /^(SlowDown|RequestTimeout|RequestTimeTooSkewed|InternalError|ServiceUnavailable|Throttling|ThrottlingException|TooManyRequests\w*|OperationAborted|IncompleteBody|BadDigest|XAmzContentSHA256Mismatch|BodyTruncated|ExpiredToken)$/;

export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = faultOf(error);
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The name of the trouble: S3's own, or the system's. */
export function nameOf(error: unknown): string {
  const fault = faultOf(error);
  const inner = Array.isArray(fault.errors) ? faultOf(fault.errors[0]) : undefined;
  for (const name of [fault.Code, fault.code, inner?.code, fault.name]) {
    if (typeof name === 'string' && name !== '' && name !== 'Error') return name;
  }
  return 'Unknown';
}

export function isTransient(error: unknown): boolean {
  const name = nameOf(error);
  const status = statusOf(error);
  if (PASSING.test(name)) return true;
  // An answer that is no S3 answer at all, as of a proxy that is starting, has no name of its own.
  if (status !== undefined) return status >= 500 || status === 429 || status === 408;
  return UNREACHABLE.test(name) || BROKEN.test(name) || /socket hang up|aborted/.test(errorMessage(error));
}

/** The store was not even reached. */
export function isUnreachable(error: unknown): boolean {
  return statusOf(error) === undefined && (UNREACHABLE.test(nameOf(error)) || BROKEN.test(nameOf(error)));
}

export function explainFault(error: unknown, { doing, path, host, region, profile }: Circumstances): StorageError {
  if (error instanceof StorageError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const bucket = /^s3:\/\/([^/]*)/.exec(path)?.[1] ?? '';
  const start = `Cannot ${doing} ${path}`;
  const say = (code: string, text: string): StorageError =>
    new StorageError(`S3_${code}`, `${start}: ${text}`, { cause: error });
  const right = wantedRegion(error);
  if (status === undefined) {
    if (/credential|^TokenProviderError$|could not load credentials/i.test(`${name} ${errorMessage(error)}`)) {
      return say('NO_CREDENTIALS', credentialsText(error, profile));
    }
    if (UNREACHABLE.test(name)) {
      const hint =
        name === 'ENOTFOUND'
          ? 'there is no such host; look at --s3-endpoint-override and --s3-region'
          : 'look at --s3-endpoint-override, and whether the service runs';
      return say('UNREACHABLE', `${host} cannot be reached (${name}): ${hint}`);
    }
    if (BROKEN.test(name)) {
      const hint = 'look at the network, at --s3-connect-timeout and at the proxy, if there is one';
      return say('UNREACHABLE', `the connection to ${host} broke or took too long (${name}): ${hint}`);
    }
    if (CERTIFICATE.test(name)) return say('TLS', `${host} cannot be trusted, or speaks no TLS (${name})`);
    return say('FAILED', `${sentence(error)} (${name})`);
  }
  if (right !== undefined && right !== region) {
    return say('REGION', `the bucket is in region ${right}, not in ${region}: give --s3-region ${right}`);
  }
  switch (name) {
    case 'SignatureDoesNotMatch':
      return say('WRONG_SECRET', 'the secret key does not belong to the access key: look at the credentials');
    case 'InvalidAccessKeyId':
    case 'InvalidToken':
    case 'ExpiredToken':
    case 'UnrecognizedClientException':
      return say('CREDENTIALS', `${host} does not know these credentials, or they are no longer valid (${name})`);
    case 'NoSuchBucket':
      return say('NO_BUCKET', `there is no bucket ${bucket}; create it first, or look at its name and region`);
    case 'InvalidBucketName':
      return say('NO_BUCKET', `${bucket} cannot be the name of a bucket`);
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return say('REGION', `the bucket is not in region ${region}: give its own with --s3-region`);
    case 'NoSuchKey':
      return say('NO_OBJECT', 'there is no such object, or no longer');
    case 'PreconditionFailed':
      return say('CHANGED', 'the object was replaced while it was being read; start again');
    case 'NoSuchUpload':
      return say('NO_UPLOAD', 'its upload is gone: somebody has completed or aborted it');
    case 'RequestTimeTooSkewed':
      return say('CLOCK', `the clock of this machine differs too much from that of ${host}; set it`);
    case 'InvalidObjectState':
      return say('ARCHIVED', 'the object is in an archive; restore it to a class that can be read first');
    case 'EntityTooLarge':
      return say('TOO_LARGE', 'a part or the object is larger than the service takes; give another --s3-min-part-size');
    case 'QuotaExceeded':
    case 'InsufficientStorage':
      return say('FULL', `there is no more room on ${host} (${name})`);
  }
  if (name === 'AccessDenied' || status === 403) {
    const text = `the credentials do not permit it (${name}); docs/guide/s3.md lists the permissions that are needed`;
    return say('DENIED', text);
  }
  if (status === 404) return say('NO_OBJECT', `there is no such bucket or object (${name})`);
  const id = faultOf(error).$metadata?.requestId;
  const request = id === undefined ? '' : `, request ${id}`;
  return say('FAILED', `${host} answered ${name} (status ${status}${request}): ${sentence(error)}`);
}

function credentialsText(error: unknown, profile: string | undefined): string {
  const why = sentence(error);
  const detail = /from any providers/i.test(why) ? '' : ` (${why})`;
  if (profile !== undefined) return `the profile ${profile} of --s3-profile gives no credentials${detail}`;
  return (
    `no credentials were found${detail}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ` +
    `or name a profile with --s3-profile`
  );
}

/** Where the bucket is, if the answer tells. */
function wantedRegion(error: unknown): string | undefined {
  const { Region, $response } = faultOf(error);
  const header = $response?.headers?.['x-amz-bucket-region'];
  const expected = /expecting '([a-z0-9-]+)'/.exec(errorMessage(error))?.[1];
  return [expected, typeof Region === 'string' ? Region : undefined, header].find((region) => region !== undefined);
}

function sentence(error: unknown): string {
  const text = errorMessage(error).split('\n')[0]!.trim();
  return text.replace(/\.+$/, '') || 'no reason given';
}

function faultOf(error: unknown): Fault {
  return typeof error === 'object' && error !== null ? error : {};
}
