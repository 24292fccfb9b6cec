import { describe, expect, it } from 'vitest';
import { main as asrestore } from '../../src/cli/asrestore.js';
import type { RestoreCommand } from '../../src/config/restore-config.js';
import { fakeProcess, readRestoreConfig } from '../support/cli.js';

describe('options of a restore', () => {
  it('without options has the defaults of the C tool', async () => {
    const { storages, ...options } = await readRestoreConfig('-d', 'dir');
    expect(storages).toBeDefined();
    expect(options).toEqual({
      allowIncomplete: false,
      applyIncrement: false,
      cluster: {
        seeds: [{ host: '127.0.0.1', port: 3000 }],
        servicesAlternate: false,
        connectTimeoutMs: 10000,
        infoTimeoutMs: 10000,
      },
      hostText: '127.0.0.1',
      source: { kind: 'directory', path: 'dir' },
      sets: [],
      bins: [],
      unique: false,
      replace: false,
      noGeneration: false,
      noRecords: false,
      noIndexes: false,
      noUdfs: false,
      indexesLast: false,
      wait: false,
      extraTtlS: 0,
      ignoreRecordError: false,
      parallel: 20,
      disableBatchWrites: false,
      maxAsyncBatches: 32,
      socketTimeoutMs: 10000,
      totalTimeoutMs: 10000,
      maxRetries: 5,
      retryScaleFactorUs: 150000,
      retryBudgetMs: 60000,
      metadataWaitMs: 600_000,
    });
  });

  it('every option changes the property that belongs to it', async () => {
    const argv = '-h a:9 -n x,y -i -:77 -s s1,s2 -B b -rgRIFLw --extra-ttl 5 --ignore-record-error -t 3 -T 8';
    const more = '--disable-batch-writes --batch-size 6 --max-async-batches 7 --socket-timeout 1 --total-timeout 2';
    const rest = '--max-retries 3 --retry-scale-factor 4 --event-loops 2';
    const options = await readRestoreConfig(...`${argv} ${more} ${rest}`.split(' '));
    expect(options).toMatchObject({
      cluster: { seeds: [{ host: 'a', port: 9 }], connectTimeoutMs: 8, infoTimeoutMs: 8 },
      source: { kind: 'stdin', expectedBytes: 77 },
      namespace: { from: 'x', to: 'y' },
      sets: ['s1', 's2'],
      bins: ['b'],
      replace: true,
      noGeneration: true,
      noRecords: true,
      noIndexes: true,
      noUdfs: true,
      indexesLast: true,
      wait: true,
      extraTtlS: 5,
      ignoreRecordError: true,
      parallel: 3,
      disableBatchWrites: true,
      batchSize: 6,
      maxAsyncBatches: 7,
      socketTimeoutMs: 1,
      totalTimeoutMs: 2,
      maxRetries: 3,
      retryScaleFactorUs: 4,
    });
  });

  it('one namespace is both source and destination', async () => {
    expect((await readRestoreConfig('-d', 'd', '-n', 'x')).namespace).toEqual({ from: 'x', to: 'x' });
  });

  it.each([
    ['--threads', '--threads is deprecated; use --parallel'],
    ['--retry-delay', '--retry-delay is deprecated and has no effect; use --retry-scale-factor'],
    ['--sleep-between-retries', '--sleep-between-retries is deprecated and has no effect; use --retry-scale-factor'],
  ])('%s is accepted with a warning that it is deprecated', async (word, warning) => {
    const world = fakeProcess();
    let parallel = 0;
    const run = (options: RestoreCommand) => {
      parallel = options.parallel;
      return Promise.resolve();
    };
    expect(await asrestore(['-d', 'd', word, '7', word, '8'], { ...world.environment, run })).toBe(0);
    expect(world.err).toEqual([expect.stringContaining(`Warning: ${warning}\n`)]);
    expect(world.err[0]).toContain('[ERR]');
    expect(parallel).toBe(word === '--threads' ? 8 : 20);
  });

  it('--event-loops is accepted, and --verbose says that it has no effect', async () => {
    const world = fakeProcess();
    const run = () => Promise.resolve();
    await asrestore(['-d', 'd', '--event-loops', '2', '-v'], { ...world.environment, run });
    expect(world.err[0]).toMatch(/\[VER\] .*--event-loops has no effect/);
  });
});
