/** Manifests and the commands of `asb` that read them, on backups of a cluster in this process. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
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
import type { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start, startFilled } from '../support/backup.js';
import { startAgent } from '../support/secret-agent.js';
import { sealState } from '../support/state.js';
import { scratch } from '../support/target.js';

const ASB = fileURLToPath(new URL('../../bin/asb', import.meta.url));
const ASRESTORE = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
const KEY = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
const SMALL = 3000;
/** Of 1500 bytes: together they fill more than two files of 1 MiB. */
const LARGE = 1500;
const RECORDS = SMALL + LARGE;
const SEVERAL_FILES = ['-F', '1'];
const ENCRYPTED = ['-y', 'aes256', '--encryption-key-file', KEY];

const work = scratch();
let cluster: InMemoryCluster;
let count = 0;
const fresh = (): string => join(work.path, `backup${count++}`);

beforeAll(async () => {
  ({ cluster } = await startFilled(SMALL));
  fill(cluster, LARGE, 'large', 1500);
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function asb(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ASB, ...args, '--no-config-file'], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

function asrestore(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ASRESTORE, ...args, '--no-config-file'], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

async function backUp(path: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await start(cluster, [path.endsWith('.asb') ? '-o' : '-d', path, '--manifest', ...args])
    .done;
  expect(code, stderr).toBe(0);
}

interface Listed {
  id: string;
  state: string;
  type: string;
  records: number;
  bytes: number;
  reason?: string;
}

async function list(path: string, ...args: string[]): Promise<Listed[]> {
  const { code, stdout, stderr } = await asb('list', path, '--json', ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Listed[];
}

interface Verified {
  problems: { path: string; text: string }[];
  records?: number;
}

/** The problems that are found, all in one text. */
async function problems(path: string, ...args: string[]): Promise<string> {
  const { code, stdout } = await asb('verify', path, '--json', ...args);
  const found = (JSON.parse(stdout) as Verified[]).flatMap((result) => result.problems);
  expect(code).toBe(found.length === 0 ? 0 : 1);
  return found.map(({ path: place, text }) => `${place}: ${text}`).join('\n');
}

describe('manifest', () => {
  it.each([
    ['a directory', '', []],
    ['a directory of several files, compressed and encrypted', '', ['-w', '3', '-z', 'zstd', ...ENCRYPTED]],
    ['a file', '.asb', []],
    ['a file, compressed and encrypted', '.asb', ['-w', '2', '-z', 'zstd', ...ENCRYPTED]],
  ])('of %s says that it is complete, and every checksum and count is right', async (_, suffix, args) => {
    const path = fresh() + suffix;
    await backUp(path, ...args);
    const key = args.includes('-y') ? ['--encrypt', 'aes256', '--encryption-key-file', KEY] : [];
    const { stdout } = await asb('verify', path, '--json', ...key);
    const [verified] = JSON.parse(stdout) as Verified[];
    expect(verified).toMatchObject({ problems: [], records: RECORDS });
    const shown = JSON.parse((await asb('show', path, '--json')).stdout) as Listed;
    expect(shown).toMatchObject({ state: 'COMPLETED', type: 'full', records: RECORDS });
  });

  it('can be read only by its owner, and holds no key', async () => {
    const path = fresh();
    await backUp(path, ...ENCRYPTED);
    const file = join(path, 'manifest.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = readFileSync(KEY, 'utf8').split('\n').slice(1, -2).join('');
    expect(readFileSync(file, 'utf8')).not.toContain(key.slice(0, 40));
  });

  it.each([
    ['a directory', '', []],
    ['an encrypted file', '.asb', ENCRYPTED],
  ])('of %s that was interrupted says so, and its continuation makes it complete', async (_, suffix, args) => {
    const path = fresh() + suffix;
    const target = suffix === '' ? ['-d', path] : ['-o', path];
    const manifest = suffix === '' ? join(path, 'manifest.json') : `${path}.manifest.json`;
    const slow = start(cluster, [...target, '--manifest', ...args, '-L', '1000', '--checkpoint-interval', '1']);
    const hasRecords = (): boolean => {
      try {
        return (JSON.parse(readFileSync(manifest, 'utf8')) as { counters: { records: number } }).counters.records > 0;
      } catch {
        return false;
      }
    };
    while (!hasRecords()) await sleep(5);
    slow.child.kill('SIGKILL');
    await slow.done;
    expect(await problems(path, '--checksums-only')).toContain('INCOMPLETE');
    const { code, stderr } = await start(cluster, [...target, ...args, '-c', manifest]).done;
    expect(code, stderr).toBe(0);
    const key = args.length > 0 ? ['--encrypt', 'aes256', '--encryption-key-file', KEY] : [];
    expect(await problems(path, ...key)).toBe('');
    const again = await start(cluster, [...target, ...args, '-c', manifest]).done;
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is complete')]);
  });

  it('of a backup that failed says why, without what the secret agent knows', async () => {
    const path = fresh();
    const node = cluster.nodes[0]!;
    const agent = await startAgent({ secrets: { 'r:seed': `${node.host}:${node.port}` } });
    node.injectFaults({ partitionResults: new Map([[4000, 4]]) });
    try {
      const seed = ['--sa-address', agent.address, '-h', 'secrets:r:seed'];
      const { code, stderr } = await start(cluster, ['-d', path, '--manifest', '--max-retries', '0', ...seed]).done;
      expect(code, stderr).toBe(1);
    } finally {
      node.clearFaults();
      await agent.close();
    }
    const { manifest } = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as { manifest: Listed };
    expect(manifest.state).toBe('FAILED');
    expect(manifest.reason).toMatch(/^1 partition.* could not be read .*: The scan on <secrets:r:seed> failed: /);
  });

  it('of an encrypted file that lost its checksums while it was rewritten gets them again', async () => {
    const path = `${fresh()}.asb`;
    const manifest = `${path}.manifest.json`;
    const slow = start(cluster, ['-o', path, '--manifest', ...ENCRYPTED, '-L', '1000', '--checkpoint-interval', '1']);
    const read = (): { counters: { records: number }; files: { tail?: string; blocks?: unknown }[] } =>
      JSON.parse(readFileSync(manifest, 'utf8')) as ReturnType<typeof read>;
    while (!existsSync(manifest) || read().counters.records === 0) await sleep(5);
    slow.child.kill('SIGKILL');
    await slow.done;
    // What a run leaves that was killed after the rewriting and before it had saved anything.
    const state = read() as ReturnType<typeof read> & { hmac?: string };
    delete state.hmac;
    delete state.files[0]!.tail;
    delete state.files[0]!.blocks;
    writeFileSync(manifest, sealState(state));
    const { code, stderr } = await start(cluster, ['-o', path, ...ENCRYPTED, '-c', manifest]).done;
    expect(code, stderr).toBe(0);
    expect(await problems(path, '--encrypt', 'aes256', '--encryption-key-file', KEY)).toBe('');
  });

  it('of another backup in the same directory is not replaced', async () => {
    const path = fresh();
    await backUp(path);
    const before = readFileSync(join(path, 'manifest.json'));
    const { code, stderr } = await start(cluster, ['-d', path, '--manifest', '-q', 'other', '-r']).done;
    expect([code, stderr]).toEqual([1, expect.stringContaining('manifest of another backup')]);
    expect(readFileSync(join(path, 'manifest.json'))).toEqual(before);
  });
});

describe('asb verify', () => {
  it('finds a changed byte anywhere in a file, and names file and bytes', async () => {
    const path = fresh();
    await backUp(path, '-z', 'zstd');
    const file = join(path, 'test_00000.asb');
    const whole = readFileSync(file);
    for (const at of [0, Math.floor(whole.length / 3), whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      writeFileSync(file, changed);
      expect(await problems(path, '--checksums-only'), `byte ${at}`).toMatch(
        /test_00000\.asb: Block 0, bytes 0 to \d+/,
      );
    }
  });

  it('finds a file that is missing, cut, swapped with another, copied, or of another backup', async () => {
    const path = fresh();
    await backUp(path, ...SEVERAL_FILES);
    const [a, b] = [join(path, 'test_00000.asb'), join(path, 'test_00001.asb')];
    const [first, second] = [readFileSync(a), readFileSync(b)];
    rmSync(b);
    expect(await problems(path)).toContain('test_00001.asb: The file is missing');
    writeFileSync(b, second.subarray(0, -10));
    expect(await problems(path)).toMatch(/The file has \d+ byte\(s\), but \d+ were written/);
    writeFileSync(b, first);
    writeFileSync(a, second);
    expect(await problems(path, '--checksums-only')).toContain('test_00000.asb: ');
    renameSync(a, `${a}.old`);
    renameSync(b, a);
    renameSync(`${a}.old`, b);
    expect(await problems(path)).toBe('');
    copyFileSync(a, join(path, 'test_00007.asb'));
    copyFileSync(a, join(path, 'else_00000.asb'));
    const found = await problems(path, '--checksums-only');
    expect(found).toContain('test_00007.asb: The manifest does not know the file');
    expect(found).toContain('else_00000.asb: The file belongs to another backup');
  });

  it('finds a manifest that was changed together with the files, if it has the key', async () => {
    const path = fresh();
    await backUp(path, ...ENCRYPTED);
    const file = join(path, 'manifest.json');
    const { checksum, hmac, ...json } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect([checksum, hmac].every((text) => typeof text === 'string')).toBe(true);
    (json.manifest as { started: string }).started = '2020-01-01T00:00:00.000Z';
    const forged = createHash('sha256').update(JSON.stringify(json)).digest('hex');
    writeFileSync(file, JSON.stringify({ ...json, hmac, checksum: forged }));
    expect(await problems(path, '--checksums-only')).toBe('');
    const key = ['--encrypt', 'aes256', '--encryption-key-file', KEY];
    expect(await problems(path, ...key)).toContain('without the encryption key');
  });

  it('reads no file outside of the backup, waits for no pipe, and prints no escape sequence of a manifest', async () => {
    const path = fresh();
    await backUp(path);
    const file = join(path, 'manifest.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as { files: { name: string }[]; manifest: object };
    json.files[0]!.name = '../../../../dev/zero';
    json.manifest = { ...json.manifest, reason: '\u001b[31m\u009b1m' };
    writeFileSync(file, sealState(json));
    expect(await problems(path, '--checksums-only')).toContain('not in the directory of the backup');
    json.files[0]!.name = 'pipe_00000.asb';
    execFileSync('mkfifo', [join(path, 'pipe_00000.asb')]);
    writeFileSync(file, sealState(json));
    expect(await problems(path, '--checksums-only')).toContain('pipe_00000.asb: The file is missing');
    for (const args of [[], ['--json']]) {
      const { stdout } = await asb('show', path, ...args);
      // eslint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/[\x1b\x9b]/);
      expect(stdout).toContain('[31m');
    }
  });

  it('checks a backup whose prefix names a directory', async () => {
    const path = fresh();
    mkdirSync(join(path, 'sub'), { recursive: true });
    await backUp(path, '-q', 'sub/test');
    expect(await problems(path)).toBe('');
  });

  it('says that the records of an encrypted backup were not read without its key', async () => {
    const path = fresh();
    await backUp(path, ...ENCRYPTED);
    expect(await problems(path)).toContain('no key was given');
  });
});

describe('asrestore', () => {
  it('finds the loss of the last file of a backup with a manifest, which nothing else shows', async () => {
    const path = fresh();
    await backUp(path, ...SEVERAL_FILES);
    rmSync(join(path, 'test_00002.asb'));
    const { host, port } = cluster.nodes[0]!;
    for (const args of [['--validate'], ['-h', host, '-p', String(port)]]) {
      const { code, stderr } = await asrestore(...args, '-d', path);
      expect([code, stderr]).toEqual([1, expect.stringContaining('test_00002.asb is missing')]);
    }
  });
});

describe('asrestore of a single file', () => {
  it.each([
    ['with a manifest that was cut between two records', ['--manifest'], 'was cut: it has '],
    [
      'that was interrupted',
      ['--max-retries', '0', '--checkpoint-interval', '1'],
      'is of a backup that was interrupted',
    ],
  ])('%s restores what is there, and is no success', async (_, args, message) => {
    const path = `${fresh()}.asb`;
    const node = cluster.nodes[0]!;
    if (!args.includes('--manifest')) node.injectFaults({ partitionResults: new Map([[4000, 4]]) });
    await start(cluster, ['-o', path, ...args]).done;
    node.clearFaults();
    if (args.includes('--manifest')) {
      const text = readFileSync(path, 'latin1');
      writeFileSync(path, text.slice(0, text.lastIndexOf('\n+ n ') + 1), 'latin1');
    }
    for (const mode of [['--validate'], ['-h', node.host, '-p', String(node.port)]]) {
      const { code, stderr } = await asrestore(...mode, '-i', path);
      expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    }
    const { code, stderr } = await asrestore(
      ...['-h', node.host, '-p', String(node.port), '-i', path, '--allow-incomplete'],
    );
    expect(code, stderr).toBe(0);
  });
});

describe('asb list', () => {
  it('lists backups with and without manifest, and a damaged one beside the others', async () => {
    const root = fresh();
    await start(cluster, ['-d', root]).done;
    rmSync(join(root, 'test_00000.asb'));
    await backUp(join(root, 'a'));
    await backUp(join(root, 'b'), '-a', '2000-01-01');
    await start(cluster, ['-d', join(root, 'c')]).done;
    await backUp(join(root, 'd'));
    writeFileSync(join(root, 'd', 'manifest.json'), '{"format": "asbackup-state"');
    const found = await list(root);
    expect(found.map(({ state }) => state).sort()).toEqual(['COMPLETED', 'COMPLETED', 'DAMAGED', 'UNKNOWN']);
    expect(found.find(({ state }) => state === 'DAMAGED')).toMatchObject({ id: 'd' });
    expect(found.filter(({ type }) => type === 'incremental')).toHaveLength(1);
    expect((await list(root, '--state', 'completed')).map(({ records }) => records)).toEqual([RECORDS, RECORDS]);
    expect(await list(root, '--from', '2100-01-01')).toEqual([]);
    const { stdout } = await asb('list', root);
    expect(stdout.split('\n')[0]).toMatch(/^ID +STATE +TYPE +PARENT +STARTED +NAMESPACES +RECORDS +BYTES$/);
  });

  it('reports a root that does not exist', async () => {
    const { code, stderr } = await asb('list', join(work.path, 'nothing'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing')]);
  });
});

describe('asb hold', () => {
  it('marks a backup until it is released', async () => {
    const path = fresh();
    await backUp(path);
    expect(await asb('hold', path, '--reason', 'audit')).toMatchObject({ code: 0, stderr: '' });
    expect(await list(path)).toMatchObject([{ held: true }]);
    expect((await asb('hold', path)).stderr).toContain('is held already');
    expect((await asb('release', path)).code).toBe(0);
    expect(await list(path)).toMatchObject([{ held: false }]);
    expect((await asb('release', path)).stderr).toContain('is not held');
  });
});

describe('a backup that is held', () => {
  it.each([
    ['directory', ''],
    ['file', '.asb'],
  ])('as a %s is neither replaced nor removed', async (_, suffix) => {
    const path = fresh() + suffix;
    await backUp(path);
    await asb('hold', path);
    const target = suffix === '' ? '-d' : '-o';
    for (const args of [
      [target, path, '-r'],
      ['--remove-artifacts', target, path],
    ]) {
      const { code, stderr } = await start(cluster, args).done;
      expect([code, stderr]).toEqual([1, expect.stringContaining('asb release')]);
    }
    expect(await problems(path)).toBe('');
  });
});

describe('a backup of several namespaces that is held', () => {
  it('is neither replaced nor removed in one of them', async () => {
    const root = fresh();
    mkdirSync(root);
    const made = await asb('backup', root, '--id', 'whole', '-n', 'test', '-p', String(cluster.seed.port));
    expect(made.code, made.stderr).toBe(0);
    const path = join(root, 'whole');
    await asb('hold', path);
    for (const args of [
      ['-d', join(path, 'test'), '-r'],
      ['--remove-artifacts', '-d', join(path, 'test')],
    ]) {
      const { code, stderr } = await start(cluster, args).done;
      expect([code, stderr]).toEqual([1, expect.stringContaining('asb release')]);
    }
    expect(await list(root)).toMatchObject([{ id: 'whole', state: 'COMPLETED', held: true }]);
  });
});

describe('a manifest', () => {
  it.each([
    ['directory', '', []],
    ['directory with a prefix', '', ['-q', 'mine']],
    ['file', '.asb', []],
  ])('of a %s goes with the backup that is replaced without one', async (_, suffix, args) => {
    const path = fresh() + suffix;
    await backUp(path, ...args);
    const target = suffix === '' ? '-d' : '-o';
    const { code, stderr } = await start(cluster, [target, path, ...args, '-r', '-s', 'large']).done;
    expect(code, stderr).toBe(0);
    expect(existsSync(suffix === '' ? join(path, 'manifest.json') : `${path}.manifest.json`)).toBe(false);
  });

  it('that is all that is left of a backup can be removed', async () => {
    const path = fresh();
    await backUp(path);
    rmSync(join(path, 'test_00000.asb'));
    for (const name of readdirSync(path)) if (name.endsWith('.asb')) rmSync(join(path, name));
    const { code, stderr } = await start(cluster, ['--remove-artifacts', '-d', path]).done;
    expect(code, stderr).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});

describe('asb merge', () => {
  it('makes a backup that asb verify finds sound, and takes none that has lost a file', async () => {
    const path = fresh();
    await backUp(path, ...SEVERAL_FILES, ...ENCRYPTED);
    const key = ['--encrypt', 'aes256', '--encryption-key-file', KEY];
    const merged = fresh();
    const { code, stderr } = await asb('merge', path, '-o', merged, ...key);
    expect(code, stderr).toBe(0);
    expect(await problems(merged, ...key)).toBe('');
    rmSync(join(path, 'test_00000.asb'));
    for (const args of [
      ['merge', path, '-o', fresh()],
      ['export', path],
      ['diff', path, merged],
    ]) {
      const ran = await asb(...args, ...key);
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('test_00000.asb is missing')]);
    }
  });
});

describe('asb', () => {
  it('names its commands, and the one that was probably meant', async () => {
    const help = await asb('--help');
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('verify')]);
    const typo = await asb('verfy', 'x');
    expect([typo.code, typo.stderr]).toEqual([1, expect.stringContaining('did you mean verify?')]);
    const missing = await asb('show');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('BACKUP is missing')]);
  });
});
