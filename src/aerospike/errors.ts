import { ToolError } from '../core/errors.js';
import { describeResultCode, isSecurityCode } from './protocol/result-code.js';

/** A node could not be reached, or the connection to it broke. `where` is host:port. NET_TLS: TLS is the reason. */
export class ConnectionError extends ToolError {
  readonly where: string;

  constructor(
    code: 'NET_CONNECT' | 'NET_CLOSED' | 'NET_TIMEOUT' | 'NET_TLS',
    where: string,
    message: string,
    cause?: unknown,
  ) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.where = where;
  }
}

/** A node sent bytes that the protocol does not allow or that this program does not know. Never ignored. */
export class ProtocolError extends ToolError {
  constructor(message: string) {
    super('NET_PROTOCOL', message);
  }
}

/** A node answered with a result code other than 0 (wire.md 11). */
export class ServerError extends ToolError {
  readonly resultCode: number;

  constructor(resultCode: number, doing: string) {
    super(`SERVER_${String(resultCode)}`, `${doing}: ${describeResultCode(resultCode)}`);
    this.resultCode = resultCode;
  }
}

/** An info command was refused: `ERROR:<code>:<text>` and its relatives (wire.md 2.1). */
export class InfoError extends ToolError {
  /** The server's code; 1 when it gave none. */
  readonly resultCode: number;

  constructor(resultCode: number, command: string, text: string) {
    const known = text === '' || isSecurityCode(resultCode);
    super('SERVER_INFO', `The server refused "${command}": ${known ? describeResultCode(resultCode) : text}.`);
    this.resultCode = resultCode;
  }
}

/** The cluster does not let this user in, or wants one. Trying again would only lock the account. */
export class LoginError extends ToolError {
  /** 0 where it was not the server that refused. */
  readonly resultCode: number;

  constructor(
    code: 'LOGIN_REFUSED' | 'LOGIN_REQUIRED' | 'LOGIN_UNSAFE' | 'LOGIN_ENDED',
    message: string,
    resultCode = 0,
  ) {
    super(code, message);
    this.resultCode = resultCode;
  }
}

/** The cluster as a whole cannot serve the request. */
export class ClusterError extends ToolError {
  constructor(
    code: 'CLUSTER_UNREACHABLE' | 'CLUSTER_VERSION' | 'CLUSTER_NAMESPACE' | 'CLUSTER_PARTITIONS',
    message: string,
    cause?: unknown,
  ) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}
