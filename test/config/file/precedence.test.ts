import { describe, expect, it } from 'vitest';
import { ANY_TOOL, ConfigFiles, failure, readFiles, runCommandWith } from '../../support/config-files.js';

const configFiles = new ConfigFiles();

describe('precedence', () => {
  const value = async (paths: string[], argv: string[], name: string, tool = ANY_TOOL.asbackup) =>
    (await readFiles(tool, paths, argv)).values.get(name);

  it('goes to the later file, to the later of two names, and to the command line', async () => {
    const [a, b] = [
      await configFiles.write('[cluster]\nport = 1\n'),
      await configFiles.write('[cluster]\nport = 2\nhost = "b"'),
    ];
    expect(await value([a, b], [], 'port')).toBe(2);
    expect(await value([b, a], [], 'port')).toBe(1);
    expect(await value([a, b], ['-p', '3'], 'port')).toBe(3);
    expect(await value([a, b], ['-p', '3'], 'host')).toEqual({ text: 'b', entries: [{ host: 'b' }] });
    const names = await configFiles.write('[asrestore]\nparallel = 1\nthreads = 2');
    expect(await value([names], [], 'parallel', ANY_TOOL.asrestore)).toBe(2);
  });

  it('replaces a list of sets instead of adding to it (fault 18)', async () => {
    const [a, b] = [
      await configFiles.write('[asbackup]\nset = "a,b"'),
      await configFiles.write('[asbackup]\nset = "c"'),
    ];
    expect(await value([a, b], [], 'set')).toEqual(['c']);
    expect(await value([a], ['-s', 'x', '-s', 'y'], 'set')).toEqual(['x', 'y']);
  });

  it('lets a key source replace the other one (fault 18)', async () => {
    const a = await configFiles.write('[asbackup]\nencrypt = "aes128"\nencryption-key-file = "k"');
    const b = await configFiles.write('[asbackup]\nencryption-key-env = "K"');
    const fromLine = await readFiles(ANY_TOOL.asbackup, [a], ['--encryption-key-env', 'L']);
    expect(fromLine.values.has('encryption-key-file')).toBe(false);
    expect(fromLine.values.get('encryption-key-env')).toBe('L');
    expect(fromLine.details).toEqual([`The command line overrides encryption-key-file of ${a}:3`]);
    const fromFile = await readFiles(ANY_TOOL.asbackup, [a, b]);
    expect(fromFile.values.has('encryption-key-file')).toBe(false);
    const both = await configFiles.write('[asbackup]\nencryption-key-env = "K"\nencryption-key-file = "k"');
    expect(await failure(readFiles(ANY_TOOL.asbackup, [both]))).toBe(
      `There is more than one encryption key: encryption-key-env (${both}:2) and encryption-key-file (${both}:3).`,
    );
  });

  it('lets the command line choose another target', async () => {
    const path = await configFiles.write(
      '[asbackup]\nnamespace = "n"\ndirectory = "d"\nparallel = 4\nremove-files = true',
    );
    expect((await runCommandWith('asbackup', ['-o', 'f'], [path])).seen).toMatchObject({
      target: { kind: 'file', path: 'f' },
      parallel: 4,
    });
    expect((await runCommandWith('asbackup', ['-e'], [path])).seen).toMatchObject({
      target: { kind: 'none' },
      parallel: 1,
    });
    expect((await runCommandWith('asbackup', ['--estimate=false'], [path])).seen).toMatchObject({
      target: { kind: 'directory', path: 'd' },
    });
    const input = await configFiles.write('[asrestore]\ndirectory-list = "a"\nparent-directory = "p"');
    expect((await runCommandWith('asrestore', ['-i', 'f'], [input])).seen).toMatchObject({
      source: { kind: 'file', path: 'f' },
    });
  });

  it('lets -P without a value ask again, whatever was said before', async () => {
    const path = await configFiles.write('[cluster]\npassword = "from file"');
    for (const argv of [['-P'], ['-P', 'x', '-P']]) {
      const { values } = await readFiles(ANY_TOOL.asbackup, [path], argv);
      expect([values.has('password'), values.get('password')]).toEqual([true, undefined]);
    }
  });

  it('takes no notice of a host list that another one replaces', async () => {
    expect((await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', '-h', 'a,', '-h', 'b'])).seen?.hostText).toBe('b');
  });

  it('does not hide a conflict within the files', async () => {
    const path = await configFiles.write('[asbackup]\nnamespace = "n"\ndirectory = "d"\noutput-file = "f"');
    const { lines, code } = await runCommandWith('asbackup', [], [path]);
    expect(code).toBe(1);
    expect(lines.join('')).toContain(
      'Only one of --directory, --output-file and --estimate can be given ' +
        `(--directory is set at ${path}:3) (--output-file is set at ${path}:4).\n`,
    );
  });

  it('takes bandwidth and tps together for nice, and nice before them', async () => {
    const a = await configFiles.write('[asrestore]\nbandwidth = 5');
    const b = await configFiles.write('[asrestore]\ntps = 6');
    const c = await configFiles.write('[asrestore]\nnice = "7,8"\ntps = 6');
    const tool = ANY_TOOL.asrestore;
    expect(await value([a, b], [], 'nice', tool)).toEqual({ mibPerSecond: 5, recordsPerSecond: 6 });
    const limits = { mibPerSecond: 7, recordsPerSecond: 8 };
    expect(await value([a, b, c], [], 'nice', tool)).toEqual(limits);
    expect(await value([c, a], [], 'nice', tool)).toEqual(limits);
    expect(await value([a, b], ['-N', '1,2'], 'nice', tool)).toEqual({ mibPerSecond: 1, recordsPerSecond: 2 });
    expect(await failure(readFiles(tool, [a]))).toBe(
      `${a}:2: bandwidth has no effect without tps; give both, or neither.`,
    );
    const zero = await configFiles.write('[asrestore]\nbandwidth = 0\ntps = 6');
    expect(await failure(readFiles(tool, [zero]))).toBe(
      `${zero}:2: invalid value "0" for bandwidth: expected a whole number from 1 to 999999999.`,
    );
  });

  it('leaves sa-port as a number or in quotes', async () => {
    for (const port of ['4000', '"4000"']) {
      expect(await value([await configFiles.write(`[secret-agent]\nsa-port = ${port}`)], [], 'sa-port')).toBe('4000');
    }
  });

  it('warns of what has no effect, but not of old names', async () => {
    const path = await configFiles.write('[asrestore]\ninput-file = "f"\nthreads = 3\nretry-delay = 5');
    const { lines } = await runCommandWith('asrestore', [], [path]);
    expect(lines).toEqual([expect.stringContaining('Warning: --retry-delay is deprecated and has no effect')]);
  });
});

describe('instances', () => {
  const text = `
[cluster]
host = "plain"
[cluster_a]
host = "a"
[asbackup]
namespace = "plain"
compact = true
[asbackup_a]
namespace = "a"
[secret-agent]
sa-timeout = 5
["cluster_b.c"]
host = "b"`;

  it.each([
    [undefined, 'plain', 'plain', true],
    ['a', 'a', 'a', false],
    ['b.c', 'b', 'plain', true],
  ])('%s', async (instance, host, namespace, compact) => {
    const { values } = await readFiles(ANY_TOOL.asbackup, [await configFiles.write(text)], [], instance);
    expect(values.get('host')).toMatchObject({ text: host });
    expect(values.get('namespace')).toBe(namespace);
    expect(values.has('compact')).toBe(compact);
    expect(values.get('sa-timeout')).toBe(5);
  });

  it('have no fallback for the cluster', async () => {
    const path = await configFiles.write('[cluster]\nhost = "plain"\n[asbackup_x]\nnamespace = "x"');
    const { values } = await readFiles(ANY_TOOL.asbackup, [path], [], 'x');
    expect(values.has('host')).toBe(false);
    expect(values.get('namespace')).toBe('x');
  });

  it('that no file knows are an error', async () => {
    const path = await configFiles.write('[cluster_staging]');
    const { code, lines } = await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', '--instance', 'stagin'], [path]);
    expect(code).toBe(1);
    expect(lines.join('')).toContain(
      `--instance stagin is unknown: no section for it in ${path}; add [cluster_stagin].\n`,
    );
    const none = await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', '--instance', 'x']);
    expect(none.lines.join('')).toContain('--instance x is unknown: there is no configuration file;');
    expect((await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', '--instance', 'x', '--no-config-file'])).code).toBe(
      0,
    );
  });
});
