/** Each shard that writes one file has a path of its own. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main as asbackup } from '../../src/cli/asbackup.js';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { fakeProcess, readBackupConfig } from '../support/cli.js';
import { refusal } from '../support/command-line.js';

const refuse = (file: string, shard: string): Promise<string | undefined> =>
  refusal(backupSchema, ['-n', 't', '-o', file, '--shard', shard]);

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the output file of a shard', () => {
  it.each(['x-3of8.asb', 'x_03of08', 's3://b/3of8/x.asb', '1of8/x-3of8.asb'])('%s, is that of 3/8', async (file) => {
    expect(await refuse(file, '3/8')).toBeUndefined();
    expect(await refuse(file, 'auto')).toBeUndefined();
  });

  it.each([
    ['x-3of8.asb', '2/8'],
    ['x-3of8.asb', '3/9'],
    ['x-13of8.asb', '3/8'],
    ['x-3of81.asb', '3/8'],
    // The last one counts: another shard has it, too, whatever stands before.
    ['3of8/x-2of8.asb', '3/8'],
  ])('%s, is not that of %s', async (file, shard) => {
    expect(await refuse(file, shard)).toContain('another shard');
  });

  it.each(['x.asb', '-', '3-8.asb', 'of8.asb'])('%s, names no shard', async (file) => {
    for (const shard of ['3/8', 'auto']) expect(await refuse(file, shard)).toContain('a name that has the shard in it');
  });

  it('with auto, is compared with the shard that the scheduler tells', async () => {
    vi.stubEnv('JOB_COMPLETION_INDEX', '3');
    vi.stubEnv('SHARD_COUNT', '8');
    const own = await readBackupConfig('-n', 't', '-o', 'x-3of8.asb', '-r', '--shard', 'auto');
    expect(own).toMatchObject({ shard: { index: 3, count: 8 }, target: { path: 'x-3of8.asb' } });
    const { environment, err } = fakeProcess();
    const run = vi.fn(() => Promise.resolve());
    const argv = ['-n', 't', '-o', 'x-2of8.asb', '-r', '--shard', 'auto'];
    expect(await asbackup(argv, { ...environment, run })).toBe(1);
    expect(err.join('')).toContain('has 2of8 in it, another shard than 3 of 8');
    expect(run).not.toHaveBeenCalled();
  });
});
