/**
 * Logins: one LOGIN per node returns a session token, with which every other connection to the node authenticates. A
 * token that has expired, or that the node no longer accepts, is replaced by a new login (wire.md 3.2, 3.3).
 */
import type { Connection } from '../connection.js';
import { LoginError, ProtocolError } from '../../errors.js';
import type { AuthOptions } from '../../config.js';
import { ResultCode, SecurityCommand, SecurityField } from '../../protocol/constants.js';
import { describeResultCode, resultCodeHint } from '../../protocol/result-code.js';
import { exchangeSecurity, type SecurityFields } from '../../protocol/security-message.js';

/** A token is not used in its last minute, so that it does not expire during a command; as in the C client. */
const RENEW_BEFORE_MS = 60_000;

interface Session {
  /** Undefined: security is switched off at the node. */
  token: Buffer | undefined;
  /** By performance.now(); Infinity = never. */
  renewAtMs: number;
}

export class Sessions {
  /** By address; each leads to one node. */
  private readonly current = new Map<string, Session>();
  private readonly logins = new Map<string, Promise<void>>();
  private readonly sessionOf = new WeakMap<Connection, { address: string; session: Session }>();

  constructor(
    private readonly auth: AuthOptions,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Authenticates a new connection to the node at `address`. Resolves with false if the node does not accept the token
   * that it returned; the connection cannot be used then, and the next one logs in again. Throws LoginError.
   */
  async authenticateConnection(connection: Connection, address: string): Promise<boolean> {
    for (let other = this.logins.get(address); other !== undefined; other = this.logins.get(address)) {
      // Share the outcome of a concurrent login if it was refused; log in again if only its connection broke.
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

  /** Whether the session that the connection was authenticated with is still the current one. */
  isSessionValid(connection: Connection): boolean {
    const entry = this.sessionOf.get(connection);
    return entry !== undefined && this.findValidSession(entry.address) === entry.session;
  }

  /** The node has answered a command of this connection with the code of an expired session. */
  endSession(connection: Connection): void {
    const entry = this.sessionOf.get(connection);
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
    if (token === undefined) throw new ProtocolError(`${connection.where} accepted the login but returned no token`);
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
    this.sessionOf.set(connection, { address, session });
    return true;
  }

  private remember(connection: Connection, address: string, session: Session): void {
    this.current.set(address, session);
    this.sessionOf.set(connection, { address, session });
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

/** A token with a lifetime of less than that minute is used for half of it. */
function usableMs(ttl: Buffer | undefined): number {
  if (ttl?.length !== 4) return Infinity;
  const ttlMs = ttl.readUInt32BE() * 1000;
  return ttlMs > RENEW_BEFORE_MS ? ttlMs - RENEW_BEFORE_MS : ttlMs / 2;
}

export function createLoginError(auth: AuthOptions, where: string, result: number): LoginError {
  const who = auth.mode === 'PKI' ? 'with the certificate' : `as ${JSON.stringify(auth.user)}`;
  return new LoginError('LOGIN_REFUSED', `Cannot log in to ${where} ${who}: ${describeResultCode(result)}`, {
    resultCode: result,
    hint: resultCodeHint(result),
  });
}
