/** Opens connections that are ready for commands: encrypted and logged in, if the options ask for it. */
import type { ClusterEventListener } from '../../core/cluster-events.js';
import { Connection } from './connection.js';
import { LoginError } from '../errors.js';
import type { Sessions } from './auth/login.js';
import type { ClusterOptions, Seed } from '../config.js';
import { isSessionLost } from '../protocol/result-code.js';
import type { TlsTransport } from './tls/tls.js';

export class Connector {
  private readonly described = new Set<string>();

  private constructor(
    private readonly options: ClusterOptions,
    private readonly tls: TlsTransport | undefined,
    private readonly sessions: Sessions | undefined,
    private readonly signal: AbortSignal | undefined,
    private readonly emit: ClusterEventListener | undefined,
  ) {}

  /** Loads only what the options need. Throws ToolError TLS_OPTIONS, LoginError LOGIN_UNSAFE. */
  static async create(
    options: ClusterOptions,
    signal: AbortSignal | undefined,
    emit: ClusterEventListener | undefined,
  ): Promise<Connector> {
    const { auth } = options;
    const tls = options.tls === undefined ? undefined : new (await import('./tls/tls.js')).TlsTransport(options.tls);
    if (tls === undefined && (auth?.mode === 'EXTERNAL' || auth?.mode === 'PKI')) {
      const hint = auth.mode === 'EXTERNAL' ? 'allow-external-insecure' : 'enable-tls';
      throw new LoginError('LOGIN_UNSAFE', `Authentication mode ${auth.mode} requires TLS`, { hint });
    }
    const sessions =
      auth === undefined ? undefined : new (await import('./auth/login.js')).Sessions(auth, options.infoTimeoutMs);
    return new Connector(options, tls, sessions, signal, emit);
  }

  /** Throws ConnectionError, LoginError. */
  async open(address: Seed, timeoutMs = this.options.connectTimeoutMs): Promise<Connection> {
    const { sessions } = this;
    if (sessions === undefined) return this.dial(address, timeoutMs);
    const key = `${address.host}|${address.port}`;
    let where = '';
    // The second attempt logs in again at a node that does not accept its own token.
    for (let attempt = 0; attempt < 2; attempt++) {
      const connection = await this.dial(address, timeoutMs);
      where = connection.where;
      let authenticated = false;
      try {
        authenticated = await sessions.authenticateConnection(connection, key);
        if (authenticated) return connection;
      } finally {
        if (!authenticated) connection.close();
      }
    }
    throw new LoginError('LOGIN_REFUSED', `${where} accepts the login but not the session token that it returned`);
  }

  /** Whether an idle connection may be used again. */
  isSessionValid(connection: Connection): boolean {
    return this.sessions === undefined || this.sessions.isSessionValid(connection);
  }

  /**
   * To be called with the result code of a failed command. True if the session has ended and a command on a new
   * connection may succeed; the login of this one is not used again.
   */
  sessionEnded(connection: Connection, resultCode: number): boolean {
    if (this.sessions === undefined || !isSessionLost(resultCode)) return false;
    this.sessions.endSession(connection);
    return true;
  }

  private async dial({ host, port, tlsName }: Seed, timeoutMs: number): Promise<Connection> {
    const { tls, signal, emit } = this;
    if (tls === undefined) return Connection.open(host, port, timeoutMs, signal);
    const transport = tls.createTransport(tlsName ?? host);
    const connection = await Connection.open(host, port, timeoutMs, signal, transport);
    if (this.options.tls?.logSessions === true && emit !== undefined && !this.described.has(connection.where)) {
      this.described.add(connection.where);
      emit({ type: 'cluster.tls', address: connection.where, ...transport.session() });
    }
    return connection;
  }
}
