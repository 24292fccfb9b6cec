import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { CliSession } from '../../src/cli/command.js';
import type { OptionTable } from '../../src/config/schema/option-spec.js';
import { main as asbackup } from '../../src/cli/asbackup.js';
import type { BackupCommand } from '../../src/config/backup-config.js';
import { backupCommand } from '../../src/cli/commands/backup.js';
import { restoreCommand } from '../../src/cli/commands/restore.js';
import { main as asrestore } from '../../src/cli/asrestore.js';
import { longNames } from '../../src/config/schema/option-spec.js';
import { ToolError } from '../../src/core/errors.js';
import type { RestoreCommand } from '../../src/config/restore-config.js';
import packageJson from '../../package.json' with { type: 'json' };

/** Stands in for the process. */
function fakeWorld() {
  const listeners = new Map<string, Set<() => void>>();
  const world = {
    out: '',
    err: [] as string[],
    exits: [] as number[],
    listeners: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
    raise: (signal: string) => listeners.get(signal)?.forEach((listener) => listener()),
    environment: {
      terminal: () => undefined,
      hasTerminal: () => true,
      configFiles: [],
      stdout: (text: string) => void (world.out += text),
      stderr: (text: string) => void world.err.push(text),
      signals: {
        on: (signal: string, listener: () => void) => {
          listeners.set(signal, (listeners.get(signal) ?? new Set()).add(listener));
        },
        removeListener: (signal: string, listener: () => void) => listeners.get(signal)?.delete(listener),
        exit: (code: number) => void world.exits.push(code),
      },
    },
  };
  return world;
}

async function backupOptions(...argv: string[]): Promise<BackupCommand> {
  const world = fakeWorld();
  let seen: BackupCommand | undefined;
  const run = (options: BackupCommand) => {
    seen = options;
    return Promise.resolve();
  };
  expect(await asbackup(argv, { ...world.environment, run }), world.err.join('')).toBe(0);
  return seen!;
}

async function restoreOptions(...argv: string[]): Promise<RestoreCommand> {
  const world = fakeWorld();
  let seen: RestoreCommand | undefined;
  const run = (options: RestoreCommand) => {
    seen = options;
    return Promise.resolve();
  };
  expect(await asrestore(argv, { ...world.environment, run }), world.err.join('')).toBe(0);
  return seen!;
}

const programs = [
  { name: 'asbackup', title: 'Aerospike Backup', main: asbackup, tool: backupCommand, base: ['-n', 't', '-d', 'd'] },
  { name: 'asrestore', title: 'Aerospike Restore', main: asrestore, tool: restoreCommand, base: ['-d', 'd'] },
] as const;

describe.each(programs)('$name', ({ name, title, main, tool, base }) => {
  it.each([['-V'], ['--version'], ['--vers']])('%s tells the version', async (word) => {
    const world = fakeWorld();
    expect(await main(['--nonsense', '-p', 'x', word, '--help'], world.environment)).toBe(0);
    expect(world.out).toBe(`${title}\nVersion ${packageJson.version}\n`);
    expect(world.err).toEqual([]);
  });

  it.each([['-Z'], ['--help'], ['--usage'], ['--options']])('%s tells the options', async (word) => {
    const world = fakeWorld();
    expect(await main(['word', word, '-V'], world.environment)).toBe(0);
    expect(world.out).toMatch(new RegExp(`^Usage: ${name} `));
    expect(world.err).toEqual([]);
  });

  it('fits its help into 80 columns, names every option and ends with examples', async () => {
    const world = fakeWorld();
    await main(['--help'], world.environment);
    const lines = world.out.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    const table: OptionTable = tool.options;
    for (const spec of table) {
      if ('removed' in spec) continue;
      for (const option of longNames(spec)) expect(world.out).toMatch(new RegExp(`--${option}(?![\\w-])`));
      if (spec.short !== undefined) expect(world.out).toContain(`-${spec.short}, --${spec.name}`);
    }
    // What it is, and the shortest command that does something, before anything else.
    expect(world.out.indexOf(tool.summary.slice(0, 40))).toBeLessThan(world.out.indexOf(tool.examples[0]![1]));
    expect(world.out.indexOf(tool.examples[0]![1])).toBeLessThan(world.out.indexOf('  -'));
    expect(lines.length).toBeLessThan(210);
  });

  it('shows examples that can be run', async () => {
    for (const [, line] of tool.examples) {
      const command = line.split(' | ').find((part) => part.startsWith(name))!;
      const world = fakeWorld();
      const run = () => Promise.resolve();
      expect(await main(command.split(' ').slice(1), { ...world.environment, run }), line).toBe(0);
    }
  });

  it('reports what it cannot read once, with a hint', async () => {
    const world = fakeWorld();
    expect(await main(['--paralel', '3'], world.environment)).toBe(1);
    expect(world.err.join('')).toBe(
      `${name}: unknown option --paralel; did you mean --parallel?\nTry ${name} --help for all options.\n`,
    );
    expect(world.out).toBe('');
  });

  it('knows a long name with one dash when it sees one', async () => {
    const world = fakeWorld();
    expect(await main(['-namespace', 'users'], world.environment)).toBe(1);
    expect(world.err.join('')).toContain('unexpected word "users": a long name has two dashes, --namespace\n');
  });

  it('reports an error of the run as one line', async () => {
    const world = fakeWorld();
    const run = () => Promise.reject(new ToolError('NET_CONNECT', 'Cannot reach it.', { cause: new Error('refused') }));
    expect(await main([...base], { ...world.environment, run })).toBe(1);
    expect(world.err).toEqual([expect.stringMatching(/^\S+ \S+ GMT \[ERR\] \[[ \d]{5}\] Cannot reach it\.\n$/)]);
  });

  it('tells causes and stacks with --verbose', async () => {
    const world = fakeWorld();
    const run = () => Promise.reject(new ToolError('NET_CONNECT', 'Cannot reach it.', { cause: new Error('refused') }));
    expect(await main([...base, '-v'], { ...world.environment, run })).toBe(1);
    expect(world.err[1]).toContain('[VER]');
    expect(world.err[1]).toContain('Cause: refused');
    expect(world.err.at(-1)).toContain('Exiting with status code 1');

    const other = fakeWorld();
    const fail = () => Promise.reject(new TypeError('surprise'));
    expect(await main([...base, '-v'], { ...other.environment, run: fail })).toBe(1);
    expect(other.err[0]).toMatch(/\[ERR\] .* Unexpected error: surprise\n$/);
    expect(other.err[1]).toMatch(/\[VER\] .* at .*run\.test\.ts/);
  });

  it('hides the stack of an unexpected error otherwise', async () => {
    const world = fakeWorld();
    const run = () => Promise.reject(new TypeError('surprise'));
    expect(await main([...base], { ...world.environment, run })).toBe(1);
    expect(world.err).toHaveLength(1);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
    'asks the run to stop at %s, and exits at the second one',
    async (signal) => {
      const world = fakeWorld();
      const run = async (_config: unknown, { signal: stop }: CliSession) => {
        await new Promise((resolve) => {
          stop.addEventListener('abort', resolve);
          world.raise(signal);
        });
        // `timeout` signals the process and then its group: what comes at once is not a second wish.
        world.raise(signal);
        expect(world.exits).toEqual([]);
        const later = performance.now() + 201;
        const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
        world.raise(signal);
        clock.mockRestore();
        expect(world.exits).toEqual([1]);
        stop.throwIfAborted();
      };
      expect(await main([...base], { ...world.environment, run })).toBe(1);
      const what = name === 'asbackup' ? 'Backup' : 'Restore';
      expect(world.err.map((line) => line.replace(/^.*\[ERR\] \[[ \d]{5}\] /, ''))).toEqual([
        `### ${what} interrupted ###\n`,
        `${what} interrupted again, exiting at once\n`,
        `${what} was interrupted before it was complete.\n`,
      ]);
      expect(world.listeners()).toBe(0);
    },
  );

  it('succeeds when an interrupted run turns out to be complete', async () => {
    const world = fakeWorld();
    const run = () => {
      world.raise('SIGINT');
      return Promise.resolve();
    };
    expect(await main([...base], { ...world.environment, run })).toBe(0);
  });
});

describe('options of a backup', () => {
  it('has the defaults of the C tool', async () => {
    const { storages, ...options } = await backupOptions('-n', 'test', '-d', 'dir');
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
      sleepBetweenRetriesMs: 0,
      checkpointIntervalMs: 10000,
      noTtlOnly: false,
    });
  });

  it('takes every available option', async () => {
    const argv = '-h a,[::1]:4 -p 9 -S -s a -s b,c -B x,y -xRIu -o f -q p/q -F 2 -rC -w 7 -X 3,1';
    const more = '--socket-timeout 1 --total-timeout 2 --max-retries 3 --retry-delay 4 -v --no-config-file --names=n';
    const options = await backupOptions(...argv.split(' '), ...more.split(' '));
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

  it('takes filters and limits', async () => {
    const argv = '-n n -d d -a 2020-01-01_10:00:00 -b 2021-01-01 --no-ttl-only -M 7 -L 8 -N 9 -m p --prefer-racks 3,1';
    const options = await backupOptions(...argv.split(' '));
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
    expect((await backupOptions('-n', 'n', '-d', 'd', '-f', 'kwGRRv8=')).filterExp).toEqual(
      Buffer.from([0x93, 1, 0x91, 0x46, 0xff]),
    );
  });

  it('takes 0 for no limit', async () => {
    const options = await backupOptions(...'-n n -d d -M 0 -L 0'.split(' '));
    expect(options).not.toHaveProperty('maxRecords');
    expect(options).not.toHaveProperty('recordsPerSecond');
  });

  it('connects to the first node of a node list, whatever --host says, and takes 16 workers', async () => {
    const list = '10.0.0.1:3100;[::1]:3200';
    const options = await backupOptions('-n', 'n', '-d', 'd', '-h', 'elsewhere', '-l', list);
    expect(options).toMatchObject({
      cluster: { seeds: [{ host: '10.0.0.1', port: 3100 }] },
      hostText: list,
      parallel: 16,
      nodeList: [
        { host: '10.0.0.1', port: 3100 },
        { host: '::1', port: 3200 },
      ],
    });
    expect((await backupOptions('-n', 'n', '-d', 'd', '-l', list, '-w', '2')).parallel).toBe(2);
    expect((await backupOptions('-n', 'n', '-e', '-l', list)).parallel).toBe(1);
  });

  it('estimates without a target, and says what the estimate does not know', async () => {
    const world = fakeWorld();
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

  it('removes the files of the prefix, or else of the namespace, or else all', async () => {
    const removal = async (...more: string[]) => {
      const options = await backupOptions('--remove-artifacts', '-d', 'd', ...more);
      return options.removal?.prefix;
    };
    expect(await removal()).toBeUndefined();
    expect(await removal('-n', 'n')).toBe('n');
    expect(await removal('-n', 'n', '-q', 'p')).toBe('p');
  });

  it('draws on a terminal only, and only when it is given one', async () => {
    const seen: boolean[] = [];
    const run = (_config: unknown, { display }: CliSession) => {
      seen.push(display !== undefined);
      return Promise.resolve();
    };
    const world = fakeWorld();
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    await asbackup(['-n', 'n', '-d', 'd'], { ...world.environment, run, terminal: () => terminal });
    await asbackup(['-n', 'n', '-d', 'd'], { ...world.environment, run, terminal: () => undefined });
    expect(seen).toEqual([true, false]);
  });

  it('writes to standard output for -o -', async () => {
    expect((await backupOptions('-n', 'test', '-o', '-')).target).toEqual({ kind: 'stdout' });
  });

  it('takes a single empty set for the whole namespace, among others for "no set"', async () => {
    expect((await backupOptions('-n', 'test', '-d', 'd', '-s', '')).sets).toEqual([]);
    expect((await backupOptions('-n', 'test', '-d', 'd', '-s', '', '-s', 'a')).sets).toEqual(['', 'a']);
  });

  it('goes on after a digest', async () => {
    const text = 'xZ31Is0pcFkV4HhXwZY5UVesqV0=';
    expect((await backupOptions('-n', 'test', '-d', 'd', '-D', text)).partitions).toEqual([
      { kind: 'digest', digest: Buffer.from(text, 'base64') },
      { kind: 'range', begin: 3526, count: 570 },
    ]);
  });
});

describe('options of a restore', () => {
  it('has the defaults of the C tool', async () => {
    const { storages, ...options } = await restoreOptions('-d', 'dir');
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
    });
  });

  it('takes every available option', async () => {
    const argv = '-h a:9 -n x,y -i -:77 -s s1,s2 -B b -rgRIFLw --extra-ttl 5 --ignore-record-error -t 3 -T 8';
    const more = '--disable-batch-writes --batch-size 6 --max-async-batches 7 --socket-timeout 1 --total-timeout 2';
    const rest = '--max-retries 3 --retry-scale-factor 4 --event-loops 2';
    const options = await restoreOptions(...`${argv} ${more} ${rest}`.split(' '));
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

  it('takes one namespace for both', async () => {
    expect((await restoreOptions('-d', 'd', '-n', 'x')).namespace).toEqual({ from: 'x', to: 'x' });
  });

  it.each([
    ['--threads', '--threads is deprecated; use --parallel'],
    ['--retry-delay', '--retry-delay is deprecated and has no effect; use --retry-scale-factor'],
    ['--sleep-between-retries', '--sleep-between-retries is deprecated and has no effect; use --retry-scale-factor'],
  ])('warns about %s and goes on', async (word, warning) => {
    const world = fakeWorld();
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

  it('says with --verbose that event loops have no effect', async () => {
    const world = fakeWorld();
    const run = () => Promise.resolve();
    await asrestore(['-d', 'd', '--event-loops', '2', '-v'], { ...world.environment, run });
    expect(world.err[0]).toMatch(/\[VER\] .*--event-loops has no effect/);
  });
});

describe('paths on S3', () => {
  it('are taken in every spelling, by every option that takes a path of a backup', async () => {
    const backup = ['-n', 't', '--continue', 's3://b/c', '--state-file-dst', 'S3://b/s'];
    expect(await backupOptions(...backup, '-o', 'S3://b/k')).toMatchObject({
      target: { kind: 'file', path: 'S3://b/k' },
      continueFrom: 's3://b/c',
      stateFileDst: 'S3://b/s',
    });
    expect(await backupOptions('-n', 't', '-d', 's3://b/')).toMatchObject({ target: { path: 's3://b/' } });
    expect(await restoreOptions('-i', 's3://b/k')).toMatchObject({ source: { kind: 'file', path: 's3://b/k' } });
    expect(await restoreOptions('-d', 's3://b/d')).toMatchObject({ source: { path: 's3://b/d' } });
    expect(await restoreOptions('--directory-list', 'x,y', '--parent-directory', 's3://b')).toMatchObject({
      source: { paths: ['s3://b/x', 's3://b/y'] },
    });
  });
});

describe.each(['asbackup', 'asrestore'])('bin/%s', (name) => {
  async function inCopy(build: ((dist: string) => Promise<void>) | undefined, argv: string[]) {
    const root = await mkdtemp(join(tmpdir(), 'bin-'));
    try {
      await cp(new URL('../../bin', import.meta.url), join(root, 'bin'), { recursive: true });
      await writeFile(join(root, 'package.json'), '{"type":"module"}');
      const dist = join(root, 'dist', 'bundle');
      if (build !== undefined) {
        await mkdir(dist, { recursive: true });
        await build(dist);
      }
      return await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [join(root, 'bin', name), ...argv], (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      });
    } finally {
      await rm(root, { recursive: true });
    }
  }

  it('passes the words on and the exit code back', async () => {
    const main = 'export const main = async (argv) => { console.log(argv.join("|")); return argv.length; };';
    const result = await inCopy((dist) => writeFile(join(dist, `${name}.js`), main), ['-n', 'a b', '--x']);
    expect(result).toEqual({ code: 3, stdout: '-n|a b|--x\n', stderr: '' });
  });

  it('says so when it was not built', async () => {
    const { code, stderr } = await inCopy(undefined, ['--version']);
    expect(code).toBe(1);
    expect(stderr).toBe(`${name}: dist/ is missing; run "npm run build" first\n`);
  });

  it('shows the name and the code of an unexpected error, and no content, which may be a password', async () => {
    const thrown =
      'export const main = async () => { throw Object.assign(new SyntaxError("hunter2"), { code: "X" }); };';
    const result = await inCopy((dist) => writeFile(join(dist, `${name}.js`), thrown), ['-P', 'hunter2']);
    expect(result).toEqual({ code: 1, stdout: '', stderr: `${name}: unexpected error SyntaxError (X)\n` });
    const gone = await inCopy((dist) => writeFile(join(dist, `${name}.js`), 'import "./gone.js";'), []);
    expect(gone).toMatchObject({ code: 1, stderr: `${name}: unexpected error Error (ERR_MODULE_NOT_FOUND)\n` });
  });
});
