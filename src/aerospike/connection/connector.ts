/** Opens connections that are ready for commands: encrypted and logged in, if the options ask for it. */
import { Connection, type Transport } from './connection.js';
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
    private readonly notice: ((text: string) => void) | undefined,
  ) {}

  /** Loads only what the options need. `notice` takes lines for the log. Throws TlsError, LoginError. */
  static async create(
    options: ClusterOptions,
    signal: AbortSignal | undefined,
    notice: ((text: string) => void) | undefined,
  ): Promise<Connector> {
    const { auth } = options;
    const tls = options.tls === undefined ? undefined : new (await import('./tls/tls.js')).TlsTransport(options.tls);
    if (tls === undefined && (auth?.mode === 'EXTERNAL' || auth?.mode === 'PKI')) {
      const hint = auth.mode === 'EXTERNAL' ? '; EXTERNAL_INSECURE sends the password unencrypted' : '';
      throw new LoginError('LOGIN_UNSAFE', `Authentication mode ${auth.mode} needs TLS: add --tls-enable${hint}.`);
    }
    const sessions =
      auth === undefined ? undefined : new (await import('./auth/login.js')).Sessions(auth, options.infoTimeoutMs);
    return new Connector(options, tls, sessions, signal, notice);
  }

  /** Throws ConnectionError, LoginError. */
  async open(address: Seed, timeoutMs = this.options.connectTimeoutMs): Promise<Connection> {
    const { sessions } = this;
    if (sessions === undefined) return this.dial(address, timeoutMs);
    const key = `${address.host}|${address.port}`;
    let where = '';
    // The second time round, a node that has forgotten its token is asked for a new one.
    for (let attempt = 0; attempt < 2; attempt++) {
      const connection = await this.dial(address, timeoutMs);
      where = connection.where;
      let entered = false;
      try {
        entered = await sessions.authenticateConnection(connection, key);
        if (entered) return connection;
      } finally {
        if (!entered) connection.close();
      }
    }
    throw new LoginError('LOGIN_REFUSED', `${where} accepts the login but not the session that it gave for it.`);
  }

  /** Whether an idle connection may be used again. */
  isSessionValid(connection: Connection): boolean {
    return this.sessions === undefined || this.sessions.isSessionValid(connection);
  }

  /**
   * A command on the connection was answered with this code. True if that means the login has ended, and a command on a
   * new connection may do better; this one is not handed out again then.
   */
  sessionEnded(connection: Connection, resultCode: number): boolean {
    if (this.sessions === undefined || !isSessionLost(resultCode)) return false;
    this.sessions.endSession(connection);
    return true;
  }

  private async dial({ host, port, tlsName }: Seed, timeoutMs: number): Promise<Connection> {
    const { tls, signal, notice } = this;
    if (tls === undefined) return Connection.open(host, port, timeoutMs, signal);
    const transport: Transport = tls.to(tlsName ?? host);
    const connection = await Connection.open(host, port, timeoutMs, signal, transport);
    if (this.options.tls?.logSessions === true && notice !== undefined && !this.described.has(connection.where)) {
      this.described.add(connection.where);
      notice(`TLS connection to ${connection.where}: ${transport.description?.() ?? ''}`);
    }
    return connection;
  }
}
