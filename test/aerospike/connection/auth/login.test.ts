import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cluster } from '../../../../src/aerospike/cluster/cluster.js';
import { LoginError, ServerError } from '../../../../src/aerospike/errors.js';
import { hashPassword, createAuthOptions } from '../../../../src/aerospike/protocol/credential.js';
import type { AuthOptions, ClusterOptions } from '../../../../src/aerospike/config.js';
import { SecurityCommand, SecurityField } from '../../../../src/aerospike/protocol/constants.js';
import { infoCommand } from '../../../../src/aerospike/protocol/info-command.js';
import { describeResultCode } from '../../../../src/aerospike/protocol/result-code.js';
import { decodeSecurity, encodeSecurity } from '../../../../src/aerospike/protocol/security-message.js';
import { InMemoryCluster } from '../../../../src/node/cluster.js';
import { NoSecurity, UserDirectory, type SecurityGate } from '../../../../src/node/security.js';

const BOB = await createAuthOptions('INTERNAL', 'bob', 'secret');

describe('the credential (wire.md 3.2)', () => {
  it.each([
    ['admin', '$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa'],
    ['secret', '$2a$10$7EqJtq98hPqEX7fNZaFWoOu7NRZ0i7m5NbgPBEsHTCoJzZDEKQRb.'],
    ['', '$2a$10$7EqJtq98hPqEX7fNZaFWoOLCkFexA7A9eoJ0Ew.mTDdk.E60D.9zS'],
  ])('of %j', async (password, credential) => {
    expect(await hashPassword(password)).toBe(credential);
  });

  it('is all that a login by the server itself knows of the password', async () => {
    expect(JSON.stringify(BOB)).not.toContain('secret');
    expect(await createAuthOptions('EXTERNAL', 'bob', 'secret')).toMatchObject({ password: 'secret' });
    expect(structuredClone(BOB)).toEqual(BOB);
  });
});

describe('security messages (wire.md 3)', () => {
  it('the login of bob is the captured one', () => {
    const fields = new Map<number, Buffer>([
      [SecurityField.USER, Buffer.from('bob')],
      [SecurityField.CREDENTIAL, Buffer.from((BOB as Extract<AuthOptions, { mode: 'INTERNAL' }>).credential)],
    ]);
    const body = encodeSecurity({ command: SecurityCommand.LOGIN, result: 0, fields });
    expect(body.length).toBe(0x59);
    expect(body.subarray(0, 29).toString('hex')).toBe('00001402' + '00'.repeat(12) + '0000000400626f62' + '0000003d03');
    expect(decodeSecurity(body)).toEqual({ command: SecurityCommand.LOGIN, result: 0, fields });
  });

  it.each([
    '',
    '00',
    '00'.repeat(15),
    '00000001' + '00'.repeat(12),
    '00000001' + '00'.repeat(12) + '00000000ff',
    '00000001' + '00'.repeat(12) + 'ffffffff05',
  ])('malformed: %j', (hex) => {
    expect(decodeSecurity(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});

describe('sessions', () => {
  const clusters: InMemoryCluster[] = [];
  const clients: Cluster[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const client of clients.splice(0)) client.close();
    for (const cluster of clusters.splice(0)) {
      for (const node of cluster.nodes) expect(node.failures).toEqual([]);
      await cluster.stop();
    }
  });

  async function connect(security: SecurityGate, auth: AuthOptions = BOB, nodes = 1): Promise<Cluster> {
    const server = await InMemoryCluster.start({ nodes, security });
    clusters.push(server);
    const options: ClusterOptions = {
      seeds: [server.seed],
      servicesAlternate: false,
      connectTimeoutMs: 5000,
      infoTimeoutMs: 5000,
      auth,
    };
    const client = await Cluster.connect(structuredClone(options));
    clients.push(client);
    return client;
  }

  function bob(more: Partial<ConstructorParameters<typeof UserDirectory>[0]> = {}): UserDirectory {
    const { credential } = BOB as Extract<AuthOptions, { mode: 'INTERNAL' }>;
    return new UserDirectory({ users: [{ name: 'bob', credential }], ...more });
  }

  it('login happens once per node, further connections use its token', async () => {
    const users = bob();
    const client = await connect(users, BOB, 2);
    expect(users.logins).toBe(2);
    for (const node of client.nodes) {
      const connections = await Promise.all([1, 2, 3, 4].map(() => node.acquire()));
      for (const connection of connections) node.release(connection);
    }
    expect(users.logins).toBe(2);
    expect(users.authentications).toBe(6);
  });

  it('login after a lost token happens once for many connections at the same time', async () => {
    const users = bob();
    const client = await connect(users);
    const node = client.nodes[0]!;
    users.forgetTokens();
    const [first] = await Promise.all([node.acquire(), node.acquire(), node.acquire(), node.acquire(), node.acquire()]);
    expect(first.usable).toBe(true);
    // The connection of the start is still good; the four others found the token gone and asked for one new one.
    expect(users.logins).toBe(2);
  });

  it('token is renewed 60 s before it expires', async () => {
    const users = bob({ tokenTtlS: 100 });
    const client = await connect(users);
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now');
    clock.mockReturnValue(now + 39_000);
    expect(await client.info(infoCommand('status'))).toBe('ok');
    expect(users.logins).toBe(1);
    clock.mockReturnValue(now + 40_100);
    expect(await client.info(infoCommand('status'))).toBe('ok');
    expect(users.logins).toBe(2);
  });

  it('token without an end is never renewed', async () => {
    const users = bob({ tokenTtlS: 0 });
    const client = await connect(users);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1e12);
    expect(await client.info(infoCommand('status'))).toBe('ok');
    expect(users.logins).toBe(1);
  });

  it('command refused for an expired session leads to one new login', async () => {
    const users = bob();
    const client = await connect(users);
    users.expireTokens();
    expect(await client.info(infoCommand('status'))).toBe('ok');
    expect(users.logins).toBe(2);
  });

  it('server with its security off is used without a login', async () => {
    const client = await connect(new NoSecurity());
    const node = client.nodes[0]!;
    await Promise.all([node.acquire(), node.acquire()]);
    expect(await client.info(infoCommand('status'))).toBe('ok');
  });

  it.each<[string, SecurityGate, AuthOptions | undefined, string, RegExp]>([
    ['a user unknown', new UserDirectory({ users: [] }), BOB, 'LOGIN_REFUSED', /as "bob": no such user \(code 60\)$/],
    ['no user', bob(), undefined, 'LOGIN_REQUIRED', /^The cluster at \S+ requires authentication$/],
    ['no security at all', new NoSecurity(51), BOB, 'LOGIN_REFUSED', /this server has no security \(code 51\)/],
    ['PKI without TLS', bob(), { mode: 'PKI' }, 'LOGIN_UNSAFE', /^Authentication mode PKI requires TLS$/],
    [
      'EXTERNAL without TLS',
      bob(),
      { mode: 'EXTERNAL', user: 'bob', credential: '', password: 'pw' },
      'LOGIN_UNSAFE',
      /^Authentication mode EXTERNAL requires TLS$/,
    ],
  ])('%s', async (_, security, auth, code, text) => {
    const failure = await (auth === undefined ? connectPlain(security) : connect(security, auth)).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(LoginError);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(text) as string });
  });

  async function connectPlain(security: SecurityGate): Promise<Cluster> {
    const server = await InMemoryCluster.start({ security });
    clusters.push(server);
    return Cluster.connect({
      seeds: [server.seed],
      servicesAlternate: false,
      connectTimeoutMs: 5000,
      infoTimeoutMs: 5000,
    });
  }

  it('a node that takes the login but not its token ends it', async () => {
    const users = bob();
    const client = await connect(users);
    const admit = vi.spyOn(users, 'admit');
    const real = admit.getMockImplementation() ?? UserDirectory.prototype.admit.bind(users);
    admit.mockImplementation((node) => {
      const session = real(node);
      return {
        ...session,
        answer: (body) => {
          users.forgetTokens();
          return session.answer(body);
        },
      };
    });
    const node = client.nodes[0]!;
    await node.acquire();
    // The token is refused, a new login follows, which is enough for its own connection.
    await expect(node.acquire()).resolves.toBeDefined();
  });
});

it('every code of the security system has a sentence', () => {
  for (const code of [
    51, 52, 53, 54, 55, 56, 60, 61, 62, 63, 64, 65, 66, 70, 71, 72, 73, 74, 75, 80, 81, 82, 83, 90, 91, 92, 93, 94,
  ]) {
    expect(describeResultCode(code)).toContain(`(code ${code})`);
  }
  expect(new ServerError(81, 'The scan failed').message).toContain('the user lacks the privilege');
});
