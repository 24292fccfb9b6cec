import { describe, expect, it } from 'vitest';
import { asbackupOptions } from '../../../src/config/schema/backup.js';
import { asrestoreOptions } from '../../../src/config/schema/restore.js';
import { longNames, type OptionTable } from '../../../src/config/schema/option-spec.js';
import { closestMatch } from '../../../src/config/did-you-mean.js';
import { tokenize } from '../../../src/cli/args/tokenizer.js';

function read(argv: string[], table: OptionTable = asbackupOptions): string[] {
  return tokenize(argv, table).map((word) => {
    if (word.kind === 'option') return `${word.spec.name}${word.argument === undefined ? '' : `=${word.argument}`}`;
    return word.kind === 'error' ? `! ${word.message}` : `${word.kind} ${word.text}`;
  });
}

describe('words of a command line', () => {
  it.each([
    [['-n', 'test'], ['namespace=test']],
    [['-ntest'], ['namespace=test']],
    [['--namespace', 'test'], ['namespace=test']],
    [['--namespace=test'], ['namespace=test']],
    [['--names', 'test'], ['namespace=test']],
    [['--estimate-sam=3'], ['estimate-samples=3']],
    [['--namespace='], ['namespace=']],
    [['--namespace', ''], ['namespace=']],
    [['-n', '-Z'], ['namespace=-Z']],
    [['--namespace', '--help'], ['namespace=--help']],
    [
      ['-n', '--', '-v'],
      ['namespace=--', 'verbose'],
    ],
    [['-n=test'], ['namespace==test']],
    [['-eIu'], ['estimate', 'no-indexes', 'no-udfs']],
    [['-eIuPpw'], ['estimate', 'no-indexes', 'no-udfs', 'password=pw']],
    [
      ['-IuN', '3'],
      ['no-indexes', 'no-udfs', 'nice=3'],
    ],
    [['-o', '-'], ['output-file=-']],
    [['-o-'], ['output-file=-']],
    [['--tls-crl-check'], ['tls-crl-check']],
    [['--tls-crl-checka'], ['tls-crl-check-all']],
    [['--encrypt', 'aes128'], ['encrypt=aes128']],
    [['--compress=zstd'], ['compress=zstd']],
    [['--opt'], ['help']],
    [['--usa'], ['help']],
  ])('%j', (argv, expected) => {
    expect(read(argv)).toEqual(expected);
  });

  it.each([
    [['-P', 'xyz'], ['password=xyz']],
    [['-Pxyz'], ['password=xyz']],
    [['--password=xyz'], ['password=xyz']],
    [['--password', 'xyz'], ['password=xyz']],
    [['--password='], ['password=']],
    [['-P', ''], ['password=']],
    [['-P'], ['password']],
    [
      ['-P', '-v'],
      ['password', 'verbose'],
    ],
    [
      ['-P', '-'],
      ['password', 'stray -'],
    ],
    [['-P-x'], ['password=-x']],
    [['--password=-x'], ['password=-x']],
    [
      ['-vP', 'xyz', 'abc'],
      ['verbose', 'password=xyz', 'stray abc'],
    ],
    [['--tls-keyfile-password', 'env:X'], ['tls-keyfile-password=env:X']],
    [
      ['--tls-keyfile-password', '--verbose'],
      ['tls-keyfile-password', 'verbose'],
    ],
  ])('optional argument %j', (argv, expected) => {
    expect(read(argv)).toEqual(expected);
  });

  it.each([
    [['test'], ['stray test']],
    [[''], ['stray ']],
    [['-'], ['stray -']],
    [
      ['-v', 'a', '-I'],
      ['verbose', 'stray a', 'no-indexes'],
    ],
    [['--'], []],
    [
      ['--', '-v', 'x'],
      ['trailing -v', 'trailing x'],
    ],
  ])('words without an option %j', (argv, expected) => {
    expect(read(argv)).toEqual(expected);
  });

  it.each([
    ['--paralel', 'unknown option --paralel; did you mean --parallel?'],
    ['--paralel=3', 'unknown option --paralel; did you mean --parallel?'],
    ['--nmaespace', 'unknown option --nmaespace; did you mean --namespace?'],
    ['--bin_list', 'unknown option --bin_list; did you mean --bin-list?'],
    ['--username=x', 'unknown option --username; did you mean --user?'],
    ['--xyzzy', 'unknown option --xyzzy'],
    ['--=x', 'unknown option --'],
    ['-k', 'unknown option -k'],
    ['-1', 'unknown option -1'],
    ['-O', 'unknown option -O'],
    ['-vk', 'unknown option -k in -vk'],
    ['-é', 'unknown option -é'],
    ['--ver', 'option --ver is ambiguous: it may mean --verbose or --version'],
    ['--rem', 'option --rem is ambiguous: it may mean --remove-files or --remove-artifacts'],
    ['--h', 'option --h is ambiguous: it may mean --host or --help'],
    ['--u', 'option --u is ambiguous: it may mean --user or --usage'],
    ['--par=3', 'option --par is ambiguous: it may mean --partition-list or --parallel'],
    ['--estim', 'option --estim is ambiguous: it may mean --estimate or --estimate-samples'],
    ['--verbose=1', 'option --verbose takes no value except true or false, but has "1"'],
    ['--help=true', 'option --help takes no value, but has "true"'],
    ['--namespace', 'option --namespace needs a value'],
    ['-n', 'option -n needs a value'],
    ['-vn', 'option -n needs a value'],
  ])('%s is an error', (word, message) => {
    expect(read([word]).at(-1)).toBe(`! ${message}`);
  });

  it.each(['--s3', '--no', '--tlsC'])('%s is ambiguous', (word) => {
    expect(read([word])).toEqual([expect.stringContaining(`option ${word} is ambiguous`)]);
  });

  it('reads the letters of asrestore', () => {
    expect(read(['-wt', '5', '-urg', '-LF', '-T1'], asrestoreOptions)).toEqual([
      'wait',
      'parallel=5',
      'unique',
      'replace',
      'no-generation',
      'indexes-last',
      'no-udfs',
      'timeout=1',
    ]);
    expect(read(['--input', 'x', '--directory', 'd'], asrestoreOptions)).toEqual(['input-file=x', 'directory=d']);
    expect(read(['--dir', 'd'], asrestoreOptions)[0]).toMatch(/ambiguous: it may mean --directory or --directory-list/);
    expect(read(['-l', '3'], asrestoreOptions)[0]).toBe('! unknown option -l');
  });

  it('goes on after an error, so that --help is found', () => {
    expect(read(['--nonsense', '-k', '-Z'])).toEqual(['! unknown option --nonsense', '! unknown option -k', 'help']);
  });
});

describe('suggestions', () => {
  it.each([
    ['paralell', 'parallel'],
    ['hots', 'host'],
    ['no-index', 'no-indexes'],
    ['zzz', undefined],
    ['', undefined],
  ])('%s', (typed, expected) => {
    expect(closestMatch(typed, ['host', 'parallel', 'no-indexes', 'port'])).toBe(expected);
  });
});

describe('abbreviations of long options', () => {
  it.each([
    ['asbackup', asbackupOptions],
    ['asrestore', asrestoreOptions],
  ] as const)(
    '%s resolves every abbreviation of an option of the C tool as without the options of its own',
    (_tool, options) => {
      const table: OptionTable = options;
      const ofC = table.filter((spec) => spec.extension !== true);
      expect(ofC.length).toBeLessThan(table.length);
      for (const name of ofC.flatMap((spec) => longNames(spec))) {
        for (let length = 1; length <= name.length; length++) {
          const word = `--${name.slice(0, length)}=x`;
          const [wanted] = read([word], ofC);
          const [found] = read([word], table);
          if (wanted?.startsWith('!') === true) expect(found, word).toMatch(/^! /);
          else expect(found, word).toBe(wanted);
        }
      }
    },
  );

  it('asrestore takes --a for --auth, although --allow-incomplete and --apply-increment begin with it, too', () => {
    expect(read(['--a', 'PKI'], asrestoreOptions)).toEqual(['auth=PKI']);
    expect(read(['--al'], asrestoreOptions)).toEqual(['allow-incomplete']);
  });
});
