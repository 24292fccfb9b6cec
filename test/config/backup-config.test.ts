import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { main as asbackup } from '../../src/cli/asbackup.js';
import type { CliSession } from '../../src/cli/command.js';
import type { BackupCommand } from '../../src/config/backup-config.js';
import { fakeProcess, readBackupConfig, readRestoreConfig } from '../support/cli.js';

describe('options of a backup', () => {
  it('without options has the defaults of the C tool', async () => {
    const { storages, ...options } = await readBackupConfig('-n', 'test', '-d', 'dir');
    expect(storages).toBeDefined();
    expect(options).toEqual({
      cluster: {
        seeds: [{ host: '127.0.0.1', port: 3000 }],
        servicesAlternate: false,
        connectTimeoutMs: 10000,
        infoTimeoutMs: 10000,
      },
      hostText: '127.0.0.1',
      namespace: 'test',
      sets: [],
      bins: [],
      noBins: false,
      noRecords: false,
      noIndexes: false,
      noUdfs: false,
      target: { kind: 'directory', path: 'dir' },
      prefix: 'test',
      fileLimitBytes: 250 * 1024 * 1024,
      removeFiles: false,
      compact: false,
      parallel: 1,
      partitions: [{ kind: 'range', begin: 0, count: 4096 }],
      socketTimeoutMs: 10000,
      totalTimeoutMs: 0,
      maxRetries: 5,
      retryBudgetMs: 60000,
      sleepBetweenRetriesMs: 0,
      checkpointIntervalMs: 10000,
      noTtlOnly: false,
    });
  });

  it('every option changes the property that belongs to it', async () => {
    const argv = '-h a,[::1]:4 -p 9 -S -s a -s b,c -B x,y -xRIu -o f -q p/q -F 2 -rC -w 7 -X 3,1';
    const more = '--socket-timeout 1 --total-timeout 2 --max-retries 3 --retry-delay 4 -v --no-config-file --names=n';
    const options = await readBackupConfig(...argv.split(' '), ...more.split(' '));
    expect(options).toMatchObject({
      cluster: {
        seeds: [
          { host: 'a', port: 9 },
          { host: '::1', port: 4 },
        ],
        servicesAlternate: true,
      },
      hostText: 'a,[::1]:4',
      namespace: 'n',
      sets: ['a', 'b', 'c'],
      bins: ['x', 'y'],
      noBins: true,
      noRecords: true,
      noIndexes: true,
      noUdfs: true,
      target: { kind: 'file', path: 'f' },
      prefix: 'p/q',
      fileLimitBytes: 2097152,
      removeFiles: true,
      compact: true,
      parallel: 7,
      partitions: [
        { kind: 'range', begin: 1, count: 1 },
        { kind: 'range', begin: 3, count: 1 },
      ],
      socketTimeoutMs: 1,
      totalTimeoutMs: 2,
      maxRetries: 3,
      sleepBetweenRetriesMs: 4,
    });
  });

  it('filters and limits are converted to the units of the engine', async () => {
    const argv = '-n n -d d -a 2020-01-01_10:00:00 -b 2021-01-01 --no-ttl-only -M 7 -L 8 -N 9 -m p --prefer-racks 3,1';
    const options = await readBackupConfig(...argv.split(' '));
    expect(options).toMatchObject({
      cluster: { preferRacks: [3, 1] },
      modifiedAfterNs: BigInt(new Date(2020, 0, 1, 10).getTime()) * 1_000_000n,
      modifiedBeforeNs: BigInt(new Date(2021, 0, 1).getTime()) * 1_000_000n,
      noTtlOnly: true,
      maxRecords: 7,
      recordsPerSecond: 8,
      bandwidthBytesPerSecond: 9 * 1024 * 1024,
      machinePath: 'p',
    });
    expect((await readBackupConfig('-n', 'n', '-d', 'd', '-f', 'kwGRRv8=')).filterExp).toEqual(
      Buffer.from([0x93, 1, 0x91, 0x46, 0xff]),
    );
  });

  it('0 leaves a limit out', async () => {
    const options = await readBackupConfig(...'-n n -d d -M 0 -L 0'.split(' '));
    expect(options).not.toHaveProperty('maxRecords');
    expect(options).not.toHaveProperty('recordsPerSecond');
  });

  it('--node-list replaces --host by its first node and sets 16 workers', async () => {
    const list = '10.0.0.1:3100;[::1]:3200';
    const options = await readBackupConfig('-n', 'n', '-d', 'd', '-h', 'elsewhere', '-l', list);
    expect(options).toMatchObject({
      cluster: { seeds: [{ host: '10.0.0.1', port: 3100 }] },
      hostText: list,
      parallel: 16,
      nodeList: [
        { host: '10.0.0.1', port: 3100 },
        { host: '::1', port: 3200 },
      ],
    });
    expect((await readBackupConfig('-n', 'n', '-d', 'd', '-l', list, '-w', '2')).parallel).toBe(2);
    expect((await readBackupConfig('-n', 'n', '-e', '-l', list)).parallel).toBe(1);
  });

  it('--estimate has no target and warns about options that an estimate cannot follow', async () => {
    const world = fakeProcess();
    let target: unknown;
    const run = (options: BackupCommand) => {
      target = options.target;
      return Promise.resolve();
    };
    const argv = '-n n -e -a 2020-01-01 -X 0-10 -M 5 --estimate-samples 3'.split(' ');
    expect(await asbackup(argv, { ...world.environment, run })).toBe(0);
    expect(target).toEqual({ kind: 'none' });
    expect(world.err).toEqual([
      expect.stringMatching(/\[INF\] .*Warning: --modified-after and --partition-list only choose/),
      expect.stringMatching(/\[INF\] .*Warning: --max-records limits/),
    ]);
  });

  it('--remove-artifacts removes the files of the prefix, else all', async () => {
    const removal = async (...more: string[]) => {
      const options = await readBackupConfig('--remove-artifacts', '-d', 'd', ...more);
      return options.removal?.prefix;
    };
    expect(await removal()).toBeUndefined();
    expect(await removal('-n', 'n')).toBeUndefined();
    expect(await removal('-n', 'n', '-q', 'p')).toBe('p');
  });

  it('the run gets a display only if there is a terminal', async () => {
    const seen: boolean[] = [];
    const run = (_config: unknown, { display }: CliSession) => {
      seen.push(display !== undefined);
      return Promise.resolve();
    };
    const world = fakeProcess();
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    await asbackup(['-n', 'n', '-d', 'd'], { ...world.environment, run, terminal: () => terminal });
    await asbackup(['-n', 'n', '-d', 'd'], { ...world.environment, run, terminal: () => undefined });
    expect(seen).toEqual([true, false]);
  });

  it('-o - writes to standard output', async () => {
    expect((await readBackupConfig('-n', 'test', '-o', '-')).target).toEqual({ kind: 'stdout' });
  });

  it('a single empty set means the whole namespace, one among others means "no set"', async () => {
    expect((await readBackupConfig('-n', 'test', '-d', 'd', '-s', '')).sets).toEqual([]);
    expect((await readBackupConfig('-n', 'test', '-d', 'd', '-s', '', '-s', 'a')).sets).toEqual(['', 'a']);
  });

  it('--after-digest scans the rest of its partition and all later ones', async () => {
    const text = 'xZ31Is0pcFkV4HhXwZY5UVesqV0=';
    expect((await readBackupConfig('-n', 'test', '-d', 'd', '-D', text)).partitions).toEqual([
      { kind: 'digest', digest: Buffer.from(text, 'base64') },
      { kind: 'range', begin: 3526, count: 570 },
    ]);
  });
});

describe('paths on S3', () => {
  it('S3 paths are accepted in any spelling by every option that takes a path of a backup', async () => {
    const backup = ['-n', 't', '--continue', 's3://b/c', '--state-file-dst', 'S3://b/s'];
    expect(await readBackupConfig(...backup, '-o', 'S3://b/k')).toMatchObject({
      target: { kind: 'file', path: 'S3://b/k' },
      continueFrom: 's3://b/c',
      stateFileDst: 'S3://b/s',
    });
    expect(await readBackupConfig('-n', 't', '-d', 's3://b/')).toMatchObject({ target: { path: 's3://b/' } });
    expect(await readRestoreConfig('-i', 's3://b/k')).toMatchObject({ source: { kind: 'file', path: 's3://b/k' } });
    expect(await readRestoreConfig('-d', 's3://b/d')).toMatchObject({ source: { path: 's3://b/d' } });
    expect(await readRestoreConfig('--directory-list', 'x,y', '--parent-directory', 's3://b')).toMatchObject({
      source: { paths: ['s3://b/x', 's3://b/y'] },
    });
  });
});
