import { describe, expect, it } from 'vitest';
import { main as asrestore } from '../../../src/cli/asrestore.js';
import type { RestoreCommand } from '../../../src/config/restore-config.js';
import { parseDirectories } from '../../../src/config/values/directories.js';
import { missingFiles } from '../../../src/engine/input/missing-files.js';
import type { FileHeader } from '../../../src/engine/input/header-scan.js';
import { RateLimiter, rateLimit } from '../../../src/engine/restore/rate-limiter.js';

describe('a list of directories', () => {
  it.each([
    ['a', undefined, ['a']],
    ['a,b', undefined, ['a', 'b']],
    [' a, b ', undefined, [' a', ' b ']],
    ['a,b', 'p', ['p/a', 'p/b']],
    ['a,b', 'p/', ['p/a', 'p/b']],
    ['/x', 'p', ['p//x']],
    ['"a,b"', '/p', ['/p/"a', '/p/b"']],
  ])('%j in %j', (list, parent, expected) => {
    expect(parseDirectories(list, parent)).toEqual(expected);
  });

  it.each(['', 'a,', ',a', 'a,,b'])('%j has a directory without a name', (list) => {
    expect(() => parseDirectories(list, 'p')).toThrow('has no name');
  });
});

describe('the command line of a restore', () => {
  async function options(...argv: string[]): Promise<RestoreCommand> {
    const seen: RestoreCommand[] = [];
    const run = (command: RestoreCommand): Promise<void> => {
      seen.push(command);
      return Promise.resolve();
    };
    const err: string[] = [];
    const stderr = (text: string): void => void err.push(text);
    expect(await asrestore(argv, { stderr, run, configFiles: [], terminal: undefined }), err.join('')).toBe(0);
    return seen[0]!;
  }

  it('gives the run its directories, limits, machine file and task', async () => {
    const list = ['--directory-list', 'a,b', '--parent-directory', '/p'];
    expect(await options(...list, '--nice', '3,40', '-m', 'file', '--validate')).toMatchObject({
      source: { kind: 'directories', paths: ['/p/a', '/p/b'] },
      bandwidthBytesPerSecond: 3 * 1024 * 1024,
      recordsPerSecond: 40,
      machinePath: 'file',
      validate: true,
    });
    expect(await options(...list)).not.toHaveProperty('validate');
    expect(await options(...list)).not.toHaveProperty('recordsPerSecond');
  });

  it.each([
    [['--timeout', '7'], 7, 7],
    [['--timeout', '7', '--total-timeout', '0'], 7, 7],
    [['--timeout', '7', '--total-timeout', '9'], 9, 7],
    [[], 10_000, 10_000],
  ])('derives the time limit of a write from --timeout: %j', async (argv, total, connect) => {
    const { totalTimeoutMs, cluster } = await options('-d', 'd', ...argv);
    expect([totalTimeoutMs, cluster.connectTimeoutMs, cluster.infoTimeoutMs]).toEqual([total, connect, connect]);
  });

  it('allows the combinations that the C tool allows (asrestore.md 2.1)', async () => {
    expect(await options('-d', 'd', '-r', '-g')).toMatchObject({ replace: true, noGeneration: true });
    expect(await options('-d', 'd', '-RIF')).toMatchObject({ noRecords: true, noIndexes: true, noUdfs: true });
    expect(await options('-d', 'd', '--validate', '-u', '-w')).toMatchObject({ validate: true, unique: true });
    expect(await options('--input', 'f')).toMatchObject({ source: { kind: 'file', path: 'f' } });
  });
});

describe('the files of a backup in several directories', () => {
  const head: FileHeader = { globals: [], firstFile: true, marked: true };

  it('are one set if no number comes twice, and several otherwise', () => {
    expect(missingFiles(['/a/t_00000.asb', '/b/t_00001.asb'], [head, head])).toEqual([]);
    expect(missingFiles(['/a/t_00000.asb', '/b/t_00002.asb'], [head])).toEqual(['the backup lacks t_00001.asb']);
    expect(missingFiles(['/a/t_00000.asb', '/a/t_00001.asb', '/b/t_00001.asb'], [head])).toEqual([
      'the backup lacks t_00000.asb in /b',
    ]);
  });

  it('are not all named when very many are missing', () => {
    const [text] = missingFiles(['/a/t_4000000.asb'], [head]);
    expect(text).toMatch(/^the backup lacks (t_\d{5}\.asb, ){9}t_00009\.asb and more$/);
  });
});

describe('limits of speed', () => {
  it('are independent of each other', () => {
    const bytes = new RateLimiter({ bytes: rateLimit(1000)! });
    bytes.read(1000);
    bytes.read(1000);
    expect(bytes.bytesPauseMs()).toBeGreaterThan(800);
    expect(bytes.recordPauseMs()).toBe(0);
    const records = new RateLimiter({ records: rateLimit(1)! });
    records.read(1e9);
    expect(records.bytesPauseMs()).toBe(0);
    expect(records.recordPauseMs()).toBe(0);
    expect(records.recordPauseMs()).toBeGreaterThan(800);
  });

  it('are shared by the workers that share their state', () => {
    const limit = rateLimit(1000)!;
    const workers = [new RateLimiter({ records: limit }), new RateLimiter({ records: limit })];
    let longest = 0;
    for (let i = 0; i < 2000; i++) longest = Math.max(longest, workers[i % 2]!.recordPauseMs());
    // 2000 records at 1000 per second, of which the last portions are granted at the end.
    expect(longest).toBeGreaterThan(1750);
    expect(longest).toBeLessThan(2000);
  });

  it('are absent without an option', () => {
    expect(rateLimit(undefined)).toBeUndefined();
  });
});
