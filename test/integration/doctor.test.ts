/** `asb doctor` against clusters and storages with one fault each. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/aerospike/protocol/credential.js';
import { main } from '../../src/cli/asb/asb.js';
import { diagnose } from '../../src/engine/doctor/diagnose.js';
import type { Finding } from '../../src/engine/doctor/finding.js';
import { InMemoryCluster, type InMemoryClusterOptions } from '../../src/node/cluster.js';
import { UserDirectory } from '../../src/node/security.js';
import { StorageError } from '../../src/storage/errors.js';
import { LocalStorage } from '../../src/storage/local/storage.js';
import type { StorageAccess } from '../../src/storage/registry.js';
import type { Storage } from '../../src/storage/storage.js';
import { makeCertificate } from '../support/certificates.js';
import { fakeProcess } from '../support/cli.js';

const work = mkdtempSync(join(tmpdir(), 'doctor-'));
const certificates = mkdtempSync(join(tmpdir(), 'doctor-tls-'));
afterAll(() => [work, certificates].forEach((path) => rmSync(path, { recursive: true })));

interface Result {
  code: number;
  ok: boolean;
  checks: (Omit<Finding, 'hint'> & { remedy?: string })[];
  notes: string[];
  err: string;
}

/** The command with `--json`. */
async function examine(...args: string[]): Promise<Result> {
  const world = fakeProcess();
  const code = await main(['doctor', ...args, '--json'], world.environment);
  const { ok, checks, notes } = JSON.parse(world.out === '' ? '{}' : world.out) as Omit<Result, 'code' | 'err'>;
  return { code, ok, checks, notes, err: world.err.join('') };
}

/** The command against a cluster, whose nodes must not have failed inside. */
async function examineCluster(
  options: InMemoryClusterOptions,
  args: readonly string[],
  prepare: (cluster: InMemoryCluster) => void | Promise<void> = () => undefined,
): Promise<Result> {
  const cluster = await InMemoryCluster.start(options);
  try {
    await prepare(cluster);
    const result = await examine('-h', `${cluster.seed.host}:${cluster.seed.port}`, ...args);
    for (const node of cluster.nodes) expect(node.failures).toEqual([]);
    return result;
  } finally {
    await cluster.stop();
  }
}

const bad = ({ checks }: Result) => checks.filter(({ status }) => status === 'failed' || status === 'warning');
const namespaceAnswer = (fields: string) => ({ infoAnswers: new Map([['namespace/test', fields]]) });
const nowS = () => Math.floor(Date.now() / 1000) - 1_262_304_000;

describe.concurrent('asb doctor with a cluster', () => {
  it('reports a cluster without a fault, and exits with 0', async () => {
    const result = await examineCluster({ nodes: 2 }, [work, '--restore']);
    expect(bad(result)).toEqual([]);
    expect(result).toMatchObject({ code: 0, ok: true });
    const kinds = new Set(result.checks.map(({ check }) => check));
    expect([...kinds].sort()).toEqual([
      'access',
      'address',
      'clock',
      'namespace',
      'privilege',
      'space',
      'storage',
      'version',
    ]);
    expect(result.checks.filter(({ check }) => check === 'version')[0]?.details).toMatchObject({
      build: '8.1.0.3',
      edition: 'Aerospike Community Edition',
    });
    expect(result.notes.join()).toContain('is not known');
    expect(readdirSync(work)).toEqual([]);
  });

  it('says what to do where nothing listens, and exits with 1', async () => {
    const result = await examine('-h', '127.0.0.1:1');
    expect(result).toMatchObject({ code: 1, ok: false });
    expect(result.checks).toEqual([
      {
        check: 'access',
        subject: '127.0.0.1:1',
        status: 'failed',
        text: 'Cannot connect to 127.0.0.1:1: ECONNREFUSED',
        details: { stage: 'tcp' },
        remedy: 'Check --host and --port.',
      },
    ]);
    expect(result.err).toContain('1 of 1 check(s) failed');
  });

  it('prints a line for each check with the remedy below it', async () => {
    const world = fakeProcess();
    expect(await main(['doctor', '-h', '127.0.0.1:1'], world.environment)).toBe(1);
    expect(world.out.split('\n')).toEqual([
      'FAILED   access     Cannot connect to 127.0.0.1:1: ECONNREFUSED.',
      '                    -> Check --host and --port.',
      '',
      '1 check(s), 1 failed, 0 warning(s)',
      '',
    ]);
  });

  it('accepts a certificate of a trusted authority, and tells another one, and a port without TLS, apart', async () => {
    const ca = makeCertificate({ name: 'ca', isCa: true });
    const { cert, key } = makeCertificate({ name: 'node', altNames: ['node.tls'], issuer: ca });
    const file = (name: string, pem: string) => {
      writeFileSync(join(certificates, name), pem);
      return ['--tls-enable', '--tls-name', 'node.tls', '--tls-cafile', join(certificates, name)];
    };
    const trusted = file('ca.pem', ca.cert);
    const options = { tls: { name: 'node.tls', cert, key } };
    expect(bad(await examineCluster(options, trusted))).toEqual([]);
    const refused = await examineCluster(
      options,
      file('other.pem', makeCertificate({ name: 'other', isCa: true }).cert),
    );
    expect(bad(refused)).toMatchObject([{ check: 'access', details: { stage: 'tls' } }]);
    expect(bad(refused)[0]!.remedy).toContain('--tls-cafile');
    expect(bad(await examineCluster({}, trusted))).toMatchObject([{ check: 'access', details: { stage: 'tls' } }]);
  });

  it('tells a missing and a refused login apart', async () => {
    const users = [{ name: 'bob', credential: await hashPassword('right') }];
    const missing = await examineCluster({ security: new UserDirectory({ users }) }, []);
    expect(bad(missing)).toMatchObject([
      { check: 'access', details: { stage: 'login' }, remedy: 'Give --user and --password.' },
    ]);
    const wrong = await examineCluster({ security: new UserDirectory({ users }) }, ['-U', 'bob', '-P', 'wrong']);
    expect(bad(wrong)).toMatchObject([
      { check: 'access', details: { stage: 'login' }, remedy: 'Check --user, --password and --auth.' },
    ]);
  });

  it('finds the privileges that a user lacks, those of a restore only with --restore', async () => {
    const credential = await hashPassword('right');
    const args = ['-n', 'test', '-U', 'bob', '-P', 'right'];
    const gate = (...privileges: ('read' | 'write')[]) =>
      new UserDirectory({ users: [{ name: 'bob', credential, privileges }] });
    expect(bad(await examineCluster({ security: gate('read') }, args))).toEqual([]);
    const reader = await examineCluster({ security: gate('read') }, [...args, '--restore']);
    expect(bad(reader).map(({ check, text }) => `${check}: ${text}`)).toEqual([
      'privilege: The user may not write to namespace test',
      'privilege: The user may not create secondary indexes',
      'privilege: The user may not store UDF modules',
    ]);
    const writer = await examineCluster({ security: gate('write') }, args);
    expect(bad(writer)).toMatchObject([
      { check: 'privilege', subject: 'test', remedy: 'Grant the user the role read.' },
    ]);
  });

  it('looks for privileges without creating a record or a set', async () => {
    let cluster: InMemoryCluster | undefined;
    const result = await examineCluster({}, ['-n', 'test', '--restore'], (started) => void (cluster = started));
    expect(result.checks.filter(({ check }) => check === 'privilege')).toHaveLength(4);
    const store = cluster!.store('test');
    expect([store.objects, store.sets.byName.size]).toEqual([0, 0]);
  });

  it('suggests --services-alternate where it helps, and only there', async () => {
    const helps = await examineCluster({ nodes: 2, advertised: { std: '127.0.0.2', alt: '127.0.0.1' } }, []);
    expect(bad(helps)).toHaveLength(1);
    expect(bad(helps)[0]).toMatchObject({ check: 'address', status: 'failed' });
    expect(bad(helps)[0]!.text).toMatch(/its alternate address 127\.0\.0\.1:\d+ can be reached$/);
    expect(bad(helps)[0]!.remedy).toContain('--services-alternate');

    const alone = await examineCluster({ nodes: 2, advertised: { std: '127.0.0.2' } }, [], ({ nodes }) =>
      nodes[0]!.injectFaults({ infoAnswers: new Map([['peers-clear-alt', '1,3000,[]']]) }),
    );
    expect(bad(alone)[0]!.remedy).not.toContain('--services-alternate');
  });

  it('notices nodes that no address is named of', async () => {
    const result = await examineCluster({ nodes: 2 }, ['--services-alternate'], ({ nodes }) =>
      nodes[0]!.injectFaults({ infoAnswers: new Map([['peers-clear-alt', '1,3000,[]']]) }),
    );
    expect(bad(result)).toMatchObject([{ check: 'address', details: { size: 2, known: 1 } }]);
    expect(bad(result)[0]!.remedy).toContain('Leave out --services-alternate');
  });

  it('fails for clocks that differ by more than is allowed', async () => {
    const run = (...args: string[]) =>
      examineCluster({ nodes: 2, namespaces: ['test'] }, args, ({ nodes }) =>
        nodes[1]!.injectFaults(namespaceAnswer(`objects=0;current_time=${nowS() - 60}`)),
      );
    const strict = await run();
    expect(bad(strict).map(({ check, subject }) => [check, subject === 'cluster'])).toEqual([
      ['clock', false],
      ['clock', true],
    ]);
    expect(bad(strict)[0]!.details).toMatchObject({ node: expect.any(String) as unknown });
    expect(bad(await run('--max-clock-skew', '600'))).toEqual([]);
  });

  it('shows a range that has the true difference of the clocks in it', async () => {
    const result = await examineCluster({}, ['--max-clock-skew', '1'], (cluster) => {
      cluster.clock.offsetMs = -1500;
    });
    const { minMs, maxMs } = result.checks.find(({ check }) => check === 'clock')!.details!;
    expect(minMs).toBeLessThanOrEqual(-1500);
    expect(maxMs).toBeGreaterThanOrEqual(-1500);
  });

  it('reports stop-writes, evictions, partitions that are not available, and a namespace that is not there', async () => {
    const fault = (fields: string) => (cluster: InMemoryCluster) =>
      cluster.nodes[0]!.injectFaults(namespaceAnswer(`objects=1;current_time=${nowS()};${fields}`));
    const stopped = fault('stop_writes=true;evicted_objects=5');
    expect(bad(await examineCluster({}, ['-n', 'test'], stopped)).map(({ status }) => status)).toEqual([
      'warning',
      'warning',
    ]);
    const forRestore = bad(await examineCluster({}, ['-n', 'test', '--restore'], stopped));
    expect(forRestore.map(({ status }) => status)).toEqual(['failed', 'warning']);
    const unavailable = bad(await examineCluster({}, ['-n', 'test'], fault('unavailable_partitions=3')));
    expect(unavailable).toMatchObject([{ check: 'namespace', status: 'failed' }]);
    const missing = bad(await examineCluster({}, ['-n', 'nowhere']));
    expect(missing).toMatchObject([{ text: 'The cluster has no namespace nowhere; it has: test, restored' }]);
  });

  it('reports versions that lack something', async () => {
    const old = bad(await examineCluster({ build: '5.7.0.1' }, []));
    expect(old).toMatchObject([{ check: 'version', status: 'warning' }]);
    expect(old[0]!.text).toContain('a restore writes each record by itself');
    const ancient = bad(await examineCluster({ build: '4.8.0.1' }, []));
    expect(ancient).toMatchObject([{ check: 'version', status: 'failed', remedy: 'Upgrade the servers.' }]);
  });
});

describe('asb doctor with storages', () => {
  /** The directory as a storage in which one thing fails. */
  async function examineStorage(broken: Partial<Storage>, path = work, bytes?: InMemoryCluster): Promise<Finding[]> {
    const storage = Object.assign(new LocalStorage(), broken);
    const storages: StorageAccess = {
      forPath: () => Promise.resolve(storage),
      openChannels: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
    const seed = bytes?.seed;
    const cluster = seed && { seeds: [seed], servicesAlternate: false, connectTimeoutMs: 1000, infoTimeoutMs: 1000 };
    const { signal } = new AbortController();
    const rest = { namespaces: [], forRestore: false, maxClockSkewMs: 2000, storages, signal };
    return diagnose({ ...rest, cluster, paths: [path] });
  }

  const refuse = (what: string) => () => Promise.reject(new StorageError('IO_EACCES', `Cannot ${what}`));
  const failed = (findings: Finding[]) => findings.filter(({ status }) => status !== 'ok');

  it('creates a directory for its file, and removes both', async () => {
    const path = join(work, 'new');
    expect(await examine(path, '--no-cluster')).toMatchObject({ code: 0, ok: true });
    expect(existsSync(path)).toBe(false);
  });

  it('leaves a directory with files as it was', async () => {
    const path = join(work, 'old');
    mkdirSync(path);
    writeFileSync(join(path, 'test.asb'), 'x');
    expect(await examine(path, '--no-cluster')).toMatchObject({ code: 0 });
    expect(readdirSync(path)).toEqual(['test.asb']);
  });

  it('reports a path that nothing can be written to', async () => {
    const result = await examine(join(work, 'a', 'b'), '--no-cluster');
    expect(result.code).toBe(1);
    expect(result.checks).toMatchObject([{ check: 'storage', status: 'failed', remedy: 'Check the path.' }]);
  });

  it('names the step that is not allowed, what was done before, and leaves no file if that can be helped', async () => {
    const steps: [keyof Storage, string][] = [
      ['create', ''],
      ['list', 'written'],
      ['open', 'written,listed'],
    ];
    for (const [method, done] of steps) {
      const findings = failed(await examineStorage({ [method]: refuse(method) }));
      expect(findings, method).toMatchObject([
        { check: 'storage', status: 'failed', hint: 'allow-storage-access', details: { done } },
      ]);
      expect(readdirSync(work).filter((name) => name.endsWith('.probe'))).toEqual([]);
    }
    const [kept] = failed(await examineStorage({ deleteFile: refuse('delete') }));
    expect(kept?.text).toMatch(/; delete .*asb-doctor-.*\.probe if it is there$/);
    for (const name of readdirSync(work)) if (name.endsWith('.probe')) rmSync(join(work, name));
  });

  it('reports files that are not listed or come back changed', async () => {
    expect(failed(await examineStorage({ list: () => Promise.resolve([]) }))[0]?.text).toContain('is not listed');
    const source = { name: 'x', read: () => Promise.resolve(undefined), close: () => Promise.resolve() };
    expect(failed(await examineStorage({ open: () => Promise.resolve(source) }))[0]?.text).toContain('other contents');
  });

  it('fails without space, and warns if the records take more than there is', async () => {
    const none = failed(await examineStorage({ freeBytes: () => Promise.resolve(1000) }));
    expect(none).toMatchObject([{ check: 'space', status: 'failed' }]);
    const cluster = await InMemoryCluster.start();
    try {
      const answer = `objects=1;current_time=${nowS()};data_used_bytes=${2 ** 40};effective_replication_factor=2`;
      cluster.nodes[0]!.injectFaults(namespaceAnswer(answer));
      const freeBytes = () => Promise.resolve(2 ** 38);
      const [space] = failed(await examineStorage({ freeBytes }, work, cluster));
      expect(space).toMatchObject({ check: 'space', status: 'warning', details: { neededBytes: 2 ** 39 } });
    } finally {
      await cluster.stop();
    }
  });

  it('refuses options that exclude each other', async () => {
    expect((await examine('--no-cluster', '--restore')).err).toContain('--no-cluster');
  });
});
