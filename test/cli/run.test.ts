import { describe, expect, it, vi } from 'vitest';
import { main as asbackup } from '../../src/cli/asbackup.js';
import { main as asrestore } from '../../src/cli/asrestore.js';
import type { CliSession } from '../../src/cli/command.js';
import { backupCommand } from '../../src/cli/commands/backup.js';
import { restoreCommand } from '../../src/cli/commands/restore.js';
import { longNames, type OptionTable } from '../../src/config/schema/option-spec.js';
import { ToolError } from '../../src/core/errors.js';
import packageJson from '../../package.json' with { type: 'json' };
import { fakeProcess } from '../support/cli.js';

const programs = [
  { name: 'asbackup', title: 'Aerospike Backup', main: asbackup, tool: backupCommand, base: ['-n', 't', '-d', 'd'] },
  { name: 'asrestore', title: 'Aerospike Restore', main: asrestore, tool: restoreCommand, base: ['-d', 'd'] },
] as const;

describe.each(programs)('$name', ({ name, title, main, tool, base }) => {
  it.each([['-V'], ['--version'], ['--vers']])('%s prints the version and ignores the other words', async (word) => {
    const world = fakeProcess();
    expect(await main(['--nonsense', '-p', 'x', word, '--help'], world.environment)).toBe(0);
    expect(world.out).toBe(`${title}\nVersion ${packageJson.version}\n`);
    expect(world.err).toEqual([]);
  });

  it.each([['-Z'], ['--help'], ['--usage'], ['--options']])(
    '%s prints the help and ignores the other words',
    async (word) => {
      const world = fakeProcess();
      expect(await main(['word', word, '-V'], world.environment)).toBe(0);
      expect(world.out).toMatch(new RegExp(`^Usage: ${name} `));
      expect(world.err).toEqual([]);
    },
  );

  it('--help fits into 80 columns, names every option and begins with an example', async () => {
    const world = fakeProcess();
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
    expect(lines.length).toBeLessThan(350);
  });

  it('the examples of --help are accepted command lines', async () => {
    for (const [, line] of tool.examples) {
      const command = line.split(' | ').find((part) => part.startsWith(name))!;
      const world = fakeProcess();
      const run = () => Promise.resolve();
      expect(await main(command.split(' ').slice(1), { ...world.environment, run }), line).toBe(0);
    }
  });

  it('an unknown option is reported once, with the name that was probably meant', async () => {
    const world = fakeProcess();
    expect(await main(['--paralel', '3'], world.environment)).toBe(1);
    expect(world.err.join('')).toBe(
      `${name}: unknown option --paralel; did you mean --parallel?\nTry ${name} --help for all options.\n`,
    );
    expect(world.out).toBe('');
  });

  it('a long name with one dash is refused with the advice to write two', async () => {
    const world = fakeProcess();
    expect(await main(['-namespace', 'users'], world.environment)).toBe(1);
    expect(world.err.join('')).toContain('unexpected word "users": a long name has two dashes, --namespace\n');
  });

  it('an error of the run is one line of the log, and the exit code is 1', async () => {
    const world = fakeProcess();
    const run = () => Promise.reject(new ToolError('NET_CONNECT', 'Cannot reach it.', { cause: new Error('refused') }));
    expect(await main([...base], { ...world.environment, run })).toBe(1);
    expect(world.err).toEqual([expect.stringMatching(/^\S+ \S+ GMT \[ERR\] \[[ \d]{5}\] Cannot reach it\.\n$/)]);
  });

  it('--verbose adds the cause of an error, and the stack of an unexpected one', async () => {
    const world = fakeProcess();
    const run = () => Promise.reject(new ToolError('NET_CONNECT', 'Cannot reach it.', { cause: new Error('refused') }));
    expect(await main([...base, '-v'], { ...world.environment, run })).toBe(1);
    expect(world.err[1]).toContain('[VER]');
    expect(world.err[1]).toContain('Cause: refused');
    expect(world.err.at(-1)).toContain('Exiting with status code 1');

    const other = fakeProcess();
    const fail = () => Promise.reject(new TypeError('surprise'));
    expect(await main([...base, '-v'], { ...other.environment, run: fail })).toBe(1);
    expect(other.err[0]).toMatch(/\[ERR\] .* Unexpected error: surprise\n$/);
    expect(other.err[1]).toMatch(/\[VER\] .* at .*run\.test\.ts/);
  });

  it('without --verbose an unexpected error is one line without a stack', async () => {
    const world = fakeProcess();
    const run = () => Promise.reject(new TypeError('surprise'));
    expect(await main([...base], { ...world.environment, run })).toBe(1);
    expect(world.err).toHaveLength(1);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
    '%s asks the run to stop, and a second one exits at once',
    async (signal) => {
      const world = fakeProcess();
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

  it('an interrupted run that is complete all the same exits with 0', async () => {
    const world = fakeProcess();
    const run = () => {
      world.raise('SIGINT');
      return Promise.resolve();
    };
    expect(await main([...base], { ...world.environment, run })).toBe(0);
  });
});
