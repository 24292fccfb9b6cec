/** What goes wrong in practice: one clear line, exit code 1, and nothing half-done left unmentioned. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTarget, run, scratch, type Ran, type Target } from '../support/target.js';

let target: Target;
const folder = scratch();

beforeAll(async () => {
  target = await openTarget();
});
afterAll(async () => {
  await target.close();
  folder.remove();
});
beforeEach(() => target.empty());

/** Exit code 1 and exactly one line that says `expected`, before the one that sums up. */
function expectError(ran: Ran, expected: RegExp): void {
  const lines = ran.stderr.split('\n').filter((line) => !line.includes('[INF]') && expected.test(line));
  expect(
    lines.filter((line) => !line.includes('The first fault: ')),
    ran.stderr,
  ).toHaveLength(1);
  expect(ran.code).toBe(1);
  expect(ran.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
}

const RECORD = (i: number, value = String(i)): string => {
  const digest = Buffer.alloc(20, i + 1).toString('base64');
  return `+ n test\n+ d ${digest}\n+ s bad\n+ g 1\n+ t 0\n+ b 1\n- I n ${value}\n`;
};
const HEADER = 'Version 3.1\n# namespace test\n# first-file\n';

describe('asbackup', () => {
  const out = join(folder.path, 'never');

  it.each<[string, string[], RegExp]>([
    ['an unknown option', ['-n', 'test', '-d', out, '--paralel', '2'], /--paralel.*did you mean --parallel/],
    ['a number that is none', ['-n', 'test', '-d', out, '-w', 'two'], /--parallel/],
    ['a number out of range', ['-n', 'test', '-d', out, '-w', '101'], /--parallel/],
    ['no namespace', ['-d', out], /--namespace/],
    ['two targets', ['-n', 'test', '-d', out, '-o', `${out}.asb`], /--directory.*--output-file/],
    ['a namespace that the server does not have', ['-n', 'nope', '-d', out], /"nope".*test/],
  ])('%s', async (_, args, expected) => {
    expectError(await run('asbackup', [...target.args, ...args]), expected);
    expect(existsSync(out)).toBe(false);
    expect(existsSync(`${out}.asb`)).toBe(false);
  });

  it('a host that does not answer', async () => {
    expectError(
      await run('asbackup', ['-h', '127.0.0.1', '-p', '1', '-n', 'test', '-d', out]),
      /\[ERR\].*127\.0\.0\.1:1\b/,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('a directory that holds a backup: it is left as it is', async () => {
    const full = join(folder.path, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'other_00000.asb'), 'kept');
    expectError(
      await run('asbackup', [...target.args, '-n', 'test', '-d', full]),
      /full.*other_00000\.asb.*--remove-files/,
    );
    expect(readdirSync(full)).toEqual(['other_00000.asb']);
  });

  it('an output file that exists: it is left as it is', async () => {
    const file = join(folder.path, 'exists.asb');
    writeFileSync(file, 'kept');
    expectError(await run('asbackup', [...target.args, '-n', 'test', '-o', file]), /exists\.asb.*--remove-files/);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  it.each(['no-suffix', 'backup.gz', 'x.asb'])('an output file of any name (%s) can be replaced', async (name) => {
    const file = join(folder.path, `old-${name}`);
    writeFileSync(file, 'old');
    const { code, stderr } = await run('asbackup', [...target.args, '-n', 'test', '-o', file, '-r', '--manifest']);
    expect(code, stderr).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^Version 3\.1\n/);
    // A backup of the same name, and its manifest, are replaced as well.
    const again = await run('asbackup', [...target.args, '-n', 'test', '-o', file, '-r', '--manifest']);
    expect(again.code, again.stderr).toBe(0);
    const removed = await run('asbackup', [...target.args, '-n', 'test', '-o', file, '--remove-artifacts']);
    expect(removed.code, removed.stderr).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('a directory with the name of a backup file can be replaced', async () => {
    const path = join(folder.path, 'directory.asb');
    for (const args of [[], ['-r'], ['--remove-artifacts']]) {
      const { code, stderr } = await run('asbackup', [...target.args, '-n', 'test', '-d', path, ...args]);
      expect(code, stderr).toBe(0);
    }
    expect(existsSync(path)).toBe(false);
  });

  it('a directory whose parent does not exist', async () => {
    const path = join(folder.path, 'no', 'such');
    expectError(await run('asbackup', [...target.args, '-n', 'test', '-d', path]), /\[ERR\].*such/);
  });
});

describe('asrestore', () => {
  const file = join(folder.path, 'input.asb');
  const restoreFile = (text: string | Buffer): Promise<Ran> => {
    writeFileSync(file, text);
    return run('asrestore', [...target.args, '-i', file]);
  };

  it.each<[string, string[], RegExp]>([
    ['nothing to restore from', [], /--directory|--input-file/],
    ['two sources', ['-d', '/nowhere', '-i', '/nowhere.asb'], /--directory.*--input-file/],
    ['a directory that does not exist', ['-d', '/nowhere/at/all'], /\/nowhere\/at\/all/],
    ['a file that does not exist', ['-i', '/nowhere.asb'], /\/nowhere\.asb/],
    ['--unique together with --replace', ['-i', '/nowhere.asb', '-u', '-r'], /--unique/],
  ])('%s', async (_, args, expected) => {
    expectError(await run('asrestore', [...target.args, ...args]), expected);
  });

  it('a directory without backup files', async () => {
    const empty = join(folder.path, 'empty-directory');
    mkdirSync(empty);
    expectError(await run('asrestore', [...target.args, '-d', empty]), /\[ERR\].*empty-directory/);
  });

  it('a file that is not a backup', async () => {
    expectError(await restoreFile('PK\x03\x04 this is a zip archive'), /\[ERR\].*input\.asb:1:1\b/);
  });

  it('an empty file: it is named, and it still exists afterwards', async () => {
    expectError(await restoreFile(''), /\[ERR\].*input\.asb.*empty/);
    expect(existsSync(file)).toBe(true);
  });

  it('a file cut in the middle of a record: what stands before is restored, the place is named', async () => {
    const text = HEADER + RECORD(1) + RECORD(2);
    const ran = await restoreFile(text.slice(0, -5));
    expectError(ran, /\[ERR\].*input\.asb:17:\d+/);
    expect(ran.stderr).toMatch(/inserted 1: failed 0/);
  });

  it('a corrupt line in the middle: line, column and byte are named, and how much was written', async () => {
    const text = HEADER + RECORD(1) + RECORD(2, '12x') + RECORD(3);
    const offset = text.indexOf('12x') + 2;
    const ran = await restoreFile(text);
    expectError(ran, new RegExp(`\\[ERR\\].*input\\.asb:17:9\\b.*${offset}`));
    expect(ran.stderr).toMatch(/inserted 1: failed 0/);
  });

  it('an index that cannot be created: the records of its file are restored all the same, the exit code is 1', async () => {
    const bad = '* i test bad idx_bad K 1 bin G\n';
    const ran = await restoreFile(HEADER + bad + RECORD(1) + RECORD(2));
    expect(ran.code, ran.stderr).toBe(1);
    expect(ran.stderr).toMatch(/\[ERR\].*idx_bad/);
    expect(ran.stderr).toMatch(/inserted 2: failed 0/);
  });

  it('a UDF module that does not compile: the records of its file are restored all the same', async () => {
    const ran = await restoreFile(`${HEADER}* u L noextension 3 x =\n${RECORD(1)}`);
    if (ran.code === 0) return; // A server that does not look into modules takes it.
    expect(ran.stderr).toMatch(/\[ERR\].*noextension/);
    expect(ran.stderr).toMatch(/inserted 1: failed 0/);
  });

  it('a namespace that the server does not have: no record is claimed to be restored', async () => {
    const ran = await restoreFile((HEADER + RECORD(1)).replaceAll('test', 'nope'));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/\[ERR\].*nope/);
    expect(ran.stderr).not.toMatch(/inserted 1:/);
  });
});
