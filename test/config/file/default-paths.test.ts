import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultConfigPaths } from '../../../src/config/file/default-paths.js';
import { ConfigFiles, runCommandWith } from '../../support/config-files.js';

const configFiles = new ConfigFiles();

describe('which files', () => {
  it('are the usual ones', () => {
    expect(defaultConfigPaths({ HOME: '/home/me' })).toEqual([
      '/etc/aerospike/astools.conf',
      '/home/me/.aerospike/astools.conf',
    ]);
    expect(defaultConfigPaths({})).toEqual(['/etc/aerospike/astools.conf']);
    expect(defaultConfigPaths({ HOME: '' })).toEqual(['/etc/aerospike/astools.conf']);
  });

  it('are read in their order, unless others are named', async () => {
    const path = await configFiles.writeAll({
      usual: '[asbackup]\nnamespace = "usual"\ndirectory = "usual"',
      more: '[asbackup]\nnamespace = "more"',
    });
    const [usual, more] = [path.usual!, path.more!];
    const gone = join(await configFiles.root, 'gone');
    const spaces = async (...argv: string[]) => (await runCommandWith('asbackup', argv, [gone, usual])).seen?.namespace;
    expect(await spaces()).toBe('usual');
    expect(await spaces('--config-file', more)).toBe('more');
    expect(await spaces('--config-file', gone, '--config-file', more)).toBe('more');
    expect(await spaces('--only-config-file', more, '-d', 'd')).toBe('more');
    expect(await spaces('--no-config-file', '-d', 'd')).toBeUndefined();
    expect(await spaces('--no-config-file', '-d', 'd', '-n', 'x', '--config-file', gone)).toBe('x');
    const { lines } = await runCommandWith('asbackup', ['--config-file', more, '-v', '-n', 'x'], [gone, usual]);
    expect(lines.map((line) => line.replace(/^.*\[VER\] \[.{5}\] /, ''))).toEqual([
      `Configuration file ${usual} was read\n`,
      `Configuration file ${more} was read\n`,
      `The command line overrides namespace of ${more}:2\n`,
      'Exiting with status code 0\n',
    ]);
  });

  it('must be there if they are named, and readable if they are there (fault 19)', async () => {
    const gone = join(await configFiles.root, 'gone');
    for (const option of ['--config-file', '--only-config-file']) {
      const { code, lines } = await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', option, gone]);
      expect(code).toBe(1);
      expect(lines).toEqual([
        expect.stringMatching(
          `\\[ERR\\] .* Cannot read the configuration file ${gone}: no such file or directory \\(ENOENT\\)\\.\n$`,
        ),
      ]);
      expect((await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', `${option}=`])).lines.join('')).toContain(
        `Invalid value "" for ${option}: the path is empty.`,
      );
    }
    expect(
      (await runCommandWith('asbackup', ['-n', 'n', '-d', 'd'], [await configFiles.root])).lines.join(''),
    ).toContain(`Cannot read the configuration file ${await configFiles.root}: it is a directory (EISDIR).`);
    const locked = await configFiles.write('[asbackup]');
    await chmod(locked, 0);
    // Root may read everything.
    if (process.getuid?.() !== 0) {
      expect((await runCommandWith('asbackup', ['-n', 'n', '-d', 'd'], [locked])).lines.join('')).toContain(
        'permission denied',
      );
    }
  });
});
