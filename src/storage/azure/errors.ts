/** Errors of Azure Blob Storage and of the network, as StorageErrors. */
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

/** The fields that the errors of the SDK may have. An error without a status is not an answer of the service. */
interface Fault {
  name?: unknown;
  code?: unknown;
  statusCode?: unknown;
  details?: { errorCode?: unknown; AuthenticationErrorDetail?: unknown };
  response?: { headers?: { get(name: string): string | undefined } };
}

interface Explanation {
  code: string;
  /** Without a capital and a full stop. */
  reason: string;
  hint?: HintId;
}

const NOT_IMPLEMENTED = 501;
/** Codes of answers that a retry may change, whatever their status. */
const TRANSIENT = new Set(['ServerBusy', 'InternalError', 'OperationTimedOut', 'Md5Mismatch', 'Crc64Mismatch']);

export function readStatus(error: unknown): number | undefined {
  const { statusCode } = toFault(error);
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** The code of an error: that of the service, or that of the system. */
export function readName(error: unknown): string {
  const { details, response, code } = toFault(error);
  const header = response?.headers?.get('x-ms-error-code');
  for (const name of [details?.errorCode, header]) if (typeof name === 'string' && name !== '') return name;
  if (readStatus(error) !== undefined && typeof code === 'string') return code;
  return readSystemCode(error);
}

export function isTransient(error: unknown): boolean {
  const name = readName(error);
  const status = readStatus(error);
  // Not every service that speaks the protocol has the code for bytes that arrived changed.
  if (TRANSIENT.has(name) || (status === 400 && /md5/i.test(errorMessage(error)))) return true;
  if (status !== undefined) return (status >= 500 && status !== NOT_IMPLEMENTED) || status === 429 || status === 408;
  return isTransientFault(error, name);
}

export function isUnreachable(error: unknown): boolean {
  return readStatus(error) === undefined && isConnectionFault(readName(error));
}

export function toStorageError(error: unknown, { action, path, host }: RequestInfo & { host: string }): StorageError {
  if (error instanceof StorageError) return error;
  const { code, reason, hint } =
    readStatus(error) === undefined ? explainOther(error, host) : explain(error, path, host);
  const message = `Cannot ${action} ${path}: ${reason}`;
  return new StorageError(`AZBLOB_${code}`, message, { cause: error, details: { path, host }, hint });
}

function explainOther(error: unknown, host: string): Explanation {
  const { name } = toFault(error);
  if (typeof name === 'string' && /credential|authentication/i.test(name)) {
    return { code: 'CREDENTIALS', reason: describeCredentialFault(error), hint: 'set-azure-credentials' };
  }
  const { code, reason, look } = explainNetworkFault(error, readName(error), host);
  if (look === undefined) return { code, reason };
  return { code, reason, hint: look === 'endpoint' ? 'check-azure-endpoint' : 'check-network' };
}

/** `@azure/identity` lists every source that it has tried, one a line. */
function describeCredentialFault(error: unknown): string {
  const lines = errorMessage(error).split('\n');
  if (/CredentialUnavailable|ChainedTokenCredential|DefaultAzureCredential/i.test(lines[0]!)) {
    return 'no credentials were found';
  }
  return `Microsoft Entra ID refuses the credentials (${lines[0]!.trim().slice(0, 200)})`;
}

function explain(error: unknown, path: string, host: string): Explanation {
  const name = readName(error);
  const status = readStatus(error) ?? 0;
  const container = /^azblob:\/\/([^/]*)/.exec(path)?.[1] ?? '';
  switch (name) {
    case 'ContainerNotFound':
    case 'ContainerBeingDeleted':
    case 'ContainerDisabled':
      return { code: 'NO_BUCKET', reason: `there is no container ${container}; create it first, or check its name` };
    case 'InvalidResourceName':
    case 'InvalidUri':
    case 'OutOfRangeInput':
      return { code: 'NO_BUCKET', reason: `${container} cannot be the name of a container, or the key is not allowed` };
    case 'BlobNotFound':
    case 'ResourceNotFound':
      return { code: 'NO_OBJECT', reason: 'there is no such blob, or no longer' };
    case 'ConditionNotMet':
    case 'TargetConditionNotMet':
      return { code: 'CHANGED', reason: 'the blob was replaced while it was being read; start again' };
    case 'InvalidBlockList':
    case 'InvalidBlockId':
    case 'InvalidBlobOrBlock':
      return { code: 'NO_UPLOAD', reason: 'its blocks are gone: somebody has replaced or committed the blob' };
    case 'BlobArchived':
    case 'BlobBeingRehydrated':
      return { code: 'ARCHIVED', reason: 'the blob is archived and cannot be read', hint: 'rehydrate-azure' };
    case 'BlobImmutableDueToPolicy':
    case 'BlobImmutableDueToLegalHold':
    case 'LeaseIdMissing':
      return { code: 'LOCKED', reason: `a policy, a legal hold or a lease protects the blob (${name})` };
    case 'RequestBodyTooLarge':
    case 'BlockCountExceedsLimit':
      return { code: 'TOO_LARGE', reason: `the service accepts no block of this size, or no more (${name})` };
    case 'AccountIsDisabled':
      return { code: 'DENIED', reason: 'the storage account is disabled' };
    case 'AuthorizationFailure':
      // Behind a firewall of the account it is another thing than with a wrong key; only an answer with a text tells.
      if (!/not authorized to perform/i.test(errorMessage(error))) return explainAuthentication(error, host);
      return { code: 'DENIED', reason: `the credentials do not permit it (${name})`, hint: 'grant-azure-permissions' };
    case 'AuthorizationPermissionMismatch':
    case 'AuthorizationServiceMismatch':
    case 'AuthorizationResourceTypeMismatch':
    case 'InsufficientAccountPermissions':
    case 'PublicAccessNotPermitted':
      return { code: 'DENIED', reason: `the credentials do not permit it (${name})`, hint: 'grant-azure-permissions' };
    case 'NoAuthenticationInformation':
      return { code: 'NO_CREDENTIALS', reason: 'no credentials were found', hint: 'set-azure-credentials' };
    case 'KeyBasedAuthenticationNotPermitted':
      return { code: 'DENIED', reason: 'the account permits no account keys', hint: 'set-azure-credentials' };
    case 'InvalidAuthenticationInfo':
    case 'AuthenticationFailed':
      return explainAuthentication(error, host);
  }
  if (status === 401 || status === 403) {
    return { code: 'DENIED', reason: `the credentials do not permit it (${name})`, hint: 'grant-azure-permissions' };
  }
  if (status === NOT_IMPLEMENTED) return { code: 'UNSUPPORTED', reason: `${host} does not know this request (501)` };
  if (status === 404) return { code: 'NO_OBJECT', reason: `there is no such container or blob (${name})` };
  const line = errorMessage(error).split('\n')[0]!.trim() || 'no reason given';
  return { code: 'FAILED', reason: `${host} answered ${name} (status ${status}): ${line}` };
}

function explainAuthentication(error: unknown, host: string): Explanation {
  const { details } = toFault(error);
  const text = `${errorMessage(error)} ${typeof details?.AuthenticationErrorDetail === 'string' ? details.AuthenticationErrorDetail : ''}`;
  if (/date|clock|time skew|too old/i.test(text) && !/signature/i.test(text)) {
    return { code: 'CLOCK', reason: `the clock of this machine differs too much from that of ${host}; set it` };
  }
  const reason = `${host} refuses the account key or the SAS: it is wrong or has expired`;
  return { code: 'CREDENTIALS', reason, hint: 'set-azure-credentials' };
}

function toFault(error: unknown): Fault {
  return typeof error === 'object' && error !== null ? error : {};
}
