/** Validations: they need no server. */
import { zstdCut } from './cuts.js';
import { asrestore, type Case } from './case.js';
import { fileText, HEAD, LATER_HEAD, recordText } from './data.js';

const GOOD = fileText(3);

function of(name: string, says: string, line: string, files: Case['files'] = {}, unordered = false): Case {
  const steps = [asrestore(`--validate ${line}`, unordered ? { unordered: true } : {})];
  return { name: `validate-${name}`, says, files, steps };
}

export const VALIDATE_CASES: readonly Case[] = [
  of('directory', 'the validation of a good directory finds no fault', '-d in -v -m m.machine', {
    'in/test_00000.asb': GOOD,
  }),
  of('file', 'the validation of a good file finds no fault', '-i in.asb', { 'in.asb': GOOD }),
  of(
    'two-files',
    'the validation of two files tells both',
    '-d in',
    {
      'in/test_00000.asb': GOOD,
      'in/test_00001.asb': fileText(2, 'b', LATER_HEAD),
    },
    true,
  ),
  of('c-plain', 'the validation of a backup of the C tool finds no fault', '-d $FIXTURES/plain'),
  of(
    'c-workers',
    'the validation of a backup of the C tool in four files finds no fault',
    '-d $FIXTURES/parallel4',
    {},
    true,
  ),
  of(
    'c-pipeline',
    'the validation of a compressed and encrypted backup of the C tool finds no fault',
    '-d $FIXTURES/zstd-aes256 -z zstd -y aes256 --encryption-key-file $FIXTURES/key.pem -v',
  ),
  {
    name: 'validate-stdin',
    says: 'the validation of standard input finds no fault',
    steps: [asrestore('--validate -i -', { stdin: GOOD }), asrestore('--validate -i -', { stdin: '' })],
  },
  of('namespace', 'the validation for another namespace finds that the file is not of it', '-i in.asb -n other', {
    'in.asb': GOOD,
  }),
  of('bad-line', 'the validation of a bad line says where it is', '-i in.asb', {
    'in.asb': `${HEAD}${recordText('a')}+ q 1\n`,
  }),
  of('bad-number', 'the validation of a bad number says where it is', '-i in.asb', {
    'in.asb': HEAD + recordText('a', { bins: ['I n 12x'] }),
  }),
  of('bad-base64', 'the validation of bad base64 says where it is', '-i in.asb', {
    'in.asb': HEAD + recordText('a', { bins: ['B b 4 AA*='] }),
  }),
  of('bad-digest', 'the validation of a bad digest says where it is', '-i in.asb', {
    'in.asb': `${HEAD}+ n test\n+ d short=\n`,
  }),
  of('bad-list', 'the validation of a list that is none says where it is', '-i in.asb', {
    'in.asb': HEAD + recordText('a', { bins: [`L l 4 ${Buffer.from('ff01ff', 'hex').toString('base64')}`] }),
  }),
  of('cut-text', 'the validation of a file that was cut says so', '-i in.asb', { 'in.asb': GOOD.slice(0, -5) }),
  of('cut-zstd', 'the validation of a compressed file that was cut says so', '-i in.asb -z zstd', {
    'in.asb': zstdCut(),
  }),
  of('no-zstd', 'the validation of a text as a compressed file says so', '-i in.asb -z zstd', { 'in.asb': GOOD }),
  {
    name: 'validate-wrong-key',
    says: 'the validation with a wrong key says so',
    steps: [
      asrestore('--validate -d $FIXTURES/aes128 -y aes128 --encryption-key-env OTHER', {
        env: { OTHER: 'YW5vdGhlciBrZXk=' },
      }),
    ],
  },
  of(
    'wrong-mode',
    'the validation with a wrong mode says so',
    '-d $FIXTURES/aes128 -y aes256 --encryption-key-file $FIXTURES/key.pem',
  ),
  of('missing-first', 'the validation of a directory without its first file says so', '-d in', {
    'in/test_00001.asb': fileText(2, 'b', LATER_HEAD),
  }),
  of(
    'gap',
    'the validation of a directory with a gap says so',
    '-d in',
    {
      'in/test_00000.asb': GOOD,
      'in/test_00002.asb': fileText(2, 'b', LATER_HEAD),
    },
    true,
  ),
  of('unfinished', 'the validation of a directory with a state file says what is missing', '-d in', {
    'in/test_00000.asb': GOOD,
    'in/test.asb.state':
      '{"format":"asbackup-state","version":1,"files":[{"name":"test_00000.asb","bytes":100000},{"name":"test_00001.asb","bytes":10}]}',
  }),
  of('version', 'the validation of an unknown version says so', '-i in.asb', {
    'in.asb': 'Version 4.0\n# namespace test\n',
  }),
  of('no-head', 'the validation of a file without a head says so', '-i in.asb', { 'in.asb': 'nothing\n' }),
  of('empty', 'the validation of an empty file says so', '-i in.asb', { 'in.asb': '' }),
  of('missing', 'the validation of what is not there says so', '-d none'),
  of('no-files', 'the validation of a directory without backup files says so', '-d in', { 'in/note.txt': 'nothing\n' }),
  of('several-faults', 'the validation of several bad files tells the fault of each', '-d in -t 1 -m m.machine', {
    'in/test_00000.asb': GOOD,
    'in/test_00001.asb': `${LATER_HEAD}+ q\n`,
    'in/test_00002.asb': 'Version 9.9\n',
  }),
  of(
    'other-form-of-key',
    'the validation with the same key in another form finds no fault',
    '-d $FIXTURES/aes128 -y aes128 --encryption-key-file $FIXTURES/key-pkcs1.pem',
  ),
  of(
    'list',
    'the validation of several directories finds what is missing in one',
    '--directory-list a,b',
    {
      'a/test_00000.asb': GOOD,
      'b/': '',
    },
    true,
  ),
];
