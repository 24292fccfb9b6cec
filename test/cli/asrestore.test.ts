import { describe, expect, it } from 'vitest';
import { main as asrestore } from '../../src/cli/asrestore.js';
import type { RestoreCommand } from '../../src/config/restore-config.js';

describe('the command line of a restore', () => {
  async function options(...argv: string[]): Promise<RestoreCommand> {
    const seen: RestoreCommand[] = [];
    const run = (command: RestoreCommand): Promise<void> => {
      seen.push(command);
      return Promise.resolve();
    };
    const err: string[] = [];
    const stderr = (text: string): void => void err.push(text);
    expect(await asrestore(argv, { stderr, run, configFiles: [], terminal: () => undefined }), err.join('')).toBe(0);
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
