/** Restores that succeed. */
import { asrestore, backup, contentsAfter, restore, type Case } from './case.js';
import { FAR_VOID_TIME, fileText, HEAD, LATER_HEAD, recordText, VARIED } from './data.js';

const INDEXES =
  '* i test s by_n N 1 n N\n* i test other by_x N 1 x S\n* i test  everywhere N 1 n N\n* u L m.lua 12 return 1 + 1\n';
const SMALL = fileText(3);
const WITH_GLOBALS =
  HEAD + INDEXES + recordText('a') + recordText('b', { set: 'other' }) + recordText('c', { set: '' });

function of(name: string, says: string, line: string | readonly string[], more: Partial<Case> = {}): Case {
  return {
    name: `restore-${name}`,
    says,
    node: {},
    files: { 'in/test_00000.asb': SMALL },
    steps: [restore(line), contentsAfter()],
    ...more,
  };
}

/** The same, where what the log says is enough. */
function told(name: string, says: string, line: string, more: Partial<Case> = {}): Case {
  return of(name, says, line, { steps: [restore(line)], ...more });
}

/** A record that is there already, of generation 5, with a bin of its own. */
const PRESENT = HEAD + recordText('a', { generation: 5, bins: ['I n 100', 'I own 1'] });

function over(name: string, says: string, options: string, generation = 5): Case {
  return {
    name: `restore-${name}`,
    says,
    node: {},
    files: {
      'before.asb': PRESENT,
      'in.asb': HEAD + recordText('a', { generation, bins: ['I n 2'] }) + recordText('b'),
    },
    steps: [restore('-i before.asb -g'), restore(`-i in.asb ${options}`.trimEnd()), contentsAfter()],
  };
}

export const RESTORE_CASES: readonly Case[] = [
  of('directory', 'a restore of a directory is complete', '-d in'),
  told('file', 'a restore of a file is complete', '-i in/test_00000.asb'),
  of('stdin', 'a restore of standard input is complete', '', {
    files: {},
    steps: [restore('-i -', { stdin: SMALL }), restore(`-i -:${SMALL.length} -v`, { stdin: SMALL }), contentsAfter()],
  }),
  told('verbose', 'a restore with --verbose tells its steps', '-d in -v'),
  told('machine', 'a restore tells programs its progress and its summary', '-d in -m progress.machine'),
  of('several-files', 'a restore of several files tells each', '', {
    files: {
      'in/test_00000.asb': fileText(3, 'a'),
      'in/test_00001.asb': fileText(2, 'b', LATER_HEAD),
      'in/note.txt': 'no backup\n',
    },
    steps: [restore('-d in', { unordered: true }), contentsAfter()],
  }),
  of('one-worker', 'a restore of several files with one worker takes them in order', '-d in -t 1 -v', {
    files: { 'in/test_00000.asb': fileText(3, 'a'), 'in/test_00001.asb': fileText(2, 'b', LATER_HEAD) },
    steps: [restore('-d in -t 1 -v')],
  }),
  of('directory-list', 'a restore of several directories is complete', '', {
    files: { 'p/a/test_00000.asb': fileText(1, 'a'), 'p/b/test_00001.asb': fileText(1, 'b', LATER_HEAD) },
    steps: [restore('--directory-list a,b --parent-directory p', { unordered: true }), contentsAfter()],
  }),
  of('globals', 'a restore of indexes and modules tells them', '-i in.asb -v', { files: { 'in.asb': WITH_GLOBALS } }),
  told('globals-last', 'a restore with -L and -w creates indexes at the end and waits', '-i in.asb -v -L -w', {
    files: { 'in.asb': WITH_GLOBALS },
  }),
  of('globals-again', 'a restore of indexes that are there leaves them', '', {
    files: { 'in.asb': WITH_GLOBALS, 'other.asb': `${HEAD}* i test s by_n N 1 n S\n` },
    steps: [restore('-i in.asb -R'), restore('-i in.asb -R'), restore('-i other.asb -v'), contentsAfter()],
  }),
  of('no-records', 'a restore without records writes none', '-i in.asb -R', { files: { 'in.asb': WITH_GLOBALS } }),
  told('no-indexes', 'a restore without indexes creates none', '-i in.asb -I', { files: { 'in.asb': WITH_GLOBALS } }),
  of('no-udfs', 'a restore without modules registers none', '-i in.asb -F', { files: { 'in.asb': WITH_GLOBALS } }),
  of('one-set', 'a restore of one set skips the rest', '-i in.asb -s s -v', { files: { 'in.asb': WITH_GLOBALS } }),
  of('no-set', 'a restore of records without a set skips the rest', ['-i', 'in.asb', '-s', '"",other'], {
    files: { 'in.asb': WITH_GLOBALS },
  }),
  of('bins', 'a restore of some bins writes no others', '-i in.asb -B n,keep', {
    files: {
      'in.asb':
        HEAD + recordText('a', { bins: ['I n 1', 'I drop 2', 'S keep 1 k'] }) + recordText('b', { bins: ['I drop 1'] }),
    },
  }),
  of('other-namespace', 'a restore into another namespace goes there', '', {
    steps: [restore('-d in -n test,restored'), contentsAfter('restored')],
  }),
  told('same-namespace', 'a restore of the namespace of the backup goes there', '-d in -n test'),

  over('fresher', 'a restore leaves a record of the same generation as it is', ''),
  over('newer', 'a restore of a later generation adds its bins', '', 6),
  over('unique', 'a restore with --unique leaves records that exist', '-u', 6),
  over('replace', 'a restore with --replace leaves no other bins', '-r', 6),
  over('no-generation', 'a restore with --no-generation writes over a later generation', '-g', 2),
  over('replace-no-generation', 'a restore with --replace and --no-generation replaces a later generation', '-r -g', 2),

  told('expired', 'a restore of expired records leaves them out', '-i in.asb -m m.machine', {
    files: {
      'in.asb': HEAD + recordText('a', { voidTime: 1 }) + recordText('b', { voidTime: 100_000_000 }) + recordText('c'),
    },
  }),
  of('life-cut', 'a restore of records that live too long tells how many were cut', '-i in.asb', {
    files: { 'in.asb': HEAD + recordText('a', { voidTime: FAR_VOID_TIME }) + recordText('b') },
  }),
  of('single-writes', 'a restore without batches is complete', '-d in --disable-batch-writes --batch-size 1'),
  told('event-loops', 'an option without effect is told with --verbose', '-d in --event-loops 4 -v'),
  told('empty-file', 'a restore of a file without records is complete', '-i in.asb', { files: { 'in.asb': HEAD } }),
  of('version-3-0', 'a restore of a file of version 3.0 is complete', '-i in.asb', {
    files: { 'in.asb': `Version 3.0\n# namespace test\n# first-file\n${recordText('a')}` },
  }),
  of('null-set', 'an index of the set "null" is restored without a set, and that is told', '-i in.asb -v', {
    files: { 'in.asb': `${HEAD}* i test null by_n N 1 n N\n${recordText('a')}` },
  }),
  of('sorted', 'a restore of an ordered map that is out of order writes it in order', '-i in.asb', {
    files: {
      'in.asb':
        HEAD +
        recordText('a', { bins: [`M m 20 ${Buffer.from('83c70001c0a2036201a2036102', 'hex').toString('base64')}`] }),
    },
  }),

  {
    name: 'restore-round-trip',
    says: 'a backup that is restored from standard input and backed up again has the same records',
    node: { contents: VARIED },
    steps: [
      backup('-n test -o - -C', { stdout: 'hash' }),
      restore('-i - -n test,restored -g', { stdinFromBefore: true }),
      contentsAfter('restored'),
    ],
  },
  {
    name: 'restore-encrypted',
    says: 'a compressed and encrypted backup can be restored',
    node: { contents: VARIED },
    as: { 'out/test_00000.asb': 'size' },
    steps: [
      backup('-n test -d out -z zstd -y aes128 --encryption-key-file $FIXTURES/key.pem'),
      restore('-d out -n test,restored -z zstd -y aes128 --encryption-key-file $FIXTURES/key.pem -v'),
    ],
  },
  {
    name: 'restore-throttled',
    says: 'a restore with limits of speed is complete',
    node: {},
    files: { 'in.asb': fileText(30) },
    steps: [restore('-i in.asb -N 100,1000 -m m.machine')],
  },
  {
    name: 'restore-help-of-input',
    says: 'a restore of files that do not exist is refused',
    files: { 'in/note.txt': 'no backup\n' },
    node: {},
    steps: [
      restore('-i none.asb'),
      restore('-d none'),
      restore('-d in'),
      restore('-i in'),
      asrestore('--directory-list in,none'),
    ],
  },
];
