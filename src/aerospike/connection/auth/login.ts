/**
 * Logins (wire.md 3.2, 3.3): one LOGIN per node gives a token, every other connection to the node shows it. A token
 * that runs out, or that the node no longer knows, is replaced by a new login.
 */
import type { Connection } from '../connection.js';
import { LoginError, ProtocolError } from '../../errors.js';
import type { AuthOptions } from '../../config.js';
import { ResultCode, SecurityCommand, SecurityField } from '../../protocol/constants.js';
import { describeResultCode } from '../../protocol/result-code.js';
import { exchangeSecurity, type SecurityFields } from './security-message.js';

/** As in the C client: a token is not used in the last minute of its life, so that no command meets its end. */
const RENEW_BEFORE_MS = 60_000;

interface Session {
  /** Undefined: security is switched off at the node. */
  token: Buffer | undefined;
  /** By performance.now(); Infinity = never. */
  renewAtMs: number;
}

export class Sessions {
  /** By address: a node of its own behind each of them. */
  private readonly current = new Map<string, Session>();
  private readonly logins = new Map<string, Promise<void>>();
  private readonly under = new WeakMap<Connection, { address: string; session: Session }>();

  constructor(
    private readonly auth: AuthOptions,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Makes a new connection to the node at `address` one that may send commands. False: the node does not accept the
   * token it gave; the connection is of no use, and the next one will log in again. Throws LoginError.
   */
  async authenticateConnection(connection: Connection, address: string): Promise<boolean> {
    for (let other = this.logins.get(address); other !== undefined; other = this.logins.get(address)) {
      // If that login is refused, this one would be too. If its connection breaks, this one may do better.
      await other.catch((error: unknown) => {
        if (error instanceof LoginError) throw error;
      });
    }
    const session = this.findValidSession(address);
    if (session !== undefined) return this.authenticate(connection, address, session);
    const login = this.login(connection, address);
    this.logins.set(address, login);
    try {
      await login;
    } finally {
      this.logins.delete(address);
    }
    return true;
  }

  /** Whether the login that the connection was made under still holds. */
  isSessionValid(connection: Connection): boolean {
    const entry = this.under.get(connection);
    return entry !== undefined && this.findValidSession(entry.address) === entry.session;
  }

  /** The node has refused a command of this connection for want of a login. */
  endSession(connection: Connection): void {
    const entry = this.under.get(connection);
    if (entry !== undefined && this.current.get(entry.address) === entry.session) this.current.delete(entry.address);
  }

  private findValidSession(address: string): Session | undefined {
    const session = this.current.get(address);
    return session !== undefined && performance.now() < session.renewAtMs ? session : undefined;
  }

  private async login(connection: Connection, address: string): Promise<void> {
    const startedAt = performance.now();
    const { result, fields } = await exchangeSecurity(
      connection,
      SecurityCommand.LOGIN,
      loginFields(this.auth),
      this.timeoutMs,
    );
    if (result === ResultCode.SECURITY_NOT_ENABLED) {
      this.remember(connection, address, { token: undefined, renewAtMs: Infinity });
      return;
    }
    if (result !== ResultCode.OK) throw createLoginError(this.auth, connection.where, result);
    const token = fields.get(SecurityField.SESSION_TOKEN);
    if (token === undefined) throw new ProtocolError(`${connection.where} accepted the login but gave no token.`);
    const ttl = fields.get(SecurityField.SESSION_TTL);
    this.remember(connection, address, { token, renewAtMs: startedAt + usableMs(ttl) });
  }

  private async authenticate(connection: Connection, address: string, session: Session): Promise<boolean> {
    if (session.token !== undefined) {
      const fields = new Map<number, Buffer>();
      if (this.auth.mode !== 'PKI') fields.set(SecurityField.USER, Buffer.from(this.auth.user));
      fields.set(SecurityField.SESSION_TOKEN, session.token);
      const { result } = await exchangeSecurity(connection, SecurityCommand.AUTHENTICATE, fields, this.timeoutMs);
      if (result !== ResultCode.OK && result !== ResultCode.SECURITY_NOT_ENABLED) {
        if (this.current.get(address) === session) this.current.delete(address);
        return false;
      }
    }
    this.under.set(connection, { address, session });
    return true;
  }

  private remember(connection: Connection, address: string, session: Session): void {
    this.current.set(address, session);
    this.under.set(connection, { address, session });
  }
}

function loginFields(auth: AuthOptions): SecurityFields {
  const fields = new Map<number, Buffer>();
  if (auth.mode === 'PKI') return fields;
  fields.set(SecurityField.USER, Buffer.from(auth.user));
  fields.set(SecurityField.CREDENTIAL, Buffer.from(auth.credential));
  if (auth.mode !== 'INTERNAL') fields.set(SecurityField.CLEAR_PASSWORD, Buffer.from(auth.password));
  return fields;
}

/** A token that does not live longer than that minute is used for half of its life. */
function usableMs(ttl: Buffer | undefined): number {
  if (ttl?.length !== 4) return Infinity;
  const ttlMs = ttl.readUInt32BE() * 1000;
  return ttlMs > RENEW_BEFORE_MS ? ttlMs - RENEW_BEFORE_MS : ttlMs / 2;
}

export function createLoginError(auth: AuthOptions, where: string, result: number): LoginError {
  const who = auth.mode === 'PKI' ? 'with the certificate' : `as ${JSON.stringify(auth.user)}`;
  return new LoginError('LOGIN_REFUSED', `Cannot log in to ${where} ${who}: ${describeResultCode(result)}.`, result);
}
