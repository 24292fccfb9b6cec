/** Authentication: what type-2 messages are answered with, and who may do what (wire.md 3). */
import { randomBytes } from 'node:crypto';
import {
  FrameType,
  ResultCode,
  SECURITY_HEADER_BYTES,
  SecurityCommand,
  SecurityField,
} from '../aerospike/protocol/constants.js';
import { decodeSecurity, encodeSecurity, type SecurityMessage } from '../aerospike/protocol/security-message.js';
import type { RowFaults } from './commands/batch.js';
import { buildFrame } from './protocol/reply.js';

export const PRIVILEGES = ['read', 'write', 'sindex-admin', 'udf-admin', 'truncate'] as const;
export type Privilege = (typeof PRIVILEGES)[number];

/** One per cluster. */
export interface SecurityGate {
  /** State of a new connection to the node with that number. */
  admit(node: number): SecuritySession;
}

/** One per connection. */
export interface SecuritySession {
  /** The answer to a type-2 message; undefined: close the socket. */
  answer(body: Buffer): Buffer | undefined;
  /** The result code of a command that needs `privilege`, or just a login; 0: it may go on. */
  refuses(privilege?: Privilege): number;
}

/** 3.4: "not enabled" makes clients that come with a user go on without authentication. */
export class NoSecurity implements SecurityGate {
  /** 51 is what the Community edition says, after which the C client gives up. */
  constructor(private readonly result: number = ResultCode.SECURITY_NOT_ENABLED) {}

  admit(): SecuritySession {
    return {
      refuses: () => ResultCode.OK,
      answer: (body) => (body.length < SECURITY_HEADER_BYTES ? undefined : securityReply(this.result)),
    };
  }
}

export interface NodeUser {
  name: string;
  /** bcrypt of the password: `credentialOf` of login-credential.ts. */
  credential: string;
  /** Must also come with this password in clear, as for EXTERNAL. */
  clearPassword?: string;
  /** Default: all. */
  privileges?: readonly Privilege[];
  /** The result code of every login, in place of the check. */
  loginResult?: number;
}

export interface UserDirectoryOptions {
  users: readonly NodeUser[];
  /** Seconds a token lives; 0 = the reply names no end, and there is none. Default one day. */
  tokenTtlS?: number;
  /** Who logs in without a user name, by certificate; default: nobody. */
  pkiUser?: string;
}

interface Token {
  user: NodeUser;
  /** By Date.now(). */
  endsMs: number;
}

const DAY_S = 86_400;
const TOKEN_BYTES = 32;
/** What the server answers; the names that the client needs are in ResultCode. */
const BAD_USER = 60;
const BAD_CREDENTIAL = 65;
const BAD_COMMAND = 54;
const BAD_FIELD = 55;

/** Security is enabled, and these are the users. Tokens belong to the node that gave them. */
export class UserDirectory implements SecurityGate {
  /** How many logins there were, the refused ones included. */
  logins = 0;
  /** How many connections were let in by token. */
  authentications = 0;
  private readonly tokens = new Map<string, Token>();

  constructor(private readonly options: UserDirectoryOptions) {}

  /** All tokens end now; connections that came by them are refused with 66. */
  expireTokens(): void {
    for (const token of this.tokens.values()) token.endsMs = 0;
  }

  /** The nodes forget all tokens, as after a restart, but connections that are open stay logged in. */
  forgetTokens(): void {
    this.tokens.clear();
  }

  admit(node: number): SecuritySession {
    let login: Token | undefined;
    return {
      answer: (body) => {
        const request = decodeSecurity(body);
        if (request === undefined) return undefined;
        if (request.command === SecurityCommand.LOGIN) {
          const reply = this.login(request, node);
          login = reply.token ?? login;
          return reply.frame;
        }
        if (request.command !== SecurityCommand.AUTHENTICATE) return securityReply(BAD_COMMAND);
        const token = this.authenticate(request, node);
        if (typeof token === 'number') return securityReply(token);
        this.authentications++;
        login = token;
        return securityReply(ResultCode.OK);
      },
      refuses: (privilege) => {
        if (login === undefined) return ResultCode.NOT_AUTHENTICATED;
        if (login.endsMs <= Date.now()) return ResultCode.EXPIRED_SESSION;
        const { privileges } = login.user;
        const may = privilege === undefined || privileges === undefined || privileges.includes(privilege);
        return may ? ResultCode.OK : ResultCode.ROLE_VIOLATION;
      },
    };
  }

  private login({ fields }: SecurityMessage, node: number): { frame: Buffer; token?: Token } {
    this.logins++;
    const { users, pkiUser, tokenTtlS = DAY_S } = this.options;
    const name = fields.get(SecurityField.USER)?.toString() ?? pkiUser;
    const user = users.find((known) => known.name === name);
    if (name === undefined) return { frame: securityReply(BAD_FIELD) };
    if (user === undefined) return { frame: securityReply(BAD_USER) };
    if (user.loginResult !== undefined) return { frame: securityReply(user.loginResult) };
    const byCertificate = !fields.has(SecurityField.USER);
    const credential = fields.get(SecurityField.CREDENTIAL)?.toString();
    const clear = fields.get(SecurityField.CLEAR_PASSWORD)?.toString();
    if (!byCertificate && (credential !== user.credential || clear !== user.clearPassword)) {
      return { frame: securityReply(BAD_CREDENTIAL) };
    }
    const text = randomBytes(TOKEN_BYTES);
    const token = { user, endsMs: tokenTtlS === 0 ? Infinity : Date.now() + tokenTtlS * 1000 };
    this.tokens.set(key(node, text), token);
    const ttl = Buffer.alloc(4);
    ttl.writeUInt32BE(tokenTtlS);
    const reply = new Map<number, Buffer>([[SecurityField.SESSION_TOKEN, text]]);
    if (tokenTtlS > 0) reply.set(SecurityField.SESSION_TTL, ttl);
    return { frame: securityReply(ResultCode.OK, reply), token };
  }

  private authenticate({ fields }: SecurityMessage, node: number): Token | number {
    const text = fields.get(SecurityField.SESSION_TOKEN);
    if (text === undefined) return BAD_FIELD;
    const token = this.tokens.get(key(node, text));
    const user = fields.get(SecurityField.USER)?.toString();
    if (token === undefined || (user ?? this.options.pkiUser) !== token.user.name) return ResultCode.NOT_AUTHENTICATED;
    return token.endsMs <= Date.now() ? ResultCode.EXPIRED_SESSION : token;
  }
}

/** The info commands that change something, and what they need. */
const INFO_PRIVILEGES: readonly (readonly [RegExp, Privilege])[] = [
  [/^sindex-(?:create|delete)/, 'sindex-admin'],
  [/^udf-(?:put|remove)/, 'udf-admin'],
  [/^truncate/, 'truncate'],
];

/** The answer to an info request that holds a command which the user may not give. */
export function privilegeViolation(body: Buffer, session: SecuritySession): string | undefined {
  const lines = body.toString('latin1').split('\n').slice(0, -1);
  const forbidden = lines.some((line) =>
    INFO_PRIVILEGES.some(([pattern, privilege]) => pattern.test(line) && session.refuses(privilege) !== ResultCode.OK),
  );
  return forbidden ? lines.map((line) => `${line}\tERROR:81:role violation\n`).join('') : undefined;
}

/** Each row of a batch is refused by itself. */
export function createRowGate(session: SecuritySession, faults: RowFaults): RowFaults {
  const read = session.refuses('read');
  const write = session.refuses('write');
  if (read === ResultCode.OK && write === ResultCode.OK) return faults;
  return {
    nextRow: (isWrite) => {
      const result = isWrite ? write : read;
      return result === ResultCode.OK ? faults.nextRow(isWrite) : { result, applied: false };
    },
  };
}

/** A type-2 frame with a result code. */
export function securityReply(result: number, fields: ReadonlyMap<number, Buffer> = new Map()): Buffer {
  return buildFrame(FrameType.SECURITY, encodeSecurity({ command: 0, result, fields }));
}

function key(node: number, token: Buffer): string {
  return `${node}:${token.toString('hex')}`;
}
