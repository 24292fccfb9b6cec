/** Interrupted backups: whatever ends a run, --continue finishes it, with every record exactly once. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealState } from '../support/state.js';
import { openTarget, readBackup, readRecords, run, scratch, type Target } from '../support/target.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
const KEY = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
const RECORDS = 60_000;
/** What a worker collects before it writes. */
const CHUNK_BYTES = 1 << 20;

let target: Target;
const folder = scratch();
let expected = new Set<string>();

beforeAll(async () => {
  target = await openTarget();
  await target.empty();
  const input = join(folder.path, 'input.asb');
  const lines = ['Version 3.1\n# namespace test\n# first-file\n* i test big idx N 1 n N\n'];
  for (let i = 0; i < RECORDS; i++) {
    const digest = Buffer.alloc(20);
    digest.writeUInt32LE((i * 2_654_435_761) >>> 0, 0);
    digest.writeUInt32LE(i, 8);
    lines.push(
      `+ n test\n+ d ${digest.toString('base64')}\n+ s big\n+ g 1\n+ t 0\n+ b 2\n- I n ${i}\n- S s 88 ${createHash('sha512').update(String(i)).digest('base64')}\n`,
    );
  }
  writeFileSync(input, lines.join(''));
  const restored = await run('asrestore', [...target.args, '-i', input]);
  expect(restored.code, restored.stderr).toBe(0);
  expected = new Set(readRecords([readFileSync(input)]).keys());
});
afterAll(async () => {
  await target.close();
  folder.remove();
});

/** The moment of a run that a signal hits. */
type Moment = (run: { log: string; args: readonly string[] }) => boolean;

/** The first scan has begun. */
const SCANNING: Moment = ({ log }) => log.includes('Starting backup for');

/** The files have grown: there is something to keep. */
function writing(args: readonly string[]): Moment {
  const before = writtenBytes(args);
  return () => writtenBytes(args) > before + 1000;
}

function writtenBytes(args: readonly string[]): number {
  const directory = args.indexOf('-d');
  const path = args[(directory >= 0 ? directory : args.indexOf('-o')) + 1]!;
  if (!existsSync(path)) return 0;
  if (directory < 0) return statSync(path).size;
  const names = readdirSync(path).filter((name) => name.endsWith('.asb'));
  return names.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

/** So many files of the directory have something in them. */
function writingFiles(directory: string, count: number): Moment {
  const isBegun = (name: string): boolean => name.endsWith('.asb') && statSync(join(directory, name)).size > 1000;
  return () => existsSync(directory) && readdirSync(directory).filter(isBegun).length >= count;
}

/** The state names records that an earlier run had not saved. */
function savedMoreThan(records: number): Moment {
  return ({ args }) => savedRecords(args) > records;
}

function statePath(args: readonly string[]): string {
  const given = args.indexOf('--state-file-dst');
  if (given >= 0) return args[given + 1]!;
  const directory = args.indexOf('-d');
  return directory >= 0 ? join(args[directory + 1]!, 'test.asb.state') : `${args[args.indexOf('-o') + 1]!}.state`;
}

/** 0 without a state. */
function savedRecords(args: readonly string[]): number {
  try {
    return (JSON.parse(readFileSync(statePath(args), 'utf8')) as { counters: { records: number } }).counters.records;
  } catch {
    return 0;
  }
}

/** Starts a backup that a limit makes slow enough to be hit, and ends it with `signal` at `moment`. */
async function interrupt(
  args: string[],
  signal: NodeJS.Signals,
  moment: Moment = writing(args),
): Promise<{ code: number | null; log: string }> {
  const child = spawn(process.execPath, [ASBACKUP, ...args, '-N', '3'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  while (!moment({ log, args }) && child.exitCode === null) await sleep(5);
  child.kill(signal);
  return { code: await exited, log };
}

let runs = 0;
const freshPath = (): string => join(folder.path, `backup${runs++}`);

async function checkComplete(paths: string[], flags: string[]): Promise<void> {
  if (flags.length === 0) {
    const found = readRecords(paths.flatMap((path) => readBackup(path)));
    expect(found.size).toBe(expected.size);
    expect([...found.keys()].every((digest) => expected.has(digest))).toBe(true);
  }
  // Whatever the files look like, a restore into an empty namespace tells: nothing missing, nothing twice.
  await target.client.infoAll('truncate-namespace:namespace=restored');
  await sleep(5);
  for (const path of paths) {
    const source = path.endsWith('.asb') ? '-i' : '-d';
    const restored = await run('asrestore', [...target.args, '-n', 'test,restored', source, path, ...flags]);
    expect(restored.code, restored.stderr).toBe(0);
    expect(restored.stderr).toContain(`inserted ${RECORDS}: failed 0 (existed 0 , fresher 0)`);
  }
}

const CRYPT = ['-y', 'aes256', '--encryption-key-file', KEY];
const MODES: [name: string, flags: string[], kind: 'directory' | 'file'][] = [
  ['plain', [], 'directory'],
  ['zstd and aes256', ['-z', 'zstd', ...CRYPT], 'file'],
];

/** On a real cluster, too; torture.test.ts does more of it. The options are those that a restore takes, too. */
describe('killed without warning, again and again', () => {
  for (const [name, flags, kind] of MODES) {
    it(`${name}, ${kind}`, async () => {
      const path = kind === 'directory' ? freshPath() : `${freshPath()}.asb`;
      const state = kind === 'directory' ? join(path, 'test.asb.state') : `${path}.state`;
      const args = [...target.args, '-n', 'test', kind === 'directory' ? '-d' : '-o', path, ...flags, '-w', '2'];
      args.push('-F', '1', '--checkpoint-interval', '1');
      let kills = 0;
      while (kills < 4) {
        const more = existsSync(state) ? ['--continue', state] : ['-r'];
        // At the start of the first scan, and after one more checkpoint.
        const moment = kills % 2 === 0 ? SCANNING : savedMoreThan(savedRecords(args));
        const { code } = await interrupt([...args, ...more], 'SIGKILL', moment);
        if (code === 0) break;
        kills++;
      }
      expect(kills).toBeGreaterThan(0);
      const more = existsSync(state) ? ['--continue', state] : ['-r'];
      const finished = await run('asbackup', [...args, ...more]);
      expect(finished.code, finished.stderr).toBe(0);
      expect(finished.stderr).toContain(`Backed up ${RECORDS} record(s), 1 secondary index(es)`);
      expect(existsSync(state)).toBe(false);
      await checkComplete([path], flags);
    });
  }
});

describe('stopped by a signal', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal}: stops, reports how to continue, and is continued with other workers`, async () => {
      const path = freshPath();
      const args = [...target.args, '-n', 'test', '-d', path];
      const { code, log } = await interrupt([...args, '-w', '3'], signal);
      expect(code).toBe(1);
      const state = join(path, 'test.asb.state');
      expect(log).toContain(`Created backup state file ${state}`);
      expect(log).toContain(`--continue ${state}`);
      expect(statSync(state).mode & 0o777).toBe(0o600);
      const finished = await run('asbackup', [...args, '-w', '1', '--continue', state]);
      expect(finished.code, finished.stderr).toBe(0);
      expect(finished.stderr).toContain(`Backed up ${RECORDS} record(s)`);
      await checkComplete([path], []);
    });
  }

  it('nothing is written twice: what was handled before the signal is kept', async () => {
    const path = freshPath();
    const args = [...target.args, '-n', 'test', '-d', path, '--checkpoint-interval', '0'];
    await interrupt(args, 'SIGINT');
    const state = JSON.parse(readFileSync(join(path, 'test.asb.state'), 'utf8')) as { counters: { records: number } };
    expect(state.counters.records).toBe(readRecords(readBackup(path)).size);
    expect(state.counters.records).toBeGreaterThan(0);
  });
});

describe('what a crash can leave behind', () => {
  it('one file: a checkpoint keeps what was read until then, not only what filled a chunk', async () => {
    const path = `${freshPath()}.asb`;
    const args = [...target.args, '-n', 'test', '-o', path, '-L', '500', '--checkpoint-interval', '2'];
    const child = spawn(process.execPath, [ASBACKUP, ...args], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('close', resolve));
    const state = `${path}.state`;
    while (!existsSync(state)) await sleep(10);
    const saved = (): number =>
      (JSON.parse(readFileSync(state, 'utf8')) as { counters: { records: number } }).counters.records;
    while (saved() === 0 && child.exitCode === null) await sleep(20);
    child.kill('SIGKILL');
    await exited;
    expect(saved()).toBeGreaterThan(0);
    expect(statSync(path).size).toBeLessThan(CHUNK_BYTES);
  });

  it('file 1 durable, but not file 0: the indexes are not lost with it', async () => {
    const path = freshPath();
    const state = join(path, 'test.asb.state');
    const args = [...target.args, '-n', 'test', '-d', path, '-w', '2'];
    await interrupt(args, 'SIGINT', writingFiles(path, 2));
    // As if the machine had gone down when only the second worker had made its file durable.
    const json = JSON.parse(readFileSync(state, 'utf8')) as {
      files: { name: string; bytes: number }[];
      partitions: { done: string; after: Record<string, string> };
      counters: { records: number; bytes: number };
    };
    const kept = json.files.filter(({ name }) => name !== 'test_00000.asb');
    expect(kept).toHaveLength(1);
    const held = new Set([...readRecords([readFileSync(join(path, kept[0]!.name))]).keys()]);
    const partitions = new Set([...held].map((digest) => Buffer.from(digest, 'base64').readUInt16LE(0) & 0xfff));
    const inKept = (id: string): boolean => partitions.has(Number(id));
    json.partitions.after = Object.fromEntries(Object.entries(json.partitions.after).filter(([id]) => inKept(id)));
    const done = json.partitions.done.split(',').flatMap((range) => {
      const [first, last] = range.split('-').map(Number);
      return range === '' ? [] : Array.from({ length: (last ?? first!) - first! + 1 }, (_, i) => first! + i);
    });
    json.partitions.done = done.filter((id) => partitions.has(id)).join(',');
    json.files = kept;
    json.counters = { ...json.counters, records: held.size, bytes: kept[0]!.bytes };
    writeFileSync(state, sealState({ ...(JSON.parse(readFileSync(state, 'utf8')) as object), ...json }));

    const finished = await run('asbackup', [...args, '--continue', state]);
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain(`Backed up ${RECORDS} record(s), 1 secondary index(es)`);
    expect(readFileSync(join(path, 'test_00000.asb'), 'latin1')).toContain('* i test big idx');
    await checkComplete([path], []);
  });

  it('one encrypted file with bytes behind the checkpoint gets another vector, so that no counter is used twice', async () => {
    const path = `${freshPath()}.asb`;
    const args = [...target.args, '-n', 'test', '-o', path, ...CRYPT];
    await interrupt(args, 'SIGINT');
    const before = readFileSync(path);
    const more = ['--continue', `${path}.state`];
    // As if the run had been killed after it wrote on: a copy of the file may have these bytes.
    writeFileSync(path, Buffer.concat([before, Buffer.alloc(1000, 0x5a)]), { mode: 0o640 });
    const { mode } = statSync(path);
    const finished = await run('asbackup', [...args, ...more]);
    expect(finished.code, finished.stderr).toBe(0);
    const after = readFileSync(path);
    expect(after.subarray(0, 16).equals(before.subarray(0, 16))).toBe(false);
    expect(after.subarray(16, before.length).equals(before.subarray(16))).toBe(false);
    expect(statSync(path).mode).toBe(mode);
    const own = readdirSync(folder.path).filter((name) => name.startsWith(basename(path)));
    expect(own.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await checkComplete([path], CRYPT);
  });

  it('one encrypted file that ends at the checkpoint keeps its vector', async () => {
    const path = `${freshPath()}.asb`;
    const args = [...target.args, '-n', 'test', '-o', path, ...CRYPT];
    await interrupt(args, 'SIGINT');
    const before = readFileSync(path);
    const finished = await run('asbackup', [...args, '--continue', `${path}.state`]);
    expect(finished.code, finished.stderr).toBe(0);
    expect(readFileSync(path).subarray(0, before.length).equals(before)).toBe(true);
  });

  it('an output file that is spelt in another way each time: every run goes on where the last one stopped', async () => {
    const name = `backup${runs++}.asb`;
    const state = join(folder.path, `${name}.state`);
    const args = [...target.args, '-n', 'test', '-w', '1', '--state-file-dst', state];
    await interrupt([...args, '-o', join(folder.path, name)], 'SIGINT');
    await interrupt([...args, '-o', `${folder.path}/./${name}`, '--continue', state], 'SIGINT');
    const finished = await run('asbackup', [...args, '-o', `${folder.path}//${name}`, '--continue', state]);
    expect(finished.code, finished.stderr).toBe(0);
    await checkComplete([join(folder.path, name)], []);
  });

  it('a record limit holds over all runs, although some jobs are done', async () => {
    const path = freshPath();
    const state = join(path, 'test.asb.state');
    const args = [...target.args, '-n', 'test', '-d', path, '-w', '4', '-M', '50000'];
    await interrupt(args, 'SIGINT');
    const finished = await run('asbackup', [...args, '--continue', state]);
    expect(finished.code, finished.stderr).toBe(0);
    expect(readRecords(readBackup(path)).size).toBe(50_000);
  });

  it('a record limit that other files have reached, still leaves the first file with the indexes to be written', async () => {
    const path = freshPath();
    const state = join(path, 'test.asb.state');
    const args = [...target.args, '-n', 'test', '-d', path, '-w', '2'];
    await interrupt([...args, '-M', '50000'], 'SIGINT', writingFiles(path, 2));
    const saved = JSON.parse(readFileSync(state, 'utf8')) as {
      files: { name: string; records: number; bytes: number }[];
      counters: { records: number; bytes: number };
    };
    const first = saved.files.find(({ name }) => name.endsWith('test_00000.asb'))!;
    const { records, bytes } = saved.counters;
    const left = records - first.records;
    const files = saved.files.filter((file) => file !== first);
    const counters = { ...saved.counters, records: left, bytes: bytes - first.bytes };
    writeFileSync(state, sealState({ ...saved, files, counters }));
    rmSync(join(path, 'test_00000.asb'));
    expect(left).toBeGreaterThan(0);
    const finished = await run('asbackup', [...args, '-M', String(left), '--continue', state]);
    expect(finished.code, finished.stderr).toBe(0);
    expect(readRecords(readBackup(path)).size).toBe(left);
    expect(readFileSync(join(path, 'test_00000.asb'), 'latin1')).toMatch(/# first-file\n\* i test big idx/);
  });
});

describe('a state file that does not fit', () => {
  let path = '';
  let state = '';
  let args: string[] = [];
  const snapshot = (): Map<string, string> =>
    new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'latin1')]));

  beforeAll(async () => {
    path = freshPath();
    state = join(path, 'test.asb.state');
    args = [...target.args, '-n', 'test', '-d', path];
    await interrupt([...args, '-w', '2'], 'SIGINT');
  });

  it.each<[string, string[], RegExp]>([
    ['other sets', ['-s', 'big'], /sets was none, now big/],
    ['compressed now', ['-z', 'zstd'], /compress was none, now zstd/],
    ['encrypted now', CRYPT, /encrypt was none, now aes256/],
    ['compact now', ['-C'], /compact was false, now true/],
    ['other partitions', ['-X', '0-100'], /partition-list/],
    ['fewer records than there are', ['-M', '1'], /The limit of 1 record\(s\) is below/],
  ])('%s: refused, and nothing is changed', async (_, more, message) => {
    const before = snapshot();
    const ran = await run('asbackup', [...args, '--continue', state, ...more]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(message);
    expect(snapshot()).toEqual(before);
  });

  it('of another program, damaged, or missing: refused, and nothing is changed', async () => {
    const before = snapshot();
    const other = join(folder.path, 'other.state');
    for (const [bytes, message] of [
      [Buffer.alloc(90_000), /C tool/],
      [readFileSync(state).subarray(0, 200), /damaged/],
    ] as const) {
      writeFileSync(other, bytes);
      const ran = await run('asbackup', [...args, '--continue', other]);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(message);
    }
    expect((await run('asbackup', [...args, '--continue', join(folder.path, 'none')])).stderr).toMatch(/no such file/);
    expect(snapshot()).toEqual(before);
  });

  it('of another program where a new backup would keep its own: it stays, and what to do is said', async () => {
    const file = join(folder.path, 'new.asb');
    writeFileSync(`${file}.state`, 'notes');
    const ran = await run('asbackup', [...target.args, '-n', 'test', '-o', file]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('is not a state file of this program. Name another file with --state-file-dst.');
    expect(readFileSync(`${file}.state`, 'utf8')).toBe('notes');
    expect(existsSync(file)).toBe(false);
  });

  it('a data file that is missing or shorter than it was: refused, and nothing is changed', async () => {
    const file = join(path, 'test_00000.asb');
    const bytes = readFileSync(file);
    truncateSync(file, bytes.length - 1);
    const before = snapshot();
    const ran = await run('asbackup', [...args, '--continue', state]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/test_00000\.asb has \d+ bytes, but had \d+/);
    expect(snapshot()).toEqual(before);
    writeFileSync(file, bytes);
  });

  it('with the right options it goes on, though the directory is spelt otherwise', async () => {
    const ran = await run('asbackup', [...target.args, '-n', 'test', '-d', `${path}/.`, '--continue', state]);
    expect(ran.code, ran.stderr).toBe(0);
    await checkComplete([path], []);
  });
});
