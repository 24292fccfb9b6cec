/** `asb backup`: several namespaces under one id, increments, and what an interruption leaves behind. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { startAgent } from '../support/secret-agent.js';
import { readBackup as readFiles, readRecords, scratch } from '../support/target.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const KEY = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
const ENCRYPTED = ['-y', 'aes256', '--encryption-key-file', KEY];
/** Of each namespace: in the set `a`, in the set `b`, and in none. */
const RECORDS = 600;

const work = scratch();
let cluster: InMemoryCluster;
let count = 0;
const newRoot = (): string => {
  const root = join(work.path, `root${count++}`);
  mkdirSync(root);
  return root;
};

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['bar', 'changing', 'test', 'third'] });
  for (const namespace of ['bar', 'changing', 'test', 'third']) {
    for (const set of ['a', 'b', '']) put(namespace, set, 0, RECORDS, Date.now() - 3_600_000);
  }
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

function put(namespace: string, set: string, from: number, to: number, changedMs: number): void {
  const store = cluster.store(namespace);
  for (let i = from; i < to; i++) {
    const digest = createHash('sha1').update(`${set}/${i}`).digest();
    const value = Buffer.from(`${set}/${i}`.padEnd(60, '.'));
    store.putRaw(set, digest, undefined, 1, 0, [{ name: 'n', type: Particle.STRING, value }], changedMs);
  }
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function host(): string[] {
  const { host: name, port } = cluster.nodes[0]!;
  return ['-h', name, '-p', String(port)];
}

function asb(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ASB, ...args, '--no-config-file'], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

interface Shown {
  id: string;
  path: string;
  state: string;
  type: string;
  parent?: string;
  reason?: string;
  started: string;
  namespaces: { namespace: string; state: string; records?: number; started?: string }[];
}

async function backUp(root: string, ...args: string[]): Promise<Shown> {
  const { code, stdout, stderr } = await asb('backup', root, ...host(), ...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Shown;
}

async function refuse(root: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await asb('backup', root, ...host(), ...args);
  expect(code).toBe(1);
  return stderr;
}

async function show(path: string): Promise<Shown> {
  const { code, stdout, stderr } = await asb('show', path, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Shown;
}

async function verify(path: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await asb('verify', path, ...args);
  expect(code, stdout + stderr).toBe(0);
}

/** How many records there are of each set. */
function countSets(path: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { set } of readRecords(readFiles(path)).values()) {
    counts[set.toString()] = (counts[set.toString()] ?? 0) + 1;
  }
  return counts;
}

const counts = ({ namespaces }: Shown): [string, string, number | undefined][] =>
  namespaces.map(({ namespace, state, records }) => [namespace, state, records]);

describe('asb backup', () => {
  it('of two namespaces, makes one backup that is complete and sound, which only its owner may read', async () => {
    const root = newRoot();
    const shown = await backUp(root, '--id', 'sunday', '-n', 'test,bar');
    expect(shown).toMatchObject({ id: 'sunday', state: 'COMPLETED', type: 'full', path: join(root, 'sunday') });
    expect(counts(shown)).toEqual([
      ['test', 'COMPLETED', 3 * RECORDS],
      ['bar', 'COMPLETED', 3 * RECORDS],
    ]);
    await verify(join(root, 'sunday'));
    const paths = readdirSync(join(root, 'sunday'), { recursive: true, withFileTypes: true });
    expect(paths.map(({ name }) => name)).not.toContain('asbackup.lock');
    for (const entry of paths) {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
      expect([entry.name, mode.toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
    }
  });

  it('with modes, uses them; without an id, makes one that sorts by time and prints it', async () => {
    const root = newRoot();
    const ids = [];
    for (let i = 0; i < 2; i++) {
      const { stdout } = await asb('backup', root, ...host(), '-n', 'bar', '--file-mode', '640', '--dir-mode', '750');
      ids.push(stdout.trim());
    }
    expect(ids[0]).toMatch(/^\d{8}t\d{9}z-[0-9a-f]{6}$/);
    expect(ids.toSorted()).toEqual(ids);
    const path = join(root, ids[0]!, 'bar');
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect(statSync(join(path, 'bar_00000.asb')).mode & 0o777).toBe(0o640);
  });

  it('of all namespaces, compressed and encrypted, holds them all and is sound for whoever has the key', async () => {
    const root = newRoot();
    const shown = await backUp(root, '--id', 'all', '--all-namespaces', '-z', 'zstd', ...ENCRYPTED);
    expect(shown.namespaces.map(({ namespace }) => namespace)).toEqual(['bar', 'changing', 'test', 'third']);
    await verify(join(root, 'all'), '--encrypt', 'aes256', '--encryption-key-file', KEY);
    expect(readFileSync(join(root, 'all', 'backup.json'), 'utf8')).toContain('"hmac"');
  });

  it.each([
    [['--include', 'test.a,test.'], { a: RECORDS, '': RECORDS }],
    [['--include', 'test.'], { '': RECORDS }],
    [['--include', 'test', '--exclude', 'test.a'], { b: RECORDS, '': RECORDS }],
    [['--exclude', 'test.a,test.'], { b: RECORDS }],
    [['--include', 'test.a,test.b', '--exclude', 'test.b'], { a: RECORDS }],
  ])('with %j, holds only the sets that are left', async (args, expected) => {
    const root = newRoot();
    await backUp(root, '--id', 'x', '-n', 'test', ...args);
    expect(countSets(join(root, 'x', 'test'))).toEqual(expected);
    await verify(join(root, 'x'));
  });

  it('of all namespaces without one, leaves that out', async () => {
    const root = newRoot();
    const shown = await backUp(root, '--id', 'x', '--all-namespaces', '--exclude', 'third,changing,bar.a');
    expect(counts(shown)).toEqual([
      ['bar', 'COMPLETED', 2 * RECORDS],
      ['test', 'COMPLETED', 3 * RECORDS],
    ]);
  });

  it('with an id that is or was used, is refused and changes nothing', async () => {
    const root = newRoot();
    await backUp(root, '--id', 'x', '-n', 'bar');
    const before = readFileSync(join(root, 'x', 'backup.json'));
    expect(await refuse(root, '--id', 'x', '-n', 'bar')).toContain('The id x is used already');
    expect(readFileSync(join(root, 'x', 'backup.json'))).toEqual(before);
    mkdirSync(join(root, 'y'));
    writeFileSync(join(root, 'y', 'tombstone.json'), '{}');
    expect(await refuse(root, '--id', 'y', '-n', 'bar')).toContain('The id y is used already');
    expect(readdirSync(join(root, 'y'))).toEqual(['tombstone.json']);
  });

  it('with one id by several at once, is made by one of them', async () => {
    const root = newRoot();
    const ended = await Promise.all([1, 2, 3].map(() => asb('backup', root, ...host(), '--id', 'x', '-n', 'bar')));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
    await verify(join(root, 'x'));
  });

  it.each([
    [['-n', 'nowhere'], 'has no namespace "nowhere"'],
    [['-n', 'bar', '--include', 'test.a'], 'is of no namespace of the backup'],
    [['-n', 'bar,test', '--include', 'test.a'], 'leaves nothing of the namespace bar'],
    [['-n', 'bar', '--incremental-from', 'never'], 'There is no backup never'],
    [['-n', 'bar', '--all-namespaces'], 'exclude each other'],
    [[], 'No namespace specified'],
    [['--continue'], 'There is no backup'],
    [['--continue', '-n', 'bar'], 'leave that out'],
  ])('with %j, is refused and reserves no id', async (args, text) => {
    const root = newRoot();
    expect(await refuse(root, '--id', 'x', ...args)).toContain(text);
    expect(readdirSync(root)).toEqual([]);
  });

  it('with an id that is none, is refused', async () => {
    const root = newRoot();
    for (const id of ['A', '../x', 'a.b', 'x'.repeat(65)]) {
      expect(await refuse(root, '--id', id, '-n', 'bar')).toMatch(/--id/);
    }
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('asb backup --incremental-from', () => {
  it('holds what was changed since the parent began, and builds on increments as on full ones', async () => {
    const root = newRoot();
    const chosen = ['-n', 'changing', '--exclude', 'changing.b'];
    const full = await backUp(root, '--id', 'full', '-n', 'changing,bar', '--exclude', 'changing.b');
    put('changing', 'a', RECORDS, RECORDS + 5, Date.now());
    put('changing', 'b', 0, 5, Date.now());
    const first = await backUp(root, '--id', 'inc1', ...chosen, '--incremental-from', 'full');
    expect(first).toMatchObject({ type: 'incremental', parent: 'full', state: 'COMPLETED' });
    expect(countSets(join(root, 'inc1', 'changing'))).toEqual({ a: 5 });
    const manifest = JSON.parse(readFileSync(join(root, 'inc1', 'changing', 'manifest.json'), 'utf8')) as {
      identity: Record<string, string>;
      manifest: { type: string; parent: string };
    };
    expect(manifest.manifest).toMatchObject({ type: 'incremental', parent: 'full' });
    const overlapMs =
      Date.parse(full.namespaces[0]!.started!) - Number(BigInt(manifest.identity['modified-after']!) / 1_000_000n);
    // The clock of the node is that of this machine, told in seconds.
    expect(overlapMs).toBeGreaterThanOrEqual(10_000);
    expect(overlapMs).toBeLessThan(12_000);
    await backUp(root, '--id', 'inc2', ...chosen, '--incremental-from', 'inc1');
    await verify(root);
    const ranges = JSON.parse((await asb('ranges', root, 'changing', '--json')).stdout) as {
      namespace: string;
      ranges: { backups: { id: string }[] }[];
      gaps: unknown[];
    }[];
    expect(ranges).toMatchObject([{ namespace: 'changing', gaps: [] }]);
    expect(ranges[0]!.ranges.map(({ backups }) => backups.map(({ id }) => id))).toEqual([['full', 'inc1', 'inc2']]);
  });

  it('of other sets, or of a namespace that the parent lacks, is refused', async () => {
    const root = newRoot();
    await backUp(root, '--id', 'full', '-n', 'test', '--exclude', 'test.b');
    const rest = ['--id', 'inc', '--incremental-from', 'full'];
    expect(await refuse(root, ...rest, '-n', 'test')).toMatch(/without the sets b; this one would have: everything/);
    expect(await refuse(root, ...rest, '-n', 'bar')).toContain('does not have the namespace bar');
    expect(readdirSync(root)).toEqual(['full']);
  });
});

/** A backup that is slow enough to be interrupted. */
function startSlow(root: string, id: string, ...args: string[]): { child: ChildProcess; done: Promise<number | null> } {
  const child = spawn(
    process.execPath,
    [
      ASB,
      'backup',
      root,
      ...host(),
      '--id',
      id,
      ...args,
      '-L',
      '1500',
      '--checkpoint-interval',
      '1',
      '--no-config-file',
    ],
    { stdio: 'ignore' },
  );
  const done = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, done };
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

describe('asb backup, interrupted', () => {
  it('by Ctrl-C, is CANCELED with exit code 1 and can be continued', async () => {
    const root = newRoot();
    const { child, done } = startSlow(root, 'x', '-n', 'bar,test');
    while (!exists(join(root, 'x', 'bar', 'bar_00000.asb'))) await sleep(5);
    child.kill('SIGINT');
    expect(await done).toBe(1);
    expect(await show(join(root, 'x'))).toMatchObject({ state: 'CANCELED' });
    const shown = await backUp(root, '--id', 'x', '--continue');
    expect(counts(shown)).toEqual([
      ['bar', 'COMPLETED', 3 * RECORDS],
      ['test', 'COMPLETED', 3 * RECORDS],
    ]);
    await verify(join(root, 'x'));
    expect(await refuse(root, '--id', 'x', '--continue')).toContain('is complete: there is nothing to continue');
  });

  it('by Ctrl-C before a manifest was written, is CANCELED all the same', async () => {
    const root = newRoot();
    const { child, done } = startSlow(root, 'x', '-n', 'bar,test');
    while (!exists(join(root, 'x', 'backup.json'))) await sleep(1);
    child.kill('SIGINT');
    expect(await done).toBe(1);
    expect(await show(join(root, 'x'))).toMatchObject({ state: 'CANCELED' });
  });

  it.each([
    ['plain', []],
    ['encrypted', ENCRYPTED],
  ])('by being killed again and again, %s, is INCOMPLETE each time and complete in the end', async (_, args) => {
    const root = newRoot();
    const path = join(root, 'x');
    // Right after the id was reserved, while the first namespace is written, and between and in the others.
    const moments = [
      'backup.json',
      'bar/asbackup.lock',
      'bar/bar_00000.asb',
      'test/manifest.json',
      'third/third_00000.asb',
    ];
    for (const [i, moment] of moments.entries()) {
      const selection = i === 0 ? ['-n', 'bar,test,third'] : ['--continue'];
      const { child, done } = startSlow(root, 'x', ...selection, ...args);
      while (!exists(join(path, moment)) && child.exitCode === null) await sleep(1);
      child.kill('SIGKILL');
      expect(await done).toBeNull();
      expect((await show(path)).state).toBe('INCOMPLETE');
      expect(JSON.parse((await asb('list', root, '--json')).stdout)).toMatchObject([{ id: 'x', state: 'INCOMPLETE' }]);
    }
    const shown = await backUp(root, '--id', 'x', '--continue', ...args);
    expect(counts(shown)).toEqual(['bar', 'test', 'third'].map((name) => [name, 'COMPLETED', 3 * RECORDS]));
    const key = args.length > 0 ? ['--encrypt', 'aes256', '--encryption-key-file', KEY] : [];
    await verify(path, ...key);
    if (args.length === 0) expect(countSets(join(path, 'third'))).toEqual({ a: RECORDS, b: RECORDS, '': RECORDS });
  });

  it('and continued by two at once, is continued by one, and IN_PROGRESS meanwhile', async () => {
    const root = newRoot();
    const first = startSlow(root, 'x', '-n', 'bar,test');
    while (!exists(join(root, 'x', 'bar', 'bar_00000.asb'))) await sleep(5);
    expect(await show(join(root, 'x'))).toMatchObject({ state: 'IN_PROGRESS' });
    expect(await refuse(root, '--id', 'x', '--continue')).toContain('is in use by');
    expect(await first.done).toBe(0);
    await verify(join(root, 'x'));
  });

  it('with other options than before, is not continued', async () => {
    const root = newRoot();
    const { child, done } = startSlow(root, 'x', '-n', 'bar,test');
    while (!exists(join(root, 'x', 'bar', 'bar_00000.asb'))) await sleep(5);
    child.kill('SIGKILL');
    await done;
    expect(await refuse(root, '--id', 'x', '--continue', '-z', 'zstd')).toContain('compress was none, now zstd');
    expect(await show(join(root, 'x'))).toMatchObject({ state: 'INCOMPLETE' });
  });
});

describe('a backup of several namespaces that failed', () => {
  it('says why, without what the secret agent knows', async () => {
    const root = newRoot();
    const node = cluster.nodes[0]!;
    const agent = await startAgent({ secrets: { 'r:seed': `${node.host}:${node.port}` } });
    node.injectFaults({ partitionResults: new Map([[4000, 4]]) });
    try {
      const seed = ['--sa-address', agent.address, '-h', 'secrets:r:seed'];
      await refuse(root, '--id', 'x', '-n', 'bar', '--max-retries', '0', ...seed);
    } finally {
      node.clearFaults();
      await agent.close();
    }
    const shown = await show(join(root, 'x'));
    expect(shown.state).toBe('FAILED');
    expect(shown.reason).toContain('<secrets:r:seed>');
    for (const name of ['outcome.json', 'bar/manifest.json']) {
      expect(readFileSync(join(root, 'x', name), 'utf8')).not.toContain(node.host);
    }
  });
});
