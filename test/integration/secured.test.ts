/** TLS and logins as a person meets them: what works, and the sentence for everything that does not. */
import { mkdirSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/aerospike/protocol/credential.js';
import { NoSecurity, UserDirectory, type NodeUser } from '../../src/node/security.js';
import type { NodeTlsConfig } from '../../src/node/transport/tls.js';
import { fill } from '../support/backup.js';
import { KEY_PASSWORD, makePki, PASSWORD, sentence, withCluster } from '../support/secured-node.js';
import { readBackup, readRecords, run, scratch } from '../support/target.js';

const CLI = new URL('../../dist/cli/asbackup.js', import.meta.url).href;
const HAS_IPV6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

const work = scratch();
afterAll(() => work.remove());
const pki = makePki(work.path);
const { ca, other, good, client } = pki;
const expired = ca.sign('expired', { san: 'DNS:node.tls', days: -1 });
const revoked = ca.sign('revoked', { san: 'DNS:node.tls' });
ca.revoke(revoked);
const named = ca.sign('named', { cn: 'else', san: 'DNS:other.tls,DNS:third.tls' });
const foreign = other.sign('foreign', { san: 'DNS:node.tls' });
const forClients = ca.sign('for-clients', { san: 'DNS:node.tls', usage: 'clientAuth' });
const caWithCrl = join(work.path, 'ca-crl.pem');
writeFileSync(caWithCrl, readFileSync(ca.cert, 'latin1') + readFileSync(ca.crl(), 'latin1'));
const caWithOtherCrl = join(work.path, 'ca-other-crl.pem');
writeFileSync(caWithOtherCrl, readFileSync(ca.cert, 'latin1') + readFileSync(other.crl(), 'latin1'));
const passwordFile = join(work.path, 'password');
writeFileSync(passwordFile, `${PASSWORD}\nsecond line\n`);
const credential = await hashPassword(PASSWORD);

const TLS = ['--tls-enable', '--tls-cafile', ca.cert, '--tls-name', 'node.tls'];
const OWN = ['--tls-certfile', client.cert, '--tls-keyfile', client.key];
const LOGIN = ['-U', 'bob', '-P', `file:${passwordFile}`];

let count = 0;
function freshPath(): string {
  return join(work.path, `run${count++}`);
}

function backup(...args: string[]): string[] {
  return ['-n', 'test', '-d', freshPath(), ...args];
}

function users(...more: Partial<NodeUser>[]): UserDirectory {
  return new UserDirectory({ users: more.map((user) => ({ name: 'bob', credential, ...user })) });
}

describe('TLS that fails', () => {
  const failures: readonly [string, NodeTlsConfig, string[], string][] = [
    [
      'another name',
      pki.tls(named),
      TLS,
      'The certificate of HOST is for "other.tls", "third.tls", not for "node.tls". Check --tls-name.',
    ],
    [
      'expired',
      pki.tls(expired),
      TLS,
      'The certificate of HOST has expired; a new one must be installed on the server.',
    ],
    [
      'another authority',
      pki.tls(foreign),
      TLS,
      'The certificate of HOST is signed by an authority that is not among the trusted ones. Check --tls-cafile and --tls-capath.',
    ],
    ['made for clients', pki.tls(forClients), TLS, 'The certificate of HOST was not made for servers.'],
    [
      'revoked',
      pki.tls(revoked),
      ['--tls-enable', '--tls-cafile', caWithCrl, '--tls-name', 'node.tls', '--tls-crl-check'],
      'The certificate of HOST was revoked; a new one must be installed on the server.',
    ],
    [
      'no list of the issuer',
      pki.tls(),
      ['--tls-enable', '--tls-cafile', caWithOtherCrl, '--tls-name', 'node.tls', '--tls-crl-check-all'],
      'The certificate of HOST cannot be checked for revocation: no revocation list of its issuer, or of one ' +
        'above it, is given. Check --tls-cafile and --tls-capath.',
    ],
    [
      'no certificate of our own',
      pki.tls(good, { clientCa: readFileSync(ca.cert, 'latin1') }),
      TLS,
      'HOST does not accept clients without a certificate (certificate required). Give --tls-certfile and --tls-keyfile.',
    ],
    [
      'no version in common',
      pki.tls(good, { minVersion: 'TLSv1.3' }),
      [...TLS, '--tls-protocols', '-all +TLSv1.2'],
      'HOST does not speak TLSv1.2, or only in a way that is no longer secure. Check --tls-protocols.',
    ],
    [
      'no cipher in common',
      pki.tls(good, { maxVersion: 'TLSv1.2' }),
      [...TLS, '--tls-cipher-suite', 'ECDHE-RSA-AES128-GCM-SHA256'],
      'HOST and this client have no version, cipher or kind of certificate in common. ' +
        'Check --tls-cipher-suite, --tls-protocols and --tls-certfile.',
    ],
  ];

  it.each(failures)('%s', async (_, tls, args, expected) => {
    const text = await withCluster({ tls }, (_cluster, at) => sentence('asbackup', backup(...at, ...args)));
    expect(text).toBe(`Cannot reach the cluster at HOST: ${expected}`);
  });

  it('a certificate in the blacklist', async () => {
    const list = join(work.path, 'blacklist');
    writeFileSync(list, `# stolen\n01 /CN=ca\n${good.serial.toLowerCase()} /CN=ca\n`);
    const ran = await withCluster({ tls: pki.tls() }, (_, at) =>
      run('asbackup', backup(...at, ...TLS, '--tls-cert-blacklist', list)),
    );
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`The certificate ${good.serial.replace(/^0+/, '')} of /CN=ca that `);
    expect(ran.stderr).toContain(' presents is in the blacklist of certificates.');
  });

  it('one node of two with a wrong certificate is told by name', async () => {
    const text = await withCluster({ nodes: 2, tls: [pki.tls(), pki.tls(expired)] }, (_, at) =>
      sentence('asbackup', backup(...at, ...TLS)),
    );
    expect(text).toBe('The certificate of HOST has expired; a new one must be installed on the server.');
  });

  it('a server without TLS', async () => {
    const text = await withCluster({}, (_, at) => sentence('asrestore', [...at, ...TLS, '-d', work.path]));
    expect(text).toMatch(
      /^Cannot reach the cluster at HOST: HOST (?:does not speak TLS|closed the connection during the TLS handshake)/,
    );
  });

  it('a server with TLS, and a client without', async () => {
    const text = await withCluster({ tls: pki.tls() }, (_, at) => sentence('asbackup', backup(...at)));
    expect(text).toMatch(/HOST speaks TLS\. Give --tls-enable|a port for TLS needs --tls-enable/);
  });

  it('no name to check', async () => {
    const args = ['--tls-enable', '--tls-cafile', ca.cert];
    const text = await withCluster({ tls: pki.tls() }, (_, at) => sentence('asbackup', backup(...at, ...args)));
    expect(text).toContain('has no TLS name to check its certificate against. Give --tls-name or HOST:TLSNAME:PORT.');
  });
});

describe('TLS options that cannot be carried out', () => {
  const emptyFile = join(work.path, 'empty.pem');
  writeFileSync(emptyFile, '');
  const badList = join(work.path, 'bad-list');
  writeFileSync(badList, 'not-a-serial\n');
  const cases: readonly [string[], string | RegExp][] = [
    [['--tls-enable'], /^--tls-enable needs certificates to trust: give --tls-cafile or --tls-capath/],
    [
      ['--tls-enable', '--tls-cafile', '/nowhere'],
      /^Cannot read the file of --tls-cafile: no such file or directory \(ENOENT\)\.$/,
    ],
    [['--tls-enable', '--tls-cafile', emptyFile], `There is no PEM certificate in ${emptyFile} of --tls-cafile.`],
    [
      ['--tls-enable', '--tls-capath', '/nowhere'],
      /^Cannot read the directory of --tls-capath: no such file or directory \(ENOENT\)\.$/,
    ],
    [[...TLS, '--tls-crl-check'], /^--tls-crl-check finds no revocation list/],
    [[...TLS, '--tls-protocols', 'SSLv3'], /^Invalid value for --tls-protocols: SSLv3 is insecure and cannot be used/],
    [[...TLS, '--tls-protocols', 'all -TLSv1.2'], /TLSv1.2 cannot be left out between TLSv1 and TLSv1.3/],
    [
      [...TLS, '--tls-cipher-suite', 'NONSENSE'],
      /^No cipher of the list is known, safe and allowed .* --tls-cipher-suite; check --tls-protocols, too\.$/,
    ],
    [
      [...TLS, '--tls-keyfile', client.key],
      '--tls-certfile and --tls-keyfile go together; both may name the same file.',
    ],
    [
      [...TLS, ...OWN],
      'The key of the client is encrypted, and the password does not open it. Check --tls-keyfile-password.',
    ],
    [
      [...TLS, ...OWN, '--tls-keyfile-password=hush-4x'],
      'The key of the client is encrypted, and the password does not open it. Check --tls-keyfile-password.',
    ],
    [
      [...TLS, '--tls-certfile', client.cert, '--tls-keyfile', good.key],
      'The key of the client does not belong to its certificate. Check --tls-keyfile, --tls-certfile and --tls-cafile.',
    ],
    [
      [...TLS, '--tls-cert-blacklist', badList],
      `Line 1 of ${badList} is no certificate: expected SERIAL or SERIAL /C=.../CN=... there.`,
    ],
    [
      [...TLS, ...OWN, '--tls-keyfile-password', 'env:HUSH_NOT_SET'],
      '--tls-keyfile-password: the environment variable HUSH_NOT_SET is not set or empty.',
    ],
    [
      ['-A', 'EXTERNAL', ...LOGIN],
      '--auth EXTERNAL needs --tls-enable; EXTERNAL_INSECURE sends the password unencrypted.',
    ],
    [
      ['-A', 'PKI', ...TLS],
      '--auth PKI logs in with the client certificate: give --tls-enable, --tls-certfile and --tls-keyfile.',
    ],
    [['-U', '', '-P', 'x'], 'The name of --user is empty.'],
  ];
  it.each(cases)('%j', async (args, expected) => {
    const ran = await run('asbackup', backup('-h', '127.0.0.1', '-p', '9', '--no-config-file', ...args));
    expect(ran.code).toBe(1);
    const line = ran.stderr.split('\n').find((text) => text.includes('[ERR]')) ?? '';
    const text = line.replace(/^.*\[ERR\] \[ *\d+\] /, '');
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
    expect(ran.stderr).not.toContain('hush-4');
  });
});

describe('logins that fail', () => {
  const result = (loginResult: number): UserDirectory => users({ loginResult });
  const as = (text: string, hint = ''): string => `Cannot log in to HOST as "bob": ${text}.${hint && ` ${hint}`}`;
  const cases: readonly [string, UserDirectory | NoSecurity, string[], string][] = [
    ['wrong password', users({}), ['-U', 'bob', '-Phush-4x'], as('wrong user name or password (code 65)')],
    ['no such user', users({ name: 'alice' }), LOGIN, as('no such user (code 60)')],
    ['no user given', users({}), [], 'The cluster at HOST requires authentication. Give --user and --password.'],
    ['no security', new NoSecurity(51), LOGIN, as('this server has no security (code 51)', 'Leave out --user.')],
    ['expired password', result(63), LOGIN, as('the password has expired (code 63); it must be replaced by a new one')],
    ['bad password', result(62), LOGIN, as('wrong password (code 62)')],
    ['forbidden address', result(82), LOGIN, as('this address is not in the allow-list of the user (code 82)')],
    ['no LDAP', result(90), LOGIN, as('LDAP is not enabled on the server (code 90)', 'Check --auth.')],
    ['unknown to LDAP', result(93), LOGIN, as('LDAP does not know the user (code 93)')],
    ['refused by LDAP', result(94), LOGIN, as('LDAP refuses the password (code 94)')],
    ['an unknown code', result(99), LOGIN, as('the server answered with code 99')],
  ];
  it.each(cases)('%s', async (_, security, args, expected) => {
    await withCluster({ nodes: 2, security }, async (_cluster, at) => {
      expect(await sentence('asbackup', backup(...at, ...args))).toBe(expected);
      expect(await sentence('asrestore', [...at, ...args, '-d', work.path])).toBe(expected);
      // Whoever asks again and again locks the account.
      if (security instanceof UserDirectory) expect(security.logins).toBeLessThanOrEqual(2);
    });
  });

  it('no privilege to read', async () => {
    const security = users({ privileges: ['write'] });
    const text = await withCluster({ security }, (_, at) => sentence('asbackup', backup(...at, ...LOGIN)));
    expect(text).toContain(
      'The scan on HOST failed: the user lacks the privilege (code 81); a role such as read, read-write, sindex-admin ' +
        'or udf-admin must be granted',
    );
  });

  it('no privilege to write', async () => {
    await withCluster({ security: users({ privileges: ['read'] }) }, async (cluster, at) => {
      fill(cluster, 20, 's');
      const path = freshPath();
      expect((await run('asbackup', [...at, ...LOGIN, '-n', 'test', '-d', path])).code).toBe(0);
      const ran = await run('asrestore', [...at, ...LOGIN, '-n', 'test,restored', '-d', path]);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('the user lacks the privilege (code 81)');
    });
  });
});

describe('a login that ends in the middle of a run', () => {
  const RECORDS = 6000;

  it('is made again for the next scan', async () => {
    const security = users({});
    await withCluster({ nodes: 2, security }, async (cluster, at) => {
      const digests = fill(cluster, RECORDS, 's');
      const path = freshPath();
      const running = run('asbackup', [...at, ...LOGIN, '-n', 'test', '-d', path, '-w', '1', '-L', '4000']);
      // The scans of the two nodes run one after the other, for a second or so.
      const timer = setInterval(() => security.expireTokens(), 100);
      const ran = await running;
      clearInterval(timer);
      expect(ran.code, ran.stderr).toBe(0);
      expect(new Set(readRecords(readBackup(path)).keys())).toEqual(digests);
      // A backup with one worker logs in to each node once, and uses the connections for the scans.
      expect(security.logins).toBeGreaterThan(2);
    });
  });

  it.each(['--wait', '--disable-batch-writes'])('is made again for the next write, with %s', async (option) => {
    const security = users({});
    await withCluster({ nodes: 2, security }, async (cluster, at) => {
      fill(cluster, RECORDS, 's');
      const path = freshPath();
      expect((await run('asbackup', [...at, ...LOGIN, '-n', 'test', '-d', path])).code).toBe(0);
      const before = security.logins;
      const delayMs = option === '--wait' ? 50 : 5;
      for (const node of cluster.nodes) node.injectFaults({ delayMs });
      const running = run('asrestore', [...at, ...LOGIN, '-n', 'test,restored', '-d', path, option]);
      const marks = [1000, 3000];
      const timer = setInterval(() => {
        if (cluster.store('restored').objects < (marks[0] ?? Infinity)) return;
        marks.shift();
        security.expireTokens();
      }, 5);
      const ran = await running;
      clearInterval(timer);
      expect(ran.code, ran.stderr).toBe(0);
      expect(marks).toEqual([]);
      expect(cluster.store('restored').objects).toBe(RECORDS);
      expect(security.logins).toBeGreaterThan(before + 4);
    });
  });

  it('by the clock of the client, before the server minds', async () => {
    // Half of two seconds: a token that lives less than the minute of grace.
    const security = new UserDirectory({ users: [{ name: 'bob', credential }], tokenTtlS: 2 });
    await withCluster({ nodes: 2, security }, async (cluster, at) => {
      const digests = fill(cluster, RECORDS, 's');
      const path = freshPath();
      const ran = await run('asbackup', [...at, ...LOGIN, '-n', 'test', '-d', path, '-w', '1', '-L', '2500']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).not.toContain('[ERR]');
      expect(new Set(readRecords(readBackup(path)).keys())).toEqual(digests);
      // A backup with one worker logs in to each node once, and uses the connections for the scans.
      expect(security.logins).toBeGreaterThan(2);
    });
  });

  it('and is refused then, with the reason', async () => {
    const user: NodeUser = { name: 'bob', credential };
    const security = new UserDirectory({ users: [user] });
    await withCluster({ nodes: 2, security }, async (cluster, at) => {
      fill(cluster, RECORDS, 's');
      const running = run('asbackup', backup(...at, ...LOGIN, '-w', '1', '-L', '4000'));
      const timer = setTimeout(() => {
        user.loginResult = 63;
        security.expireTokens();
      }, 900);
      const ran = await running;
      clearTimeout(timer);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('as "bob": the password has expired (code 63)');
    });
  });
});

describe('what works', () => {
  it('a backup and a restore over TLS with a login, on two nodes, with nothing to be seen of the passwords', async () => {
    const tls = pki.tls(good, { clientCa: readFileSync(ca.cert, 'latin1') });
    const security = users({});
    await withCluster({ nodes: 2, tls, security }, async (cluster, at) => {
      const digests = fill(cluster, 3000, 's');
      const path = freshPath();
      const args = [
        ...at,
        ...TLS,
        ...OWN,
        '-U',
        'bob',
        `-P${PASSWORD}`,
        `--tls-keyfile-password=${KEY_PASSWORD}`,
        '-v',
      ];
      const log = ['--tls-log-session-info', '--machine', join(work.path, 'machine')];
      const saved = await run('asbackup', [...args, ...log, '-n', 'test', '-d', path, '-w', '3']);
      expect(saved.code, saved.stderr).toBe(0);
      expect(new Set(readRecords(readBackup(path)).keys())).toEqual(digests);
      expect(saved.stderr.match(/TLS connection to 127\.0\.0\.1:\d+: TLSv1\.3, cipher TLS_/g)).toHaveLength(2);
      // Small batches, so that each worker has several on their way to a node, over connections of their own.
      const restored = await run('asrestore', [...args, '-n', 'test,restored', '-d', path, '--batch-size', '20']);
      expect(restored.code, restored.stderr).toBe(0);
      expect(cluster.store('restored').objects).toBe(digests.size);
      expect(security.authentications).toBeGreaterThan(0);
      const seen = [saved.stderr, restored.stderr, readFileSync(join(work.path, 'machine'), 'latin1')].join('');
      expect(seen).not.toContain('hush-4');
      // The main thread logs in to both nodes, and so does every worker: no more than that.
      expect(security.logins).toBeLessThanOrEqual(16);
    });
  });

  it('names with wildcards, in the host list, for peers', async () => {
    const tls = pki.tls(good, { name: 'b.wild.tls' });
    const host = (port: number): string[] => ['-h', `127.0.0.1:a.WILD.tls:${port}`];
    const args = ['--tls-enable', '--tls-capath', join(work.path, 'authorities')];
    mkdirSync(join(work.path, 'authorities'));
    copyFileSync(ca.cert, join(work.path, 'authorities', 'first.crt'));
    copyFileSync(ca.crl(), join(work.path, 'authorities', 'list'));
    await withCluster({ nodes: 2, tls }, async (cluster) => {
      fill(cluster, 100, 's');
      const at = host(cluster.nodes[0]!.port);
      const ran = await run('asbackup', backup(...at, ...args, '--tls-crl-check-all'));
      expect(ran.code, ran.stderr).toBe(0);
      const { port } = cluster.nodes[0]!;
      const list = ['-l', `127.0.0.1:a.wild.tls:${port}`];
      expect((await run('asbackup', backup(...list, ...args, '-w', '1'))).code).toBe(0);
    });
  });

  it('a certificate as the login', async () => {
    const tls = pki.tls(good, { clientCa: readFileSync(ca.cert, 'latin1') });
    const security = new UserDirectory({ users: [{ name: 'alice', credential: '' }], pkiUser: 'alice' });
    await withCluster({ nodes: 2, tls, security }, async (cluster, at) => {
      fill(cluster, 100, 's');
      const args = [...at, ...TLS, ...OWN, '--tls-keyfile-password', 'env:HUSH', '-A', 'pki'];
      const ran = await run('asbackup', backup(...args), { env: { HUSH: KEY_PASSWORD } });
      expect(ran.code, ran.stderr).toBe(0);
      expect(security.logins).toBeGreaterThan(1);
    });
  });

  it('a password that the server must see', async () => {
    const security = users({ clearPassword: PASSWORD });
    await withCluster({ security }, async (_, at) => {
      const ran = await run('asbackup', backup(...at, ...LOGIN, '-A', 'EXTERNAL_INSECURE'));
      expect(ran.code, ran.stderr).toBe(0);
      expect(await sentence('asbackup', backup(...at, ...LOGIN))).toContain('(code 65)');
    });
  });

  it('a password from standard input, asked for once', async () => {
    await withCluster({ security: users({}) }, async (_, at) => {
      const input = Buffer.from(`${PASSWORD}\n`);
      const ran = await run('asbackup', ['-n', 'test', '-o', join(work.path, 'asked.asb'), ...at, '-U', 'bob'], {
        input,
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr.match(/Enter Password: /g)).toHaveLength(1);
      expect(ran.stderr).not.toContain('hush-4');
      const none = await sentence('asbackup', backup(...at, '-U', 'bob'), '');
      expect(none).toContain('Cannot prompt for the password');
    });
  });

  it('a user for a server whose security is off', async () => {
    await withCluster({ security: new NoSecurity() }, async (_, at) => {
      const ran = await run('asbackup', backup(...at, ...LOGIN));
      expect(ran.code, ran.stderr).toBe(0);
    });
  });

  it.each([
    ['plain', {}, []],
    ['TLS', { tls: pki.tls() }, TLS],
  ])('alternate addresses, %s', async (_, options, args) => {
    const advertised = { std: '192.0.2.1', alt: '127.0.0.1' };
    await withCluster({ nodes: 2, advertised, ...options }, async (cluster, at) => {
      const digests = fill(cluster, 200, 's');
      const path = freshPath();
      const ran = await run('asbackup', [...at, ...args, '-n', 'test', '-d', path, '-S']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(new Set(readRecords(readBackup(path)).keys())).toEqual(digests);
    });
  });

  it.runIf(HAS_IPV6)('IPv6 addresses, with TLS and a login', async () => {
    const security = users({});
    await withCluster({ nodes: 2, host: '::1', tls: pki.tls(), security }, async (cluster) => {
      const digests = fill(cluster, 200, 's');
      const path = freshPath();
      const at = ['-h', `[::1]:node.tls:${cluster.seed.port}`, '--tls-enable', '--tls-cafile', ca.cert];
      const ran = await run('asbackup', [...at, ...LOGIN, '-n', 'test', '-d', path]);
      expect(ran.code, ran.stderr).toBe(0);
      expect(new Set(readRecords(readBackup(path)).keys())).toEqual(digests);
    });
  });

  it('a plain run, --help and --version load neither TLS nor bcrypt', async () => {
    const loaded = (argv: string[]): string => {
      const code = `import(${JSON.stringify(CLI)}).then((m) => m.main(${JSON.stringify(argv)}, { stdout() {} })).then(() => {
        console.log(process.moduleLoadList.filter((name) => / (?:internal\\/)?_?tls/.test(name)).join());
      });`;
      return execFileSync(process.execPath, ['-e', code], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    };
    expect(loaded(['--help'])).toBe('');
    expect(loaded(['--version'])).toBe('');
    expect(loaded(['-h', '127.0.0.1', '-p', '9', '-n', 'test', '-o', '-', '--no-config-file'])).toBe('');
    return Promise.resolve();
  });
});
