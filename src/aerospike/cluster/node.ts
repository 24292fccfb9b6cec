/** One node of the cluster: where it is, and idle connections to it. */
import type { Connection } from '../connection/connection.js';
import type { Connector } from '../connection/connector.js';
import { InfoError } from '../errors.js';
import type { Seed } from '../config.js';
import { SessionEnded, withReauth } from '../connection/reauth.js';
import { formatEndpoint } from '../endpoint.js';
import type { InfoCommand } from '../protocol/info-command.js';
import { requestInfo } from '../protocol/info.js';

export class ClusterNode {
  private readonly idle: Connection[] = [];
  private closed = false;

  constructor(
    readonly name: string,
    /** Where it was reached. */
    readonly address: Seed,
    readonly build: string,
    private readonly connector: Connector,
    private readonly infoTimeoutMs: number,
  ) {}

  get host(): string {
    return this.address.host;
  }

  get port(): number {
    return this.address.port;
  }

  get endpoint(): string {
    return formatEndpoint(this.host, this.port);
  }

  /** An idle connection or a new one. To be returned with `release`, which drops failed ones. */
  async acquire(): Promise<Connection> {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (!connection.usable) continue;
      if (this.connector.isSessionValid(connection)) {
        connection.ref();
        return connection;
      }
      connection.close();
    }
    return this.connector.open(this.address);
  }

  release(connection: Connection): void {
    if (!connection.usable) return;
    if (this.closed) {
      connection.close();
      return;
    }
    connection.unref();
    this.idle.push(connection);
  }

  /** Adds a connection that was opened while the node was being identified. */
  addConnection(connection: Connection): void {
    this.release(connection);
  }

  /** One info command on this node. Throws ConnectionError, or ProtocolError for a malformed answer. */
  info(command: InfoCommand): Promise<string> {
    return withReauth(() => this.infoOnce(command));
  }

  private async infoOnce(command: InfoCommand): Promise<string> {
    const connection = await this.acquire();
    try {
      return await requestInfo(connection, command, this.infoTimeoutMs);
    } catch (error) {
      if (error instanceof InfoError && this.sessionEnded(connection, error.resultCode)) {
        throw new SessionEnded(this.endpoint, error.resultCode);
      }
      throw error;
    } finally {
      this.release(connection);
    }
  }

  /**
   * To be called with the result code of a failed command. True if the session of the connection has ended: the same
   * command may succeed on the connection that `acquire` returns next.
   */
  sessionEnded(connection: Connection, resultCode: number): boolean {
    return this.connector.sessionEnded(connection, resultCode);
  }

  close(): void {
    this.closed = true;
    for (const connection of this.idle) connection.close();
    this.idle.length = 0;
  }
}
