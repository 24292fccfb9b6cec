/** --validate: whatever would be lost by a restore must be found without a server, and nothing may be touched. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ValidateError } from '../../dist/engine/verify/validate.js';
import {
  Bench,
  GOLDEN,
  HEAD,
  LATER_HEAD,
  record,
  records,
  validate,
  type ValidateOptions,
} from '../support/restore.js';
import { run } from '../support/target.js';

const bench = new Bench();

function options(path: string, more: Partial<ValidateOptions> = {}): ValidateOptions {
  const { source, parallel, log, storages } = bench.options(path);
  return { source, parallel, log, storages, ...more };
}

async function faults(path: string, more: Partial<ValidateOptions> = {}): Promise<ValidateError> {
  const error: unknown = await validate(options(path, more)).catch((reason: unknown) => reason);
  if (!(error instanceof ValidateError)) throw new Error(`no fault was found: ${JSON.stringify(error)}`);
  return error;
}

/** A copy of the golden backup of four files. */
function copy(): string {
  const path = bench.fresh('copy');
  cpSync(join(GOLDEN, 'parallel4'), path, { recursive: true });
  return path;
}

describe('a backup without a fault', () => {
  it.each([
    ['plain', 1, 200, 8, 2],
    ['parallel4', 4, 200, 8, 2],
    ['limit', 2, 200, 8, 2],
    ['no-records', 1, 0, 8, 2],
    ['compact', 1, 200, 8, 2],
    ['file.asb', 1, 200, 8, 2],
  ])('%s: is read whole and counted as the C tool counts it', async (name, files, count, sindexes, udfs) => {
    const result = await validate(options(join(GOLDEN, name)));
    expect(result).toMatchObject({ files, validFiles: files, records: count, sindexes, udfs });
    expect(bench.errors).toEqual([]);
    const counts = `INF ${udfs} UDF file(s), ${sindexes} secondary index(es), ${count} record(s) (`;
    expect(bench.lines.some((line) => line.startsWith(counts))).toBe(true);
    const written = 'INF Expired 0 : skipped 0 : err_ignored 0 : inserted 0: failed 0 (existed 0 , fresher 0)';
    expect(bench.lines).toContain(written);
  });

  it('is reported file by file, and in total, and needs no server', async () => {
    await bench.server.stop();
    const path = join(GOLDEN, 'parallel4');
    const ran = await run('asrestore', ['-p', '1', '--validate', '-d', path, '-R', '-u', '--nice', '1,1']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain(`Starting validation of ${path}\n`);
    expect(ran.stderr.match(/test_0000\d\.asb: \d+ record\(s\), .* no fault found/g)).toHaveLength(4);
    expect(ran.stderr).toContain(
      '4 backup file(s) without a fault: 200 record(s), 8 secondary index(es), 2 UDF file(s)',
    );
  });

  it('comes through a pipe as well', async () => {
    const input = readFileSync(join(GOLDEN, 'file.asb'));
    const ran = await run('asrestore', ['--validate', '-i', '-'], { input });
    expect(ran.code, ran.stderr).toBe(0);
    const cut = await run('asrestore', ['--validate', '-i', '-'], { input: input.subarray(0, -9) });
    expect(cut.code).toBe(1);
    expect(cut.stderr).toMatch(/\[ERR\].*\[stdin\]:\d+:\d+ \(byte \d+\)/);
  });

  it('writes the machine lines of the C tool', async () => {
    const machinePath = bench.fresh('machine');
    await validate(options(join(GOLDEN, 'plain'), { machinePath }));
    // A run that takes more than a second has lines of its progress before, and may have said what remains.
    expect(readFileSync(machinePath, 'utf8')).toMatch(
      /^(?:PROGRESS:\d+\n|REMAINING:\w+\n)*PROGRESS:100\n(?:REMAINING:0s\n)?SUMMARY:2:8:200:0:0:0 :0:0:0\n$/,
    );
  });
});

describe('a damaged file', () => {
  it('keeps no other file from being looked at; each fault has one line with its place', async () => {
    const path = copy();
    for (const name of ['test_00001.asb', 'test_00002.asb']) {
      const file = join(path, name);
      const bytes = readFileSync(file);
      bytes.write('X', bytes.lastIndexOf('\n+ g') + 1);
      writeFileSync(file, bytes);
    }
    const error = await faults(path);
    expect(error.code).toBe('ASB_SYNTAX');
    expect(error.result).toMatchObject({ files: 4, validFiles: 2, sindexes: 8, udfs: 2 });
    expect(error.failures).toHaveLength(2);
    expect(error.message).toMatch(/^The backup would not be restored completely: 2 of 4 file\(s\) cannot be read/);
    expect(bench.errors).toHaveLength(2);
    for (const line of bench.errors) expect(line).toMatch(/test_0000[12]\.asb:\d+:\d+ \(byte \d+\)/);
  });

  it('says how much is in front of the fault, and where that is', async () => {
    const whole = HEAD + records(5);
    const path = bench.write('place.asb', `${whole}x${'-'.repeat(100)}`);
    const error = await faults(path);
    const text = `${path}: 5 record(s), 0 secondary index(es), 0 UDF file(s) in front of the fault, which is at byte ${whole.length}`;
    expect(bench.lines).toContain(`INF ${text}`);
    expect(`${error.message}.`).toContain(`The first fault: ${bench.errors[0]!}`);
  });

  it('cut inside a record is found', async () => {
    const path = copy();
    const file = join(path, 'test_00003.asb');
    truncateSync(file, statSync(file).size - 7);
    expect((await faults(path)).code).toBe('ASB_TRUNCATED');
  });

  it('that is empty is reported and still there afterwards', async () => {
    const path = bench.write(`${bench.fresh('empty').split('/').at(-1)!}.asb`, '');
    const error = await faults(path);
    expect(error.result).toMatchObject({ files: 1, validFiles: 0 });
    expect(bench.errors).toEqual([`${path} is empty: it holds no backup.`]);
    expect(statSync(path).size).toBe(0);
  });

  it('that is a directory, or a directory that is not there, does not hide the others', async () => {
    const path = copy();
    mkdirSync(join(path, 'x.asb'));
    const error = await faults(path, { source: { kind: 'directories', paths: [path, '/nowhere/at/all'] } });
    expect(error.result).toMatchObject({ records: 200, files: 5, validFiles: 4 });
    expect(bench.errors).toHaveLength(2);
    expect(bench.errors.join()).toMatch(/x\.asb.*at\/all/s);
  });

  it('with a compressed stream that was never finished is found, even if the text ends with a record', async () => {
    const file = readFileSync(join(GOLDEN, 'zstd', 'test_00000.asb'));
    const path = bench.write('unfinished.asb', file.subarray(0, file.length - 3).toString('latin1'));
    const error = await faults(path, { compression: { codec: 'zstd', level: 0 } });
    expect(error.code).toBe('ZSTD_TRUNCATED');
    expect(error.message).toContain('1 of 1 file(s) cannot be read to the end');
  });

  it('that was encrypted is read with its key, and named without', async () => {
    const key = join(GOLDEN, 'key.pem');
    const encrypted = ['--validate', '-d', join(GOLDEN, 'zstd-aes256')];
    const ran = await run('asrestore', [...encrypted, '-z', 'zstd', '-y', 'aes256', '--encryption-key-file', key]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('200 record(s)');
    const without = await run('asrestore', encrypted);
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(/\[ERR\].*test_00000\.asb.*encrypt/);
  });
});

describe('parts that are not there', () => {
  it('a file between others', async () => {
    const path = copy();
    rmSync(join(path, 'test_00001.asb'));
    const error = await faults(path);
    expect(error.code).toBe('VALIDATE_MISSING');
    expect(error.result).toMatchObject({ files: 3, validFiles: 3 });
    expect(bench.errors).toEqual(['Incomplete: the backup lacks test_00001.asb.']);
  });

  it('the file with the indexes and UDF modules', async () => {
    const path = bench.fresh('renamed');
    cpSync(join(GOLDEN, 'parallel4', 'test_00002.asb'), join(path, 'part.asb'));
    await faults(path);
    expect(bench.errors).toEqual([expect.stringContaining('no file has the "# first-file" mark')]);
    // One file of a backup is fine if just that was asked for.
    await validate(options(join(path, 'part.asb')));
  });

  it('the end of a file, cut between two records, when the backup was interrupted and its state tells the length', async () => {
    const path = bench.fresh('cut');
    mkdirSync(path);
    writeFileSync(join(path, 'test_00000.asb'), HEAD + records(5));
    writeFileSync(join(path, 'test_00001.asb'), LATER_HEAD + records(5, 'l'));
    const files = [0, 1, 2].map((n) => ({ name: `backup/test_0000${n}.asb`, bytes: n === 0 ? 9 : 500_000 }));
    writeFileSync(join(path, 'test.asb.state'), JSON.stringify({ format: 'asbackup-state', version: 1, files }));
    const error = await faults(path);
    expect(error.result).toMatchObject({ records: 10, validFiles: 2 });
    expect(bench.errors).toEqual([
      expect.stringMatching(/test\.asb\.state is of a backup that was interrupted or is still under way/),
      expect.stringMatching(/test_00001\.asb was cut: it has \d+ of the 500000 byte\(s\) written/),
      expect.stringMatching(/test_00002\.asb is missing: the backup wrote 500000 byte\(s\) of it/),
    ]);
    // The C tool never deletes its state files, so that they prove nothing.
    writeFileSync(join(path, 'test.asb.state'), Buffer.alloc(90_000));
    expect((await validate(options(path))).records).toBe(10);
  });

  it('one of several directories', async () => {
    const [first, second] = [copy(), copy()];
    rmSync(join(second, 'test_00000.asb'));
    const empty = bench.fresh('none');
    mkdirSync(empty);
    await faults(first, { source: { kind: 'directories', paths: [first, second, empty] } });
    expect(bench.errors).toEqual([
      `Incomplete: the backup lacks test_00000.asb in ${second}.`,
      `Incomplete: there is no backup file in ${empty}.`,
    ]);
  });
});

describe('the namespace option', () => {
  it('is checked against meta lines, indexes and records, with one name as with two', async () => {
    const other = HEAD.replace('test', 'other');
    const namespace = 'test';
    const index = '* i other demo idx N 1 v N\n';
    expect((await faults(bench.write('meta.asb', other), { namespace })).code).toBe('RESTORE_NAMESPACE');
    expect((await faults(bench.write('index.asb', HEAD + index), { namespace })).code).toBe('RESTORE_NAMESPACE');
    const path = bench.write('record.asb', HEAD + record('a') + record('b', { namespace: 'other' }));
    const error = await faults(path, { namespace });
    expect(error.code).toBe('RESTORE_NAMESPACE');
    expect((await faults(path)).message).toContain('it holds a record of namespace "other", not of "test"');
  });
});

describe('a validation that is stopped', () => {
  it('says so, and how much was looked at', async () => {
    const controller = new AbortController();
    const path = bench.path('silent-fifo.asb');
    execFileSync('mkfifo', [path]);
    const running = faults(path, { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    const error = await running;
    expect(error.code).toBe('RESTORE_INTERRUPTED');
    expect(error.message).toContain('only 0 of 1 file(s) were read to the end');
  });
});
