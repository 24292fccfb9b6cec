import type { HintId } from '../../core/hint.js';
import { ResultCode } from './constants.js';

const TEXT: Readonly<Record<number, string>> = {
  1: 'server error (code 1); for a list or map this usually means malformed contents',
  2: 'no such record (code 2)',
  3: 'the stored record has an equal or newer generation (code 3)',
  4: 'the server rejects the request as malformed (code 4)',
  5: 'the record exists already (code 5)',
  7: 'the cluster is re-forming (code 7)',
  8: 'the namespace is full (code 8); add memory or disk, or raise its stop-writes limits',
  9: 'the server timed out (code 9)',
  10: 'the configuration of the namespace never allows this (code 10)',
  11: 'the partition is not available now (code 11)',
  12: 'a bin holds another type than the operation needs (code 12)',
  13: 'the record is larger than max-record-size of the namespace (code 13)',
  14: 'too many writers wait for this key (code 14)',
  15: 'the scan was aborted on the server (code 15)',
  16: 'the server does not support this (code 16)',
  17: 'no such bin (code 17)',
  18: 'the device cannot keep up (code 18); slow down or try again',
  19: 'the stored user key differs (code 19)',
  20: 'the namespace does not exist on the server (code 20)',
  21: 'a bin name is longer than 15 bytes (code 21)',
  22: 'not allowed now (code 22); a TTL needs nsup-period, and a scan needs free query threads (query-threads-limit)',
  25: 'only the Enterprise edition can do this (code 25)',
  26: 'the operation does not apply to the value (code 26)',
  27: 'the filter expression left the record out (code 27)',
  51: 'this server has no security (code 51)',
  52: 'security is switched off (code 52)',
  53: 'the server does not know this form of security message (code 53)',
  54: 'the server does not know this security command (code 54)',
  55: 'the server does not understand a field of the security message (code 55)',
  56: 'the server cannot do this in the state it is in (code 56)',
  60: 'no such user (code 60)',
  61: 'the user exists already (code 61)',
  62: 'wrong password (code 62)',
  63: 'the password has expired (code 63); it must be replaced by a new one',
  64: 'the password may not be used again (code 64)',
  65: 'wrong user name or password (code 65)',
  66: 'the session has expired (code 66)',
  70: 'no such role (code 70)',
  71: 'the role exists already (code 71)',
  72: 'no such privilege (code 72)',
  73: 'the allow-list is not valid (code 73)',
  74: 'quotas are not enabled on the server (code 74)',
  75: 'the quota is not valid (code 75)',
  80: 'not logged in (code 80)',
  81: 'the user lacks the privilege (code 81); a role such as read, read-write, sindex-admin or udf-admin must be granted',
  82: 'this address is not in the allow-list of the user (code 82)',
  83: 'the quota of the user is used up (code 83); lower the speed or raise the quota',
  90: 'LDAP is not enabled on the server (code 90)',
  91: 'the server cannot set up its connection to LDAP (code 91)',
  92: 'the server cannot secure its connection to LDAP (code 92)',
  93: 'LDAP does not know the user (code 93)',
  94: 'LDAP refuses the password (code 94)',
  100: 'the UDF failed (code 100)',
  150: 'batch commands are switched off on the server (code 150)',
  151: 'the batch has more rows than batch-max-requests allows (code 151)',
  152: 'the batch queues of the server are full (code 152)',
  160: 'the GeoJSON is not valid (code 160)',
  200: 'an index of that name exists (code 200)',
  201: 'no such index (code 201)',
  202: 'no memory left for the index (code 202)',
  203: 'the index is still being built (code 203)',
};

/** What a result code means, as the end of a sentence without its full stop. */
export function describeResultCode(code: number): string {
  return TEXT[code] ?? `the server answered with code ${String(code)}`;
}

/** What the user can do about a result code, where it is a matter of options. */
export function resultCodeHint(code: number): HintId | undefined {
  switch (code) {
    case ResultCode.SECURITY_NOT_SUPPORTED:
    case ResultCode.SECURITY_NOT_ENABLED:
      return 'omit-credentials';
    case ResultCode.NOT_AUTHENTICATED:
      return 'set-credentials';
    case ResultCode.LDAP_NOT_ENABLED:
      return 'check-auth-mode';
    case ResultCode.BATCH_DISABLED:
      return 'disable-batch-writes';
    case ResultCode.BATCH_MAX_REQUESTS:
      return 'lower-batch-size';
    default:
      return undefined;
  }
}

/** Codes of the security system, whose texts on the wire say less than ours. */
export function isSecurityCode(code: number): boolean {
  return code > 50 && code < 100;
}

/** The session of the connection has expired; a new login may help (wire.md 3.4). */
export function isSessionLost(code: number): boolean {
  return code === ResultCode.EXPIRED_SESSION || code === ResultCode.NOT_AUTHENTICATED;
}

/** Codes after which a scan of the same partitions may work on another node or a moment later (wire.md 5.5). */
export function isScanRetryable(code: number): boolean {
  return (
    code === ResultCode.TIMEOUT ||
    code === ResultCode.PARTITION_UNAVAILABLE ||
    code === ResultCode.CLUSTER_KEY_MISMATCH ||
    code === ResultCode.INDEX_NOT_FOUND ||
    code === ResultCode.INDEX_NOT_READABLE ||
    isOverload(code)
  );
}

/**
 * Codes of a node that has no capacity for the command at this moment: all query threads are in use, the quota of the
 * user is exhausted, the device cannot keep up. They pass, but not at once.
 */
export function isOverload(code: number): boolean {
  return code === ResultCode.FORBIDDEN || code === ResultCode.QUOTA_EXCEEDED || code === ResultCode.DEVICE_OVERLOAD;
}
