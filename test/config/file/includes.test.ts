import { symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/file/load.js';
import { ANY_TOOL, ConfigFiles, failure, readFiles } from '../../support/config-files.js';

const configFiles = new ConfigFiles();

describe('includes', () => {
  it('override the file that names them, in the order of names, through links and directories', async () => {
    const set = (name: string) => `[asbackup]\nset = "${name}"\noutput-file-prefix = "${name}"\n`;
    const paths = await configFiles.writeAll({
      'main.conf': '[include]\nfile = "one.conf"\ndirectory = "d"\n[asbackup]\nset = "main"\nfile-limit = 7',
      'one.conf': set('one'),
      'd/20.conf': '[asbackup]\nset = "20"\n',
      'd/10/x.conf': set('10'),
      'd/.hidden.conf': set('hidden'),
      'd/..data/x.conf': set('hidden'),
      'elsewhere/30.conf': '[asbackup]\nset = "30"\n',
    });
    const base = dirname(paths['main.conf']!);
    const loaded = async () => {
      const { files: seen } = await loadSettings(ANY_TOOL.asbackup, {
        files: [{ path: paths['main.conf']!, required: true }],
      });
      return seen.map((path) => path.slice(base.length + 1));
    };
    expect(await loaded()).toEqual(['main.conf', 'one.conf', 'd/10/x.conf', 'd/20.conf']);
    await symlink('../elsewhere/30.conf', join(base, 'd', '30.conf'));
    await symlink('../elsewhere', join(base, 'd', '40'));
    await symlink('..', join(base, 'd', '10', 'up'));
    expect(await loaded()).toEqual(['main.conf', 'one.conf', 'd/10/x.conf', 'd/20.conf', 'd/30.conf', 'd/40/30.conf']);
    const { values } = await readFiles(ANY_TOOL.asbackup, [paths['main.conf']!]);
    expect([values.get('set'), values.get('output-file-prefix'), values.get('file-limit')]).toEqual([['30'], '10', 7]);
  });

  it('go three deep', async () => {
    const link = (next: string) => `[include]\nfile = "${next}"\n`;
    const paths = await configFiles.writeAll({
      '0': link('1'),
      '1': link('2'),
      '2': link('3'),
      '3': link('4'),
      '4': '',
    });
    expect(await failure(readFiles(ANY_TOOL.asbackup, [paths['0']!]))).toBe(
      `${paths['3']!}:2: includes may be nested 3 deep at most, and ${paths['4']!} would be deeper.`,
    );
    expect(await failure(readFiles(ANY_TOOL.asbackup, [paths['1']!]))).toBe('no error');
  });

  it('must not go in circles', async () => {
    const paths = await configFiles.writeAll({ a: '[include]\nfile = "b"', b: '\n[include]\ndirectory = "."' });
    expect(await failure(readFiles(ANY_TOOL.asbackup, [paths.a!]))).toBe(`${paths.b!}:3: ${paths.a!} includes itself.`);
  });

  it.each([
    ['file = "gone"', 'cannot read the configuration file DIR/gone: no such file or directory (ENOENT).'],
    ['directory = "gone"', 'cannot read DIR/gone: no such file or directory (ENOENT).'],
    ['directory = "astools.conf"', 'cannot read DIR/astools.conf: a part of the path is not a directory (ENOTDIR).'],
    ['file = 1', 'file must be a path in quotes.'],
    ['directory = ""', 'directory must be a path in quotes.'],
    ['files = "x"', 'unknown key "files" in [include]; did you mean file?'],
  ])('%s is an error', async (line, message) => {
    const path = await configFiles.write(`[include]\n${line}`);
    expect(await failure(readFiles(ANY_TOOL.asbackup, [path]))).toBe(
      `${path}:2: ${message.replace('DIR', dirname(path))}`,
    );
  });

  it('report the errors of the file they include', async () => {
    const paths = await configFiles.writeAll({ main: '[include]\ndirectory = "d"', 'd/x': '\n[cluster]\nport = 0' });
    expect(await failure(readFiles(ANY_TOOL.asbackup, [paths.main!]))).toContain(
      `${paths['d/x']!}:3: invalid value "0"`,
    );
  });
});
