/** Man pages and completions: made of the option tables, checked in, and never behind them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { asbCommands } from '../../src/cli/asb/registry.js';
import { commands } from '../../src/cli/commands/registry.js';
import type { CommandPage } from '../../src/cli/command.js';
import { helpText } from '../../src/cli/help.js';
import { catalogBackupOptions } from '../../src/config/schema/catalog/backup.js';
import { longNames, type OptionSpec } from '../../src/config/schema/option-spec.js';
import { apiSettings, catalogSettings } from '../../scripts/docs/api-settings.js';
import { argumentKind } from '../../scripts/docs/argument-kind.js';
import { completionFiles } from '../../scripts/docs/completion-files.js';
import { serviceConfigurationPage } from '../../scripts/docs/service-configuration.js';
import { logEventsPage } from '../../scripts/docs/log-events.js';
import { manPage } from '../../scripts/docs/man-page.js';
import { optionPage } from '../../scripts/docs/option-page.js';
import { sampleConfig } from '../../scripts/docs/sample-config.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const scratch = mkdtempSync(join(tmpdir(), 'asbackup-pages-'));
const home = mkdtempSync(join(tmpdir(), 'asbackup-pages-'));
mkdirSync(join(scratch, 'a folder'));
writeFileSync(join(scratch, 'a file'), '');
afterAll(() => [scratch, home].forEach((path) => rmSync(path, { recursive: true })));

function hasShell(shell: string): boolean {
  const found = spawnSync(shell, ['-c', 'exit 0']).status === 0;
  if (!found) console.warn(`${shell} is not installed: its completions are tested as text only`);
  return found;
}
const shells = { zsh: hasShell('zsh'), fish: hasShell('fish') };

/** Long names that a text says something about, each once. */
function longNamesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])--([A-Za-z][\w-]*)/g)].map(([, name]) => name!))].sort();
}

/** The text as it is read, without the marks of roff. */
function plain(roff: string): string {
  return roff
    .replace(/\\f[BIR]/g, '')
    .replace(/\\-/g, '-')
    .replace(/\\e/g, '\\');
}

const tools: readonly CommandPage[] = commands;

it('the page of log events says what the table of events says; if this fails: npm run docs', () => {
  expect(read('docs/reference/log-events.md')).toBe(logEventsPage());
});

it('the page of the configuration says what its schemas say; if this fails: npm run docs', () => {
  expect(read('docs/reference/service-configuration.md')).toBe(serviceConfigurationPage());
});

describe.each(tools)('$name', (tool) => {
  const { name, options } = tool;
  const files = completionFiles(tool);
  const known = options.flatMap((spec) => longNames(spec));
  const present = options.filter((spec) => spec.removed === undefined);

  it('has a man page that says what the option table says; if this fails: npm run docs', () => {
    expect(read(`man/${name}.1`)).toBe(manPage(tool));
  });

  it.each([...files.keys()])(
    'has completions in %s that know the option table; if this fails: npm run docs',
    (file) => {
      expect(read(`completions/${file}`)).toBe(files.get(file));
    },
  );

  it('has no option that --help, the man page or a completion does not know', () => {
    const help = helpText(tool);
    const man = plain(manPage(tool));
    for (const spec of present) {
      expect(longNamesIn(help), spec.name).toContain(spec.name);
      expect(help).toMatch(entry(spec));
    }
    for (const spec of present) {
      for (const spelling of longNames(spec)) {
        expect(longNamesIn(help)).toContain(spelling);
        expect(longNamesIn(man)).toContain(spelling);
      }
      expect(man).toContain(`\n.TP\n${spec.short === undefined ? '' : `-${spec.short}, `}--${spec.name}`);
      expect(files.get(`${name}.bash`)).toMatch(new RegExp(`^      .*--${spec.name}( |$)`, 'm'));
      expect(files.get(`_${name}`)).toMatch(new RegExp(`^ {2}'.*[)*]--${spec.name}=?\\[`, 'm'));
      const letter = spec.short === undefined ? '' : ` -s ${spec.short}`;
      expect(files.get(`${name}.fish`)).toMatch(new RegExp(`^complete -c ${name}${letter} -l ${spec.name} `, 'm'));
    }
    for (const { name: option } of options) expect(longNamesIn(man), 'also those that are refused').toContain(option);
  });

  it('has no option in --help, the man page or a completion that the table does not know', () => {
    // These stand for the name of any option.
    const placeholders = ['flag', 'name'];
    for (const text of [helpText(tool), plain(manPage(tool)), ...files.values()]) {
      const unknown = longNamesIn(text.replace(/ -- /g, ' ')).filter((option) => !known.includes(option));
      expect(unknown.filter((option) => !placeholders.includes(option))).toEqual([]);
    }
    const offered = [...files.values()].flatMap((text) => longNamesIn(text));
    expect(offered.filter((option) => !present.some((spec) => longNames(spec).includes(option)))).toEqual([]);
  });

  it('has a man page with every section, whose lines fit, and that no day makes stale', () => {
    const page = manPage(tool);
    const sections = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, heading]) => heading);
    const expected =
      'NAME|SYNOPSIS|DESCRIPTION|OPTIONS|CONFIGURATION FILES|ENVIRONMENT|FILES|SIGNALS|S3|GOOGLE CLOUD STORAGE|AZURE|' +
      'EXIT STATUS|EXAMPLES|SEE ALSO';
    const stores = ['S3', 'GOOGLE CLOUD STORAGE', 'AZURE'];
    expect(sections).toEqual(expected.split('|').filter((heading) => name === 'asbackup' || !stores.includes(heading)));
    expect(page).toContain(`.TH ${name.toUpperCase()} 1 "" `);
    expect(page.split('\n').filter((line) => plain(line).length > 80 || line !== line.trimEnd())).toEqual([]);
    // What begins with a dot is a macro, and every macro is one of these.
    const macros = new Set([...page.matchAll(/^[.'](\S*)/gm)].map(([, macro]) => macro));
    expect([...macros].sort()).toEqual(
      ['B', 'BR', 'PP', 'RE', 'RS', 'SH', 'SS', 'TH', 'TP', '\\"', 'ad', 'br', 'fi', 'nf', 'nh'].sort(),
    );
    expect(plain(page)).not.toMatch(/(?<![A-Za-z0-9])[*_](?=[a-z-])|\0/);
  });

  describe('in bash', () => {
    const script = join(ROOT, 'completions', `${name}.bash`);

    function complete(...words: string[]): string[] {
      const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _${name}; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const out = execFileSync('bash', ['-u', '-c', program, 'bash', script, name, ...words], {
        cwd: scratch,
        encoding: 'utf8',
      });
      return out
        .split('\n')
        .filter((line) => line !== '')
        .sort();
    }

    it('offers every option, and those that begin as what was typed', () => {
      expect(complete('')).toEqual(present.map((spec) => `--${spec.name}`).sort());
      expect(complete('--no-')).toEqual(
        present
          .filter((spec) => spec.name.startsWith('no-'))
          .map((spec) => `--${spec.name}`)
          .sort(),
      );
      expect(complete('-v', '--dir')).toContain('--directory');
      expect(complete('-v', '--nonsense')).toEqual([]);
    });

    it('offers the values of every option that has few', () => {
      const cases = present
        .filter(({ argument }) => argument === 'required')
        .flatMap((spec) => {
          const short = spec.short === undefined ? [] : [`-${spec.short}`];
          return [...longNames(spec).map((long) => `--${long}`), ...short].map((spelling) => ({ spec, spelling }));
        });
      // One bash for all: a line per option, what is offered separated by bars.
      const program = `source "$1"; shift; for option; do
        COMP_WORDS=(${name} "$option" '') COMP_CWORD=2; _${name}; (IFS='|'; echo "\${COMPREPLY[*]}"); done`;
      const args = ['-c', program, 'bash', script, ...cases.map(({ spelling }) => spelling)];
      const lines = execFileSync('bash', args, { cwd: scratch, encoding: 'utf8' }).split('\n');
      for (const [i, { spec, spelling }] of cases.entries()) {
        const kind = argumentKind(spec);
        const wanted =
          kind.kind === 'words'
            ? kind.words
            : { file: ['a file', 'a folder'], directory: ['a folder'], any: [] }[kind.kind];
        const offered = lines[i]!.split('|').filter((word) => word !== '');
        expect(offered.sort(), spelling).toEqual([...wanted].sort());
      }
    });

    it('completes a value after an equals sign, and part of one', () => {
      expect(complete('--compress', '=', '')).toEqual(['zstd']);
      expect(complete('--compress', '=')).toEqual(['zstd']);
      expect(complete('-y', 'aes1')).toEqual(['aes128']);
      expect(complete('--directory', 'a f')).toEqual(['a folder']);
    });

    it('offers options after one whose value may be missing', () => {
      expect(complete('--password', '--dir')).toContain('--directory');
    });

    it('is known to bash as the completion of the command', () => {
      const out = execFileSync('bash', ['-c', `source "$1"; complete -p ${name}`, 'bash', script], {
        encoding: 'utf8',
      });
      expect(out).toBe(`complete -F _${name} ${name}\n`);
    });
  });

  describe('in zsh', () => {
    const text = files.get(`_${name}`)!;

    it('is a function for compinit, with a specification in quotes per line', () => {
      expect(text.startsWith(`#compdef ${name}\n`)).toBe(true);
      const specs = text.split('\n').filter((line) => line.startsWith("  '"));
      expect(specs.length).toBe(present.length + present.filter(({ short }) => short !== undefined).length);
      for (const line of specs) {
        // Between the outer quotes, quotes only as '\''; brackets and colons of the text are escaped.
        expect(line).toMatch(
          /^ {2}'(?:\*|\([^)]*\))-(?:\w\+?|-[\w-]+=?)\[(?:[^[\]\\']|\\[[\]\\:]|'\\'')+\](?::.*)?'( \\)?$/,
        );
      }
      expect(text).toContain(":(INTERNAL EXTERNAL EXTERNAL_INSECURE PKI)'");
      expect(text).toMatch(/--directory=\[.*:dir:_files -\/'/);
    });

    if (shells.zsh) {
      it('gives zsh the specifications as they were meant', () => {
        const program = '_arguments() { print -rl -- "$@" }; source "$1"';
        const out = execFileSync('zsh', ['-f', '-c', program, 'zsh', join(ROOT, 'completions', `_${name}`)], {
          encoding: 'utf8',
        });
        expect(out.split('\n')[0]).toBe('-s');
        expect(out.split('\n').length - 2).toBe(text.split('\n').filter((line) => line.startsWith("  '")).length);
        expect(out).toContain('--compress=[The files are compressed with zstd]:zstd:(zstd)\n');
      });
    }
  });

  describe('in fish', () => {
    const text = files.get(`${name}.fish`)!;

    it('has one line per option, with its text in quotes', () => {
      const lines = text.split('\n').filter((line) => line.startsWith('complete ') && !line.endsWith(' -f'));
      expect(lines.length).toBe(present.length);
      for (const line of lines) {
        expect(line).toMatch(
          /^complete -c \w+(?: -s \w)? -l [\w-]+(?: -r -F| -x| -x -a '[\w():. -]+')? -d '(?:[^'\\]|\\['\\])+'$/,
        );
      }
    });

    if (shells.fish) {
      it('completes in fish', () => {
        const ask = (line: string): string[] => {
          const program = `source $argv[1]; complete -C '${name} ${line}'`;
          const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
          const file = join(ROOT, 'completions', `${name}.fish`);
          const out = execFileSync('fish', ['--no-config', '-c', program, file], {
            cwd: scratch,
            env,
            encoding: 'utf8',
          });
          return out
            .split('\n')
            .filter((found) => found !== '')
            .map((found) => found.split('\t')[0]!);
        };
        expect(ask('--compress ')).toEqual(['zstd']);
        expect(ask('-y ')).toEqual(['aes128', 'aes256']);
        expect(ask('--directory a').map((found) => found.replace(/\\/g, ''))).toEqual(['a folder/']);
        expect(ask('--no-rec')).toEqual(['--no-records']);
      });
    }
  });
});

describe('generated files', () => {
  const withoutBlanks = (text: string): string => text.replace(/[\s|]+/g, '');

  it('the types of the settings are those of the option tables; if this fails: npm run docs', () => {
    expect(withoutBlanks(read('src/api/option-settings.ts'))).toBe(withoutBlanks(apiSettings(tools)));
    expect(withoutBlanks(read('src/api/catalog/option-settings.ts'))).toBe(withoutBlanks(catalogSettings(tools)));
  });

  it('the sample configuration is that of the option tables; if this fails: npm run docs', () => {
    expect(read('conf/astools.conf.sample')).toBe(sampleConfig(tools));
  });
});

describe('the README', () => {
  const readme = read('README.md');

  it.each(tools)('has every option of $name on a page of docs/reference; if this fails: npm run docs', (tool) => {
    expect(read(`docs/reference/${tool.name}.md`)).toBe(optionPage(tool));
  });

  it('names no option that no table knows', async () => {
    const pages: CommandPage[] = [...tools, ...(await Promise.all(asbCommands.map(({ loadPage }) => loadPage())))];
    const known = pages.flatMap(({ options }) => options.flatMap((spec) => longNames(spec)));
    // Options of other programs: npm, docker, and the benchmark.
    const foreign = ['host', 'name', 'network', 'rm', 'ignore-scripts'];
    const ofCatalog = catalogBackupOptions.flatMap((spec) => longNames(spec));
    expect(longNamesIn(readme).filter((option) => ![...known, ...ofCatalog, ...foreign].includes(option))).toEqual([]);
  });
});

function entry(spec: OptionSpec): RegExp {
  return new RegExp(`^ {2}${spec.short === undefined ? '' : `-${spec.short}, `}--${spec.name}( |$)`, 'm');
}
