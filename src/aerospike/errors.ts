import { ToolError } from '../core/errors.js';
import type { HintId } from '../core/hint.js';
import { describeResultCode, isSecurityCode, resultCodeHint } from './protocol/result-code.js';

interface ErrorOptions {
  cause?: unknown;
  hint?: HintId | undefined;
}

/** A node could not be reached, or the connection to it broke. `where` is host:port. NET_TLS: TLS is the reason. */
export class ConnectionError extends ToolError {
  readonly where: string;

  constructor(
    code: 'NET_CONNECT' | 'NET_CLOSED' | 'NET_TIMEOUT' | 'NET_TLS',
    where: string,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(code, message, { ...options, details: { address: where } });
    this.where = where;
  }
}

/** A node sent bytes that the protocol does not allow or that this program does not know. Never ignored. */
export class ProtocolError extends ToolError {
  constructor(message: string, hint?: HintId) {
    super('NET_PROTOCOL', message, { hint });
  }
}

/** A node answered with a result code other than 0 (wire.md 11). */
export class ServerError extends ToolError {
  readonly resultCode: number;

  /** `operation`: the beginning of the sentence, such as "The scan failed". */
  constructor(resultCode: number, operation: string) {
    super(`SERVER_${String(resultCode)}`, `${operation}: ${describeResultCode(resultCode)}`, {
      details: { resultCode },
      hint: resultCodeHint(resultCode),
    });
    this.resultCode = resultCode;
  }
}

/** An info command was refused: `ERROR:<code>:<text>` and its relatives (wire.md 2.1). */
export class InfoError extends ToolError {
  /** The server's code; 1 when it gave none. */
  readonly resultCode: number;

  constructor(resultCode: number, command: string, text: string) {
    const reason = text === '' || isSecurityCode(resultCode) ? describeResultCode(resultCode) : text;
    super('SERVER_INFO', `The server refused "${command}": ${reason}`, {
      details: { command, resultCode },
      hint: resultCodeHint(resultCode),
    });
    this.resultCode = resultCode;
  }
}

/** The cluster refuses the login, or requires one. Another attempt would only lock the account. */
export class LoginError extends ToolError {
  /** 0 where it was not the server that refused. */
  readonly resultCode: number;

  constructor(
    code: 'LOGIN_REFUSED' | 'LOGIN_REQUIRED' | 'LOGIN_UNSAFE' | 'LOGIN_ENDED',
    message: string,
    { resultCode = 0, hint }: { resultCode?: number; hint?: HintId | undefined } = {},
  ) {
    super(code, message, { details: { resultCode }, hint });
    this.resultCode = resultCode;
  }
}

/** The cluster as a whole cannot serve the request. */
export class ClusterError extends ToolError {
  constructor(
    code: 'CLUSTER_UNREACHABLE' | 'CLUSTER_VERSION' | 'CLUSTER_NAMESPACE' | 'CLUSTER_PARTITIONS',
    message: string,
    options: ErrorOptions = {},
  ) {
    super(code, message, options);
  }
}
