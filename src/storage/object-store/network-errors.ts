/** Errors of connections to object stores: those that are no answer of the store. */
import { errorMessage } from '../../core/errors.js';

const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/;
const DISCONNECTED =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ESOCKETTIMEDOUT|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|TimeoutError|UND_ERR)/;
const CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|HOSTNAME_MISMATCH|EPROTO|ERR_SSL)/;

/** A reason without a capital and a full stop, and what the user should look at. */
export interface NetworkExplanation {
  code: 'UNREACHABLE' | 'TLS' | 'FAILED';
  reason: string;
  look?: 'endpoint' | 'network';
}

/** The code of a system error, also of the first of several. */
export function readSystemCode(error: unknown): string {
  for (let at = error, depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    const { code, errors, cause, name } = at as { code?: unknown; errors?: unknown; cause?: unknown; name?: unknown };
    if (typeof code === 'string' && code !== '' && code !== 'REQUEST_SEND_ERROR') return code;
    if (name === 'TimeoutError') return name;
    at = Array.isArray(errors) && errors.length > 0 ? errors[0] : cause;
  }
  return 'Unknown';
}

/** The store was not reached, by the code of the error. */
export function isConnectionFault(code: string): boolean {
  return UNREACHABLE.test(code) || DISCONNECTED.test(code);
}

/** Whether another attempt may succeed, where there was no answer. */
export function isTransientFault(error: unknown, code: string): boolean {
  return isConnectionFault(code) || /socket hang up|aborted|premature close/i.test(errorMessage(error));
}

export function explainNetworkFault(error: unknown, code: string, host: string): NetworkExplanation {
  if (UNREACHABLE.test(code)) {
    const detail = code === 'ENOTFOUND' ? ': there is no such host' : '';
    return { code: 'UNREACHABLE', reason: `${host} cannot be reached (${code})${detail}`, look: 'endpoint' };
  }
  if (DISCONNECTED.test(code)) {
    const reason = `the connection to ${host} broke or took too long (${code})`;
    return { code: 'UNREACHABLE', reason, look: 'network' };
  }
  if (CERTIFICATE.test(code)) {
    return { code: 'TLS', reason: `${host} cannot be trusted, or does not speak TLS (${code})` };
  }
  const line = errorMessage(error).split('\n')[0]!.trim() || 'no reason given';
  return { code: 'FAILED', reason: code === 'Unknown' ? line : `${line} (${code})` };
}
