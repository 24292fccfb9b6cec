/** One backup in several shards, each a process of its own: together they are what one process writes. */
import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSindex } from '../../src/aerospike/commands/sindex.js';
import { Cluster } from '../../src/aerospike/cluster/cluster.js';
import { putUdf } from '../../src/aerospike/commands/udf.js';
import { serveBackup } from '../../src/api/serve-backup.js';
import { Codecs } from '../../src/codecs/codecs.js';
import { openBackup } from '../../src/engine/catalog/open-backup.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { clientRecord, putRecord, readContents, readMetadata } from '../support/cluster-contents.js';
import { scratch } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const RECORDS = 6_000;
const SHARDS = 4;
const MODULE = 'function f(r) return 1 end\n';

const work = scratch();
let cluster: InMemoryCluster;
let expected: string[];
let hostArgs: string[];
let paths = 0;
const newPath = (): string => join(work.path, `d${paths++}`);

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ nodes: 2, namespaces: ['test', 'restored', 'bar'] });
  for (let n = 0; n < RECORDS; n++) putRecord(cluster, 'test', clientRecord(n % 3 === 0 ? 'b' : 'a', n, n));
  for (let n = 0; n < 500; n++) putRecord(cluster, 'bar', clientRecord('a', n, n));
  const { host, port } = cluster.nodes[0]!;
  hostArgs = ['-h', host, '-p', String(port), '--no-config-file'];
  await onCluster(async (client) => {
    await createSindex(client, sindex('test'));
    await putUdf(client, 'm.lua', Buffer.from(MODULE));
  });
  expected = await readContents(cluster, 'test');
  expect(expected).toHaveLength(RECORDS);
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

function sindex(namespace: string): Parameters<typeof createSindex>[1] {
  const shape = { indexType: 'N', dataType: 'N', context: '', expression: '' } as const;
  return { namespace, set: 'a', name: 'idx', bin: 'n', ...shape };
}

async function onCluster(task: (client: Cluster) => Promise<void>): Promise<void> {
  const { host, port } = cluster.nodes[0]!;
  const options = { servicesAlternate: false, connectTimeoutMs: 5000, infoTimeoutMs: 5000 };
  const client = await Cluster.connect({ seeds: [{ host, port }], ...options });
  try {
    await task(client);
  } finally {
    client.close();
  }
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function run(tool: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [join(BIN, tool), ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

const backUp = (shard: string, path: string, ...more: string[]): Promise<Ended> =>
  run('asbackup', [...hostArgs, '-n', 'test', '-d', path, '--shard', shard, ...more]);

async function backUpAll(path: string, ...more: string[]): Promise<void> {
  const all = await Promise.all(Array.from({ length: SHARDS }, (_, i) => backUp(`${i}/${SHARDS}`, path, ...more)));
  for (const { code, stderr } of all) expect(code, stderr).toBe(0);
}

interface Shown {
  id: string;
  state: string;
  reason?: string;
  records: number;
  namespaces: { shards?: { count: number; begun: { index: number; state: string }[] } }[];
}

async function show(path: string): Promise<Shown> {
  const { code, stdout, stderr } = await run('asb', ['show', path, '--json', '--no-config-file']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Shown;
}

function empty(namespace: string): void {
  cluster.store(namespace).truncate(undefined, Date.now());
}

async function restoreWhole(path: string): Promise<string[]> {
  empty('restored');
  const { code, stderr } = await run('asrestore', [...hostArgs, '-n', 'test,restored', '-d', path]);
  expect(code, stderr).toBe(0);
  return readContents(cluster, 'restored');
}

/** Names and contents of the files of a directory, but for locks. */
function snapshot(path: string): Map<string, string> {
  return new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'base64')]));
}

describe('a backup in shards', () => {
  it('in parallel processes, has the records of a backup in one piece, and names that do not clash', async () => {
    const path = newPath();
    await backUpAll(path, '-w', '2');
    const names = readdirSync(path);
    for (let i = 0; i < SHARDS; i++) {
      expect(names).toContain(`test-${i}of${SHARDS}_00000.asb`);
      expect(names).toContain(`test-${i}of${SHARDS}.manifest.json`);
    }
    expect(names.filter((name) => name.endsWith('.lock'))).toEqual([]);
    const firsts = names.filter((name) => readFileSync(join(path, name), 'latin1').includes('# first-file'));
    expect(firsts).toEqual([`test-0of${SHARDS}_00000.asb`]);
    const withIndexes = names.filter((name) => /^\* [iu] /m.test(readFileSync(join(path, name), 'latin1')));
    expect(withIndexes).toEqual(firsts);
    const shown = await show(path);
    expect(shown).toMatchObject({ state: 'COMPLETED', records: RECORDS });
    expect(shown.namespaces[0]!.shards).toMatchObject({ count: SHARDS });
    const verified = await run('asb', ['verify', path, '--no-config-file']);
    expect(verified.code, verified.stderr).toBe(0);
    expect(await restoreWhole(path)).toEqual(expected);
  });

  it('one after another, is incomplete until the last is there', async () => {
    const path = newPath();
    for (let i = SHARDS - 1; i >= 0; i--) {
      expect((await backUp(`${i}/${SHARDS}`, path)).code).toBe(0);
      const { state } = await show(path);
      expect(state).toBe(i === 0 ? 'COMPLETED' : 'INCOMPLETE');
    }
    const listed = await run('asb', ['list', work.path, '--json', '--no-config-file']);
    const entries = JSON.parse(listed.stdout) as { path: string; state: string }[];
    expect(entries.filter((entry) => entry.path === path)).toMatchObject([{ state: 'COMPLETED' }]);
  });

  it('without one of them, is restored only if that is asked for', async () => {
    const path = newPath();
    for (const i of [0, 1, 3]) expect((await backUp(`${i}/${SHARDS}`, path)).code).toBe(0);
    expect((await show(path)).reason).toContain('2/4');
    empty('restored');
    const args = [...hostArgs, '-n', 'test,restored', '-d', path];
    const refused = await run('asrestore', args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('of 4 shards, there is no file of 2');
    expect((await run('asrestore', [...args, '--allow-incomplete'])).code).toBe(0);
    expect((await run('asb', ['verify', path, '--no-config-file'])).code).toBe(1);
  });

  it('that is run twice, changes nothing', async () => {
    const path = newPath();
    await backUpAll(path);
    const before = snapshot(path);
    const again = await backUp(`1/${SHARDS}`, path);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('complete already');
    expect(snapshot(path)).toEqual(before);
    const replaced = await backUp(`1/${SHARDS}`, path, '-r');
    expect(replaced.code).toBe(1);
    expect(snapshot(path)).toEqual(before);
  });

  it('that is killed, goes on when it is run again, with every record exactly once', async () => {
    const path = newPath();
    for (const i of [0, 2, 3]) expect((await backUp(`${i}/${SHARDS}`, path)).code).toBe(0);
    const others = snapshot(path);
    const args = [
      ...hostArgs,
      '-n',
      'test',
      '-d',
      path,
      '--shard',
      `1/${SHARDS}`,
      '-L',
      '400',
      '--checkpoint-interval',
      '1',
    ];
    const child = spawn(process.execPath, [join(BIN, 'asbackup'), ...args], { stdio: 'ignore' });
    const manifest = join(path, `test-1of${SHARDS}.manifest.json`);
    const saved = (): number => {
      try {
        return (JSON.parse(readFileSync(manifest, 'utf8')) as { counters: { records: number } }).counters.records;
      } catch {
        return 0;
      }
    };
    while (saved() === 0 && child.exitCode === null) await sleep(10);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect((await show(path)).state).toBe('INCOMPLETE');
    const retried = await backUp(`1/${SHARDS}`, path);
    expect(retried.code, retried.stderr).toBe(0);
    expect(retried.stderr).toContain('Continuing the backup of');
    for (const [name, content] of others) expect(readFileSync(join(path, name), 'base64')).toBe(content);
    expect(await restoreWhole(path)).toEqual(expected);
    expect(await show(path)).toMatchObject({ state: 'COMPLETED', records: RECORDS });
  });

  it('of which one begins anew with -r, keeps the files of the others', async () => {
    const path = newPath();
    expect((await backUp('0/2', path)).code).toBe(0);
    const others = snapshot(path);
    const second = backUp('1/2', path, '-L', '300', '--checkpoint-interval', '1');
    const file = join(path, 'test-1of2_00000.asb');
    while (!existsSync(file) || statSync(file).size < 1000) await sleep(10);
    const pending = await backUp('1/2', path);
    expect(pending.code).toBe(1);
    expect(pending.stderr).toContain('in use');
    expect((await second).code).toBe(0);
    // As if it had been interrupted.
    rmSync(join(path, 'test-1of2.manifest.json'));
    expect((await backUp('1/2', path)).code).toBe(1);
    expect((await backUp('1/2', path, '-r')).code).toBe(0);
    for (const [name, content] of others) expect(readFileSync(join(path, name), 'base64')).toBe(content);
    expect(await restoreWhole(path)).toEqual(expected);
  });

  it('of other options than its siblings, is refused', async () => {
    const path = newPath();
    expect((await backUp('0/2', path)).code).toBe(0);
    const before = snapshot(path);
    for (const [shard, ...more] of [['1/2', '-x'], ['1/3'], ['1/2', '-X', '0-100'], ['1/2', '-q', 'x']] as [
      string,
      ...string[],
    ][]) {
      const { code, stderr } = await backUp(shard, path, ...more);
      expect(code, stderr).toBe(1);
    }
    const whole = await run('asbackup', [...hostArgs, '-n', 'test', '-d', path]);
    expect(whole.code).toBe(1);
    expect(snapshot(path)).toEqual(before);
  });

  it('of single files, needs a name for each shard', async () => {
    const path = newPath();
    const args = [...hostArgs, '-n', 'test', '--shard', '0/2', '-o'];
    expect((await run('asbackup', [...args, `${path}.asb`])).stderr).toContain('a name that has the shard in it');
    expect((await run('asbackup', [...args, '-'])).code).toBe(1);
    const { code, stderr } = await run('asbackup', [...args, `${path}-0of2.asb`]);
    expect(code, stderr).toBe(0);
  });

  it('as a task whose command names the file of one shard, changes nothing of the others', async () => {
    const path = newPath();
    mkdirSync(path);
    const task = (index: number, ...args: string[]): Promise<Ended> => {
      const env = { JOB_COMPLETION_INDEX: String(index), SHARD_COUNT: '3' };
      return run('asbackup', [...hostArgs, '-n', 'test', '--shard', 'auto', ...args], env);
    };
    const own = join(path, 'x-1of3.asb');
    const slow = ['-L', '300', '--checkpoint-interval', '1'];
    const interrupted = spawn(
      process.execPath,
      [join(BIN, 'asbackup'), ...hostArgs, '-n', 'test', '--shard', '1/3', '-o', own, ...slow],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => interrupted.once('exit', resolve));
    const manifest = `${own}.manifest.json`;
    while (!existsSync(manifest) && interrupted.exitCode === null) await sleep(10);
    interrupted.kill('SIGKILL');
    await ended;
    const before = snapshot(path);
    for (const args of [
      ['-o', own, '-r'],
      ['-o', own],
      // The state of another shard, with a file of its own.
      ['-o', join(path, 'x-2of3.asb'), '--continue', manifest],
    ]) {
      const refused = await task(2, ...args);
      expect(refused.code, refused.stderr).toBe(1);
      expect(snapshot(path)).toEqual(before);
    }
    // The task itself is run again, and may begin anew as long as it is not complete.
    const retried = await task(1, '-o', own, '-r');
    expect(retried.code, retried.stderr).toBe(0);
    const complete = snapshot(path);
    expect((await task(1, '-o', own, '-r')).code).toBe(1);
    expect((await task(1, '-o', own)).code).toBe(0);
    // A file that was given the name of another shard.
    renameSync(own, join(path, 'x-2of3.asb'));
    renameSync(manifest, join(path, 'x-2of3.asb.manifest.json'));
    const renamed = await task(2, '-o', join(path, 'x-2of3.asb'), '-r');
    expect(renamed.code, renamed.stderr).toBe(1);
    expect(renamed.stderr).toContain('is of shard 1/3');
    expect([...snapshot(path).values()].sort()).toEqual([...complete.values()].sort());
  });

  it('of the partitions of nodes, has all their records', async () => {
    const list = cluster.nodes.map(({ host, port }) => `${host}:${port}`).join(',');
    const path = newPath();
    for (const i of [0, 1, 2]) {
      const { code, stderr } = await backUp(`${i}/3`, path, '-l', list);
      expect(code, stderr).toBe(0);
    }
    expect(await restoreWhole(path)).toEqual(expected);
  });

  it('of a digest and ranges, has what their backup in one piece has', async () => {
    const selection = ['-D', 'EjRWeJq83vEjRWeJq83vEjRWeJo='];
    const path = newPath();
    await backUpAll(path, ...selection);
    const whole = newPath();
    expect((await run('asbackup', [...hostArgs, '-n', 'test', '-d', whole, ...selection])).code).toBe(0);
    expect(await restoreWhole(path)).toEqual(await restoreWhole(whole));
  });

  it('is copied and deleted as one', async () => {
    const path = newPath();
    await backUpAll(path);
    const copy = newPath();
    const copied = await run('asb', ['copy', path, copy, '--no-config-file']);
    expect(copied.code, copied.stderr).toBe(0);
    expect(snapshot(copy)).toEqual(snapshot(path));
    const [recoded, back] = [newPath(), newPath()];
    const compressed = await run('asb', ['copy', path, recoded, '--recompress', 'zstd', '--no-config-file']);
    expect(compressed.code, compressed.stderr).toBe(0);
    expect(await show(recoded)).toMatchObject({ state: 'COMPLETED' });
    const plain = await run('asb', ['copy', recoded, back, '--recompress', 'none', '--no-config-file']);
    expect(plain.code, plain.stderr).toBe(0);
    const data = (at: string) => [...snapshot(at)].filter(([name]) => name.endsWith('.asb'));
    expect(data(back)).toEqual(data(path));
    const deleted = await run('asb', ['delete', copy, '--no-config-file']);
    expect(deleted.code, deleted.stderr).toBe(0);
    expect(readdirSync(copy).filter((name) => name !== 'tombstone.json')).toEqual([]);
    const removed = await run('asbackup', ['-d', path, '--remove-artifacts', '--no-config-file']);
    expect(removed.code, removed.stderr).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('is compared, merged and served as one', async () => {
    const path = newPath();
    await backUpAll(path);
    const merged = newPath();
    const merging = await run('asb', ['merge', path, '-o', merged, '--json', '--no-config-file']);
    expect(merging.code, merging.stderr).toBe(0);
    expect(JSON.parse(merging.stdout)).toMatchObject({ records: RECORDS, replaced: 0, sindexes: 1, udfs: 1 });
    const compared = await run('asb', ['diff', path, merged, '--json', '--no-config-file']);
    expect(JSON.parse(compared.stdout)).toMatchObject({ equal: RECORDS, added: 0, removed: 0, changed: 0 });
    const storages = new StorageRegistry();
    const codecs = await Codecs.open();
    const files = await openBackup(path, { codecs, storages, allowIncomplete: false });
    const options = { host: '127.0.0.1', port: 0, sets: [], signal: new AbortController().signal };
    const served = await serveBackup(files, options);
    expect([...served.namespaces]).toEqual([['test', RECORDS]]);
    await served.close();
  });

  it('tells shards of two backups that were put together', async () => {
    const [path, other] = [newPath(), newPath()];
    expect((await backUp('0/2', path)).code).toBe(0);
    expect((await backUp('1/2', other, '-s', 'a')).code).toBe(0);
    mkdirSync(join(path, '..'), { recursive: true });
    for (const name of readdirSync(other)) renameSync(join(other, name), join(path, name));
    const listed = await run('asb', ['show', path, '--json', '--no-config-file']);
    expect(listed.stdout).toContain('DAMAGED');
  });
});

describe('a shard whose scheduler tells its number', () => {
  it.each<[string, NodeJS.ProcessEnv]>([
    ['Kubernetes', { JOB_COMPLETION_INDEX: '1', SHARD_COUNT: '2' }],
    [
      'Slurm',
      { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_STEP: '1' },
    ],
    ['Nomad', { NOMAD_ALLOC_INDEX: '1', SHARD_COUNT: '2' }],
  ])('%s, writes its own files', async (_scheduler, env) => {
    const path = newPath();
    const { code, stderr } = await run('asbackup', [...hostArgs, '-n', 'test', '-d', path, '--shard', 'auto'], env);
    expect(code, stderr).toBe(0);
    expect(readdirSync(path)).toContain('test-1of2_00000.asb');
  });
});

describe('asb backup in shards', () => {
  it('makes one backup of several namespaces, whichever shard comes first', async () => {
    const root = newPath();
    mkdirSync(join(root, 'one'), { recursive: true });
    // As if a third one was just writing the document.
    writeFileSync(join(root, 'one', 'backup.json.0123456789ab.tmp'), '{');
    const shard = (i: number, ...more: string[]): Promise<Ended> =>
      run('asb', ['backup', root, ...hostArgs, '-n', 'test,bar', '--id', 'one', '--shard', `${i}/3`, ...more]);
    const all = await Promise.all([2, 1].map((i) => shard(i)));
    for (const { code, stderr } of all) expect(code, stderr).toBe(0);
    expect((await show(join(root, 'one'))).state).toBe('INCOMPLETE');
    const other = await run('asb', ['backup', root, ...hostArgs, '-n', 'test', '--id', 'one', '--shard', '0/3']);
    expect(other.stderr).toContain('other namespaces or sets');
    const last = await shard(0);
    expect(last.code, last.stderr).toBe(0);
    expect(await show(join(root, 'one'))).toMatchObject({ id: 'one', state: 'COMPLETED', records: RECORDS + 500 });
    expect((await shard(0)).code).toBe(0);
    const verified = await run('asb', ['verify', join(root, 'one'), '--no-config-file']);
    expect(verified.code, verified.stderr).toBe(0);
    empty('restored');
    const restored = await run('asb', [
      'restore',
      join(root, 'one'),
      ...hostArgs,
      '-n',
      'test',
      '--rename-namespace',
      'test=restored',
    ]);
    expect(restored.code, restored.stderr).toBe(0);
    expect(await readContents(cluster, 'restored')).toEqual(expected);
    const next = await Promise.all(
      [0, 1].map((i) =>
        run('asb', [
          'backup',
          root,
          ...hostArgs,
          '-n',
          'test,bar',
          '--id',
          'two',
          '--incremental-from',
          'one',
          '--shard',
          `${i}/2`,
        ]),
      ),
    );
    for (const { code, stderr } of next) expect(code, stderr).toBe(0);
    expect(await show(join(root, 'two'))).toMatchObject({ state: 'COMPLETED' });
  });
});

describe('asrestore in shards', () => {
  const restore = (shard: string, path: string, ...more: string[]): Promise<Ended> =>
    run('asrestore', [...hostArgs, '-n', 'test,restored', '-d', path, '--shard', shard, ...more]);

  it('restores everything, the indexes and modules first', async () => {
    const path = newPath();
    await backUpAll(path);
    empty('restored');
    await onCluster(async (client) => {
      const { dropSindex } = await import('../../src/aerospike/commands/sindex.js');
      await dropSindex(client, 'restored', 'idx');
    });
    const early = await restore('1/3', path, '--shard-wait', '0');
    expect(early.code).toBe(1);
    expect(early.stderr).toContain('idx');
    expect(await readContents(cluster, 'restored')).toEqual([]);
    const later = [1, 2].map((i) => restore(`${i}/3`, path));
    const first = await restore('0/3', path);
    expect(first.code, first.stderr).toBe(0);
    for (const { code, stderr } of await Promise.all(later)) expect(code, stderr).toBe(0);
    expect(await readContents(cluster, 'restored')).toEqual(expected);
    expect(await readMetadata(cluster, 'restored')).toEqual(await readMetadata(cluster, 'test'));
  });

  it('with more shards than files, has nothing to do in some', async () => {
    const path = newPath();
    expect((await backUp('0/1', path)).code).toBe(0);
    empty('restored');
    for (const i of [0, 1]) expect((await restore(`${i}/2`, path)).code).toBe(0);
    expect(await readContents(cluster, 'restored')).toEqual(expected);
    for (const i of [0, 1]) expect((await restore(`${i}/2`, path, '--validate')).code).toBe(0);
  });

  it('reads what a backup in one piece has written', async () => {
    const path = newPath();
    expect((await run('asbackup', [...hostArgs, '-n', 'test', '-d', path, '-w', '5'])).code).toBe(0);
    const copy = newPath();
    cpSync(path, copy, { recursive: true });
    empty('restored');
    for (const i of [0, 1, 2]) expect((await restore(`${i}/3`, copy)).code).toBe(0);
    expect(await readContents(cluster, 'restored')).toEqual(expected);
  });
});
