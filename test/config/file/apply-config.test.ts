import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main as asbackup } from '../../../src/cli/asbackup.js';
import { backupSchema } from '../../../src/config/backup-constraints.js';
import { main as asrestore } from '../../../src/cli/asrestore.js';
import { restoreSchema } from '../../../src/config/restore-constraints.js';
import { loadSettings } from '../../../src/config/file/load.js';
import { defaultConfigPaths } from '../../../src/config/file/default-paths.js';
import { fileKeys, type OptionSpec, type OptionTable } from '../../../src/config/schema/option-spec.js';
import type { ToolSchema } from '../../../src/config/tool-schema.js';
import { errorText } from '../../../src/ui/error-text.js';
import { type CommandLine, parseCommandLine, withoutConstraints } from '../../support/command-line.js';
import { makeCertificate } from '../../support/certificates.js';
import { COMPANIONS, REAL_TEXTS, samples } from '../../support/option-samples.js';

let root = '';
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'config-'));
  const ca = makeCertificate({ name: 'Test CA', isCa: true });
  const client = makeCertificate({ name: 'client', issuer: ca });
  await mkdir(join(root, 'ca'));
  await writeFile(join(root, 'ca', 'ca.pem'), ca.cert);
  await writeFile(join(root, 'client.pem'), client.cert + client.key);
});
afterAll(() => rm(root, { recursive: true }));

/** Writes files into a directory of its own and gives their paths. */
async function files(texts: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const directory = join(root, String(count++));
  const paths: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    paths[name] = path;
  }
  return paths;
}

async function file(text: string): Promise<string> {
  return (await files({ 'astools.conf': text }))['astools.conf']!;
}

const ANY_TOOL = { asbackup: withoutConstraints(backupSchema), asrestore: withoutConstraints(restoreSchema) };

async function read(tool: ToolSchema<OptionTable>, paths: string[], argv: string[] = [], instance?: string) {
  const choice = { files: paths.map((path) => ({ path, required: true })), ...(instance && { instance }) };
  const { settings } = await loadSettings(tool, choice);
  return runLine(parseCommandLine(tool, argv, { settings }));
}

function runLine(line: CommandLine<OptionTable>) {
  if (line.kind !== 'run') throw new Error(`unexpected ${line.kind}`);
  return line;
}

/** Everything a line says. */
function snapshot(tool: ToolSchema<OptionTable>, { values }: ReturnType<typeof runLine>) {
  return tool.options.map(({ name }) => [name, values.has(name), values.get(name)]);
}

/** One whole run; `seen` is what would be run. */
async function run(name: string, argv: string[], configFiles: string[] = []) {
  const lines: string[] = [];
  let seen: Record<string, unknown> | undefined;
  const environment = {
    stdout: (text: string) => void lines.push(text),
    stderr: (text: string) => void lines.push(text),
    configFiles,
    terminal: () => undefined,
    askPassword: () => Promise.resolve('typed'),
    run: (options: object) => {
      const text = JSON.stringify({ ...options, signal: undefined }, (key, value: unknown) =>
        key === 'log' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
      );
      seen = JSON.parse(text) as Record<string, unknown>;
      return Promise.resolve();
    },
  };
  const code = await (name === 'asbackup' ? asbackup : asrestore)(argv, environment);
  return { code, lines, seen };
}

/** What else has to be said for an option to have its effect. */
function companions(): Record<string, string[]> {
  const trust = `--tls-cafile=${join(root, 'ca', 'ca.pem')}`;
  const tls = ['--tls-enable', trust];
  return {
    password: ['-U', 'me'],
    'tls-enable': [trust],
    'tls-cafile': ['--tls-enable'],
    'tls-capath': ['--tls-enable'],
    'tls-name': tls,
    'tls-protocols': tls,
    'tls-cipher-suite': tls,
    'tls-keyfile-password': tls,
    'tls-certfile': [...tls, `--tls-keyfile=${join(root, 'client.pem')}`],
    'tls-keyfile': [...tls, `--tls-certfile=${join(root, 'client.pem')}`],
    'parent-directory': ['--directory-list=a,b'],
  };
}

/** Arguments that have to stand for something that is really there. */
function realTexts(): Record<string, string[]> {
  return {
    'tls-cafile': [join(root, 'ca', 'ca.pem')],
    'tls-capath': [join(root, 'ca')],
    'tls-certfile': [join(root, 'client.pem')],
    'tls-keyfile': [join(root, 'client.pem')],
    'tls-protocols': ['TLSv1.2', '-all +TLSv1.2'],
    'tls-cipher-suite': ['ECDHE-ECDSA-AES256-GCM-SHA384'],
    'directory-list': ['a,b'],
    'parent-directory': ['p'],
    nice: ['5', '5,6'],
  };
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => errorText(error, 'cli'),
  );
}

function sectionOf(tool: ToolSchema<OptionTable>, spec: OptionSpec): string {
  return spec.section === 'tool' ? tool.name : spec.section!;
}

/** The value as a file has it. */
function tomlOf(spec: OptionSpec, text: string): string {
  if (spec.value.type === 'integer') return String(Number(text));
  return spec.value.type === 'flag' ? text : JSON.stringify(text);
}

for (const tool of [ANY_TOOL.asbackup, ANY_TOOL.asrestore]) {
  const base = tool.name === 'asbackup' ? ['-n', 'test', '-d', 'dir'] : ['-i', 'file'];

  describe(`${tool.name}: keys of a file`, () => {
    for (const spec of tool.options) {
      if (spec.section === undefined) continue;
      const section = sectionOf(tool, spec);
      const { good, bad } = samples(spec.value);
      const texts = spec.argument === 'none' ? ['true'] : good.map(([text]) => text);

      it.each(fileKeys(spec))('%s means what the option means', async (key) => {
        for (const text of texts) {
          const word = `--${spec.name}=${text}`;
          for (const written of [key, key.toUpperCase(), JSON.stringify(key)]) {
            const path = await file(`[${section}]\n${written} = ${tomlOf(spec, text)}\n`);
            const expected = runLine(parseCommandLine(tool, [word]));
            expect(snapshot(tool, await read(tool, [path])), `${key} ${text}`).toEqual(snapshot(tool, expected));
            // Of all words it is the command line's that counts.
            const twice = await read(tool, [path], [word]);
            expect(snapshot(tool, twice)).toEqual(snapshot(tool, expected));
          }
        }
      });

      it(`${spec.name} is checked as on the command line`, async () => {
        const key = fileKeys(spec)[0]!;
        const wrong = spec.value.type === 'integer' ? bad.filter((text) => /^-?[1-9][0-9]*$/.test(text)) : bad;
        for (const text of wrong) {
          const toml = spec.value.type === 'integer' ? text : JSON.stringify(text);
          const path = await file(`\n[${section}]\n\n${key} = ${toml}\n`);
          const message = await failure(read(tool, [path]));
          const direct = await failure(
            Promise.resolve().then(() => parseCommandLine(tool, [`--${spec.name}=${text}`])),
          );
          expect(message).toMatch(`${path}:4: invalid value`);
          const reason = (whole: string) => whole.slice(whole.indexOf(`for `)).replace(/^for [^ ]*: /, '');
          expect(reason(message)).toBe(reason(direct));
        }
        if (spec.value.type === 'integer') expect(wrong.length).toBeGreaterThan(1);
      });

      it(`${spec.name} has one type`, async () => {
        const key = fileKeys(spec)[0]!;
        const right =
          spec.value.type === 'integer'
            ? 'a whole number, without quotes'
            : spec.value.type === 'flag'
              ? 'true or false, without quotes'
              : 'text in quotes';
        const all: Record<string, string> = {
          'text in quotes': '"7"',
          'a whole number': '7',
          'a number with a fraction or exponent': '7.0',
          'true or false': 'true',
          'a list in brackets': '["7"]',
          'a table': '{ a = 7 }',
          'a date': '2020-01-01',
        };
        for (const [kind, toml] of Object.entries(all)) {
          if (right.startsWith(kind) || (kind === 'a whole number' && spec.bareNumber === true)) continue;
          const path = await file(`[${section}]\n${key} = ${toml}`);
          expect(await failure(read(tool, [path]))).toBe(`${path}:2: ${key} must be ${right}, not ${kind}.`);
        }
      });

      if (spec.argument === 'none') {
        it(`${spec.name} is switched off by the command line, or by a later file`, async () => {
          const key = fileKeys(spec)[0]!;
          const on = await file(`[${section}]\n${key} = true`);
          const off = await file(`[${section}]\n${key} = false`);
          expect((await read(tool, [on])).values.has(spec.name)).toBe(true);
          expect((await read(tool, [on], [`--${spec.name}=false`])).values.has(spec.name)).toBe(false);
          expect((await read(tool, [on, off])).values.has(spec.name)).toBe(false);
          expect((await read(tool, [off, on])).values.has(spec.name)).toBe(true);
          expect((await read(tool, [off], [`--${spec.name}=true`])).values.has(spec.name)).toBe(true);
          expect((await read(tool, [off])).values.get(spec.name)).toBeUndefined();
        });
      }

      if (spec.section !== 'secret-agent') {
        it(`${spec.name} makes the run that the option makes`, async () => {
          const targets = ['output-file', 'directory', 'directory-list', 'parent-directory', 'estimate', 'input-file'];
          const own = !targets.includes(spec.name) ? base : tool.name === 'asbackup' ? ['-n', 'test'] : [];
          const rest = spec.name === 'namespace' && tool.name === 'asbackup' ? ['-d', 'dir'] : own;
          const needed = { ...COMPANIONS, ...companions() }[spec.name] ?? [];
          let runs = 0;
          for (const text of { ...REAL_TEXTS, ...realTexts() }[spec.name] ?? texts) {
            const direct = await run(tool.name, [...rest, ...needed, `--${spec.name}=${text}`]);
            const path = await file(`[${section}]\n${fileKeys(spec)[0]!} = ${tomlOf(spec, text)}`);
            const fromFile = await run(tool.name, [...rest, ...needed], [path]);
            expect([fromFile.code, fromFile.seen], text).toEqual([direct.code, direct.seen]);
            if (direct.code === 0) runs++;
          }
          // For these a revocation list would have to be there.
          expect(runs > 0 || /^tls-(crl-check|cert-blacklist)/.test(spec.name)).toBe(true);
        });
      }
    }

    it('are all in the sample, and the sample says nothing else', async () => {
      const text = await readFile(new URL('../../../conf/astools.conf.sample', import.meta.url), 'utf8');
      for (const spec of tool.options) {
        if (spec.section === undefined) continue;
        const name = sectionOf(tool, spec);
        const body = text.split(`\n[${name}]\n`)[1]!.split(/\n\[/)[0]!;
        for (const key of [fileKeys(spec)[0]!, ...(spec.keyParts ?? [])]) {
          expect(body, `${name} ${key}`).toContain(`\n#${key} = `);
        }
        // A second name is at least spoken of.
        for (const key of fileKeys(spec).slice(1)) expect(text).toContain(key);
        const shown = new RegExp(`\\n#${fileKeys(spec)[0]!} = "?(.*?)"?\\n`).exec(body)?.[1];
        if (spec.default !== undefined && spec.name !== 'compression-level')
          expect(shown, spec.name).toBe(spec.default);
      }
    });

    it('that the sample shows are valid, with every line of it switched on', async () => {
      const text = await readFile(new URL('../../../conf/astools.conf.sample', import.meta.url), 'utf8');
      const on = text.replace(/^#(?=[a-z[])/gm, '');
      expect(on).toContain('\nhost = "127.0.0.1"\n');
      expect(on).not.toMatch(/^#[^ \n]/m);
      const paths = await files({ 'astools.conf': on, 'astools.local.conf': text, 'astools.d/a.conf': text });
      const { settings, files: seen } = await loadSettings(tool, {
        files: [{ path: paths['astools.conf']!, required: true }],
      });
      expect(seen).toEqual(Object.values(paths));
      const parts = tool.options.filter((spec) => spec.keyParts !== undefined).length;
      expect(settings).toHaveLength(tool.options.filter((spec) => spec.section !== undefined).length);
      expect(parts).toBe(tool.name === 'asrestore' ? 1 : 0);
      const staging = await loadSettings(tool, {
        files: [{ path: paths['astools.conf']!, required: true }],
        instance: 'staging',
      });
      expect(staging.settings.find(({ key }) => key === 'host')?.text).toBe('staging.example.com');
      const untouched = await loadSettings(tool, { files: [{ path: paths['astools.local.conf']!, required: true }] });
      expect(untouched.settings).toEqual([]);
    });
  });
}

describe('precedence', () => {
  const value = async (paths: string[], argv: string[], name: string, tool = ANY_TOOL.asbackup) =>
    (await read(tool, paths, argv)).values.get(name);

  it('goes to the later file, to the later of two names, and to the command line', async () => {
    const [a, b] = [await file('[cluster]\nport = 1\n'), await file('[cluster]\nport = 2\nhost = "b"')];
    expect(await value([a, b], [], 'port')).toBe(2);
    expect(await value([b, a], [], 'port')).toBe(1);
    expect(await value([a, b], ['-p', '3'], 'port')).toBe(3);
    expect(await value([a, b], ['-p', '3'], 'host')).toEqual({ text: 'b', entries: [{ host: 'b' }] });
    const names = await file('[asrestore]\nparallel = 1\nthreads = 2');
    expect(await value([names], [], 'parallel', ANY_TOOL.asrestore)).toBe(2);
  });

  it('replaces a list of sets instead of adding to it (fault 18)', async () => {
    const [a, b] = [await file('[asbackup]\nset = "a,b"'), await file('[asbackup]\nset = "c"')];
    expect(await value([a, b], [], 'set')).toEqual(['c']);
    expect(await value([a], ['-s', 'x', '-s', 'y'], 'set')).toEqual(['x', 'y']);
  });

  it('lets a key source replace the other one (fault 18)', async () => {
    const a = await file('[asbackup]\nencrypt = "aes128"\nencryption-key-file = "k"');
    const b = await file('[asbackup]\nencryption-key-env = "K"');
    const fromLine = await read(ANY_TOOL.asbackup, [a], ['--encryption-key-env', 'L']);
    expect(fromLine.values.has('encryption-key-file')).toBe(false);
    expect(fromLine.values.get('encryption-key-env')).toBe('L');
    expect(fromLine.details).toEqual([`The command line overrides encryption-key-file of ${a}:3`]);
    const fromFile = await read(ANY_TOOL.asbackup, [a, b]);
    expect(fromFile.values.has('encryption-key-file')).toBe(false);
    const both = await file('[asbackup]\nencryption-key-env = "K"\nencryption-key-file = "k"');
    expect(await failure(read(ANY_TOOL.asbackup, [both]))).toBe(
      `There is more than one encryption key: encryption-key-env (${both}:2) and encryption-key-file (${both}:3).`,
    );
  });

  it('lets the command line choose another target', async () => {
    const path = await file('[asbackup]\nnamespace = "n"\ndirectory = "d"\nparallel = 4\nremove-files = true');
    expect((await run('asbackup', ['-o', 'f'], [path])).seen).toMatchObject({
      target: { kind: 'file', path: 'f' },
      parallel: 4,
    });
    expect((await run('asbackup', ['-e'], [path])).seen).toMatchObject({ target: { kind: 'none' }, parallel: 1 });
    expect((await run('asbackup', ['--estimate=false'], [path])).seen).toMatchObject({
      target: { kind: 'directory', path: 'd' },
    });
    const input = await file('[asrestore]\ndirectory-list = "a"\nparent-directory = "p"');
    expect((await run('asrestore', ['-i', 'f'], [input])).seen).toMatchObject({ source: { kind: 'file', path: 'f' } });
  });

  it('lets -P without a value ask again, whatever was said before', async () => {
    const path = await file('[cluster]\npassword = "from file"');
    for (const argv of [['-P'], ['-P', 'x', '-P']]) {
      const { values } = await read(ANY_TOOL.asbackup, [path], argv);
      expect([values.has('password'), values.get('password')]).toEqual([true, undefined]);
    }
  });

  it('takes no notice of a host list that another one replaces', async () => {
    expect((await run('asbackup', ['-n', 'n', '-d', 'd', '-h', 'a,', '-h', 'b'])).seen?.hostText).toBe('b');
  });

  it('does not hide a conflict within the files', async () => {
    const path = await file('[asbackup]\nnamespace = "n"\ndirectory = "d"\noutput-file = "f"');
    const { lines, code } = await run('asbackup', [], [path]);
    expect(code).toBe(1);
    expect(lines.join('')).toContain(
      'Only one of --directory, --output-file and --estimate can be given ' +
        `(--directory is set at ${path}:3) (--output-file is set at ${path}:4).\n`,
    );
  });

  it('takes bandwidth and tps together for nice, and nice before them', async () => {
    const a = await file('[asrestore]\nbandwidth = 5');
    const b = await file('[asrestore]\ntps = 6');
    const c = await file('[asrestore]\nnice = "7,8"\ntps = 6');
    const tool = ANY_TOOL.asrestore;
    expect(await value([a, b], [], 'nice', tool)).toEqual({ mibPerSecond: 5, recordsPerSecond: 6 });
    const limits = { mibPerSecond: 7, recordsPerSecond: 8 };
    expect(await value([a, b, c], [], 'nice', tool)).toEqual(limits);
    expect(await value([c, a], [], 'nice', tool)).toEqual(limits);
    expect(await value([a, b], ['-N', '1,2'], 'nice', tool)).toEqual({ mibPerSecond: 1, recordsPerSecond: 2 });
    expect(await failure(read(tool, [a]))).toBe(`${a}:2: bandwidth has no effect without tps; give both, or neither.`);
    const zero = await file('[asrestore]\nbandwidth = 0\ntps = 6');
    expect(await failure(read(tool, [zero]))).toBe(
      `${zero}:2: invalid value "0" for bandwidth: expected a whole number from 1 to 999999999.`,
    );
  });

  it('leaves sa-port as a number or in quotes', async () => {
    for (const port of ['4000', '"4000"']) {
      expect(await value([await file(`[secret-agent]\nsa-port = ${port}`)], [], 'sa-port')).toBe('4000');
    }
  });

  it('warns of what has no effect, but not of old names', async () => {
    const path = await file('[asrestore]\ninput-file = "f"\nthreads = 3\nretry-delay = 5');
    const { lines } = await run('asrestore', [], [path]);
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
    const { values } = await read(ANY_TOOL.asbackup, [await file(text)], [], instance);
    expect(values.get('host')).toMatchObject({ text: host });
    expect(values.get('namespace')).toBe(namespace);
    expect(values.has('compact')).toBe(compact);
    expect(values.get('sa-timeout')).toBe(5);
  });

  it('have no fallback for the cluster', async () => {
    const path = await file('[cluster]\nhost = "plain"\n[asbackup_x]\nnamespace = "x"');
    const { values } = await read(ANY_TOOL.asbackup, [path], [], 'x');
    expect(values.has('host')).toBe(false);
    expect(values.get('namespace')).toBe('x');
  });

  it('that no file knows are an error', async () => {
    const path = await file('[cluster_staging]');
    const { code, lines } = await run('asbackup', ['-n', 'n', '-d', 'd', '--instance', 'stagin'], [path]);
    expect(code).toBe(1);
    expect(lines.join('')).toContain(
      `--instance stagin is unknown: no section for it in ${path}; add [cluster_stagin].\n`,
    );
    const none = await run('asbackup', ['-n', 'n', '-d', 'd', '--instance', 'x']);
    expect(none.lines.join('')).toContain('--instance x is unknown: there is no configuration file;');
    expect((await run('asbackup', ['-n', 'n', '-d', 'd', '--instance', 'x', '--no-config-file'])).code).toBe(0);
  });
});

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
    const path = await files({
      usual: '[asbackup]\nnamespace = "usual"\ndirectory = "usual"',
      more: '[asbackup]\nnamespace = "more"',
    });
    const [usual, more] = [path.usual!, path.more!];
    const gone = join(root, 'gone');
    const spaces = async (...argv: string[]) => (await run('asbackup', argv, [gone, usual])).seen?.namespace;
    expect(await spaces()).toBe('usual');
    expect(await spaces('--config-file', more)).toBe('more');
    expect(await spaces('--config-file', gone, '--config-file', more)).toBe('more');
    expect(await spaces('--only-config-file', more, '-d', 'd')).toBe('more');
    expect(await spaces('--no-config-file', '-d', 'd')).toBeUndefined();
    expect(await spaces('--no-config-file', '-d', 'd', '-n', 'x', '--config-file', gone)).toBe('x');
    const { lines } = await run('asbackup', ['--config-file', more, '-v', '-n', 'x'], [gone, usual]);
    expect(lines.map((line) => line.replace(/^.*\[VER\] \[.{5}\] /, ''))).toEqual([
      `Configuration file ${usual} was read\n`,
      `Configuration file ${more} was read\n`,
      `The command line overrides namespace of ${more}:2\n`,
      'Exiting with status code 0\n',
    ]);
  });

  it('must be there if they are named, and readable if they are there (fault 19)', async () => {
    const gone = join(root, 'gone');
    for (const option of ['--config-file', '--only-config-file']) {
      const { code, lines } = await run('asbackup', ['-n', 'n', '-d', 'd', option, gone]);
      expect(code).toBe(1);
      expect(lines).toEqual([
        expect.stringMatching(
          `\\[ERR\\] .* Cannot read the configuration file ${gone}: no such file or directory \\(ENOENT\\)\\.\n$`,
        ),
      ]);
      expect((await run('asbackup', ['-n', 'n', '-d', 'd', `${option}=`])).lines.join('')).toContain(
        `Invalid value "" for ${option}: the path is empty.`,
      );
    }
    expect((await run('asbackup', ['-n', 'n', '-d', 'd'], [root])).lines.join('')).toContain(
      `Cannot read the configuration file ${root}: it is a directory (EISDIR).`,
    );
    const locked = await file('[asbackup]');
    await chmod(locked, 0);
    // Root may read everything.
    if (process.getuid?.() !== 0) {
      expect((await run('asbackup', ['-n', 'n', '-d', 'd'], [locked])).lines.join('')).toContain('permission denied');
    }
  });
});

describe('includes', () => {
  it('override the file that names them, in the order of names, through links and directories', async () => {
    const set = (name: string) => `[asbackup]\nset = "${name}"\noutput-file-prefix = "${name}"\n`;
    const paths = await files({
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
    const { values } = await read(ANY_TOOL.asbackup, [paths['main.conf']!]);
    expect([values.get('set'), values.get('output-file-prefix'), values.get('file-limit')]).toEqual([['30'], '10', 7]);
  });

  it('go three deep', async () => {
    const link = (next: string) => `[include]\nfile = "${next}"\n`;
    const paths = await files({ '0': link('1'), '1': link('2'), '2': link('3'), '3': link('4'), '4': '' });
    expect(await failure(read(ANY_TOOL.asbackup, [paths['0']!]))).toBe(
      `${paths['3']!}:2: includes may be nested 3 deep at most, and ${paths['4']!} would be deeper.`,
    );
    expect(await failure(read(ANY_TOOL.asbackup, [paths['1']!]))).toBe('no error');
  });

  it('must not go in circles', async () => {
    const paths = await files({ a: '[include]\nfile = "b"', b: '\n[include]\ndirectory = "."' });
    expect(await failure(read(ANY_TOOL.asbackup, [paths.a!]))).toBe(`${paths.b!}:3: ${paths.a!} includes itself.`);
  });

  it.each([
    ['file = "gone"', 'cannot read the configuration file DIR/gone: no such file or directory (ENOENT).'],
    ['directory = "gone"', 'cannot read DIR/gone: no such file or directory (ENOENT).'],
    ['directory = "astools.conf"', 'cannot read DIR/astools.conf: a part of the path is not a directory (ENOTDIR).'],
    ['file = 1', 'file must be a path in quotes.'],
    ['directory = ""', 'directory must be a path in quotes.'],
    ['files = "x"', 'unknown key "files" in [include]; did you mean file?'],
  ])('%s is an error', async (line, message) => {
    const path = await file(`[include]\n${line}`);
    expect(await failure(read(ANY_TOOL.asbackup, [path]))).toBe(`${path}:2: ${message.replace('DIR', dirname(path))}`);
  });

  it('report the errors of the file they include', async () => {
    const paths = await files({ main: '[include]\ndirectory = "d"', 'd/x': '\n[cluster]\nport = 0' });
    expect(await failure(read(ANY_TOOL.asbackup, [paths.main!]))).toContain(`${paths['d/x']!}:3: invalid value "0"`);
  });
});

describe('what a file must not say', () => {
  it.each([
    ['[asbackup]\nbin_list = "a"', '2: unknown key "bin_list" in [asbackup]; did you mean bin-list?'],
    ['[asbackup]\npercent = 5', '2: unknown key "percent" in [asbackup].'],
    ['[asbackup]\nport = 5', '2: unknown key "port" in [asbackup]; it belongs in [cluster].'],
    ['[cluster]\nNamespace = "n"', '2: unknown key "Namespace" in [cluster]; it belongs in [asbackup].'],
    [
      '[cluster]\nservices-alternate = true',
      '2: unknown key "services-alternate" in [cluster]; did you mean use-services-alternate?',
    ],
    ['[cluster]\ntls-log-session-info = true', '2: unknown key "tls-log-session-info" in [cluster].'],
    ['[secret-agent]\nsa-adress = "a"', '2: unknown key "sa-adress" in [secret-agent]; did you mean sa-address?'],
    ['[asbackup]\ns3.region = "x"', '2: unknown key "s3" in [asbackup].'],
    ['[asbackup]\nparallel = 101', '2: invalid value "101" for parallel: expected a whole number from 1 to 100.'],
    [
      '[asbackup]\nparallel = 99999999999999999999',
      '2: invalid value "99999999999999999999" for parallel: expected a whole number from 1 to 100.',
    ],
    ['[cluster]\nport = "3000"', '2: port must be a whole number, without quotes, not text in quotes.'],
    ['asbackup = 1', '1: asbackup must be a section that begins with [asbackup].'],
    ['\n[[cluster]]\nport = 1', '2: cluster must be a section that begins with [cluster].'],
    ['[cluster]\nport = 1\nport = 2', '3: not TOML at column 1: defining a key multiple times is invalid.'],
    ['[cluster]\npassword = hunter2', '2: not TOML at column 12: unexpected character.'],
    ['[cluster]\npassword = "hunter2', '2: not TOML at column 20: unterminated string constant.'],
    ['[cluster]\npassword = 5', '2: password must be text in quotes, not a whole number.'],
    ['[cluster]\nport = 010', '2: not TOML at column 8: leading zeros are not allowed.'],
  ])('%j', async (text, message) => {
    const path = await file(text);
    const { code, lines, seen } = await run('asbackup', ['-n', 'n', '-d', 'd', '-v'], [path]);
    expect(code).toBe(1);
    expect(seen).toBeUndefined();
    expect(lines[0]?.replace(/^.*\[ERR\] \[.{5}\] /, '')).toBe(`${path}:${message}\n`);
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('is reported even if the command line overrides it, but not if it is for another tool', async () => {
    const path = await file('[cluster]\nport = 0\n[asrestore]\nnonsense = 1\n[aql]\nx = 1');
    expect(await failure(read(ANY_TOOL.asbackup, [path], ['-p', '5']))).toContain(`${path}:2: invalid value "0"`);
    expect(await failure(read(ANY_TOOL.asbackup, [await file('[asrestore]\nnonsense = 1')]))).toBe('no error');
  });

  it('is bytes that are no text; a byte order mark and CR LF do no harm', async () => {
    const path = await file('');
    await writeFile(path, Buffer.from('5b61ff5d', 'hex'));
    expect(await failure(read(ANY_TOOL.asbackup, [path]))).toBe(`${path}: the file is not UTF-8 text.`);
    await writeFile(path, '\uFEFF[cluster]\r\nport = 5\r\n');
    expect((await read(ANY_TOOL.asbackup, [path])).values.get('port')).toBe(5);
  });
});
