/** Restores that fail, or lose something. */
import { asrestore, contentsAfter, restore, type Case } from './case.js';
import { FAR_VOID_TIME, fileText, HEAD, LATER_HEAD, recordText, WITH_HLL } from './data.js';
import { backup } from './case.js';

const THREE = fileText(3);

export const RESTORE_FAULT_CASES: readonly Case[] = [
  {
    name: 'restore-refused-connection',
    says: 'a restore, when nothing listens, is told where it tried',
    files: { 'in.asb': THREE },
    steps: [asrestore('-h 127.0.0.1 -p 1 -i in.asb -v')],
  },
  {
    name: 'restore-login',
    says: 'a restore with a wrong password is refused',
    node: { user: 'alice:wonder' },
    files: { 'in.asb': THREE },
    steps: [restore('-i in.asb -U alice -Pmirror')],
  },
  {
    name: 'restore-namespace-mismatch',
    says: 'a restore of a file of another namespace stops and says so',
    node: {},
    files: {
      'in.asb': `Version 3.1\n# namespace other\n# first-file\n* i other s by_n N 1 n N\n${recordText('a', { namespace: 'other' })}`,
    },
    steps: [restore('-i in.asb -n test'), contentsAfter()],
  },
  {
    name: 'restore-namespace-missing',
    says: 'a restore into a namespace that the cluster does not have stops and says so',
    node: {},
    files: { 'in.asb': THREE },
    steps: [restore('-i in.asb -n test,nowhere'), restore('-i in.asb -n test,nowhere -R')],
  },
  {
    name: 'restore-no-file-in-list',
    says: 'a restore of a directory without a backup among others is refused',
    node: {},
    files: { 'a/test_00000.asb': THREE, 'b/': '' },
    steps: [restore('--directory-list a,b')],
  },
  {
    name: 'restore-bad-line',
    says: 'a restore of a file with a bad line writes what stands before it, and says where it is',
    node: {},
    files: { 'in.asb': `${HEAD}${recordText('a')}+ x nothing\n${recordText('b')}` },
    steps: [restore('-i in.asb -m m.machine'), contentsAfter()],
  },
  {
    name: 'restore-bad-file-of-two',
    says: 'a restore with one bad file of two writes the other',
    node: {},
    files: { 'in/test_00000.asb': fileText(2, 'a'), 'in/test_00001.asb': `${LATER_HEAD}${recordText('b')}oops` },
    steps: [restore('-d in', { unordered: true }), contentsAfter()],
  },
  {
    name: 'restore-missing-first',
    says: 'a restore of a directory without its first file warns',
    node: {},
    files: { 'in/test_00001.asb': fileText(2, 'a', LATER_HEAD), 'in/test_00003.asb': fileText(1, 'b', LATER_HEAD) },
    steps: [restore('-d in', { unordered: true })],
  },
  {
    name: 'restore-no-backup',
    says: 'a restore of something that is no backup is refused',
    node: {},
    files: { 'text.asb': 'hello\n', 'empty.asb': '', 'future.asb': 'Version 3.9\n', 'cut.asb': THREE.slice(0, -10) },
    steps: ['text', 'empty', 'future', 'cut'].map((name) => restore(`-i ${name}.asb`)),
  },
  {
    name: 'restore-wrong-pipeline',
    says: 'a restore with compression or encryption other than that of the file says what the file looks like',
    node: {},
    files: { 'in.asb': THREE },
    steps: [
      restore('-i $FIXTURES/zstd/test_00000.asb'),
      restore('-i in.asb -z zstd'),
      restore('-i $FIXTURES/aes128/test_00000.asb'),
      restore('-i $FIXTURES/aes128/test_00000.asb -y aes256 --encryption-key-file $FIXTURES/key.pem'),
      restore('-i in.asb -y aes128 --encryption-key-file $FIXTURES/key.pem'),
    ],
  },
  {
    name: 'restore-refused-record',
    says: 'a restore stops at a record that the server refuses',
    node: { nsupPeriodS: 0 },
    files: { 'in.asb': HEAD + recordText('a', { voidTime: FAR_VOID_TIME }) },
    steps: [restore('-i in.asb -m m.machine'), restore('-i in.asb --disable-batch-writes')],
  },
  {
    name: 'restore-ignored-record',
    says: 'a restore that ignores refused records goes on, and counts them',
    node: { nsupPeriodS: 0 },
    files: { 'in.asb': HEAD + recordText('a', { voidTime: FAR_VOID_TIME }) + recordText('b') },
    steps: [restore('-i in.asb --ignore-record-error -v -m m.machine'), contentsAfter()],
  },
  {
    name: 'restore-large-record',
    says: 'a record that is too big for the server is told with its code',
    node: { maxRecordSizeBytes: 1024 },
    files: { 'in.asb': HEAD + recordText('a', { bins: [`S big 2000 ${'x'.repeat(2000)}`] }) },
    steps: [restore('-i in.asb'), restore('-i in.asb --ignore-record-error -v')],
  },
  {
    name: 'restore-permanent-error',
    says: 'a restore stops at an error of the server that does not pass',
    node: { faults: { row: { every: 1, result: 8 } } },
    files: { 'in.asb': THREE },
    steps: [restore('-i in.asb --batch-size 16 -t 1', { unordered: true })],
  },
  {
    name: 'restore-retried',
    says: 'a restore sends again what met an overloaded device',
    node: { faults: { row: { every: 1, result: 18, times: 3 } } },
    files: { 'in.asb': THREE },
    steps: [restore('-i in.asb -v'), contentsAfter()],
  },
  {
    name: 'restore-retries-exceeded',
    says: 'a restore whose retries are used up says how much is missing',
    node: { faults: { row: { every: 1, result: 18 } } },
    files: { 'in.asb': fileText(1) },
    steps: [restore('-i in.asb --max-retries 1 --stall-timeout 0 --retry-scale-factor 1000')],
  },
  {
    name: 'restore-in-doubt',
    says: 'a record that was written although the server said timeout counts as inserted',
    node: { faults: { row: { every: 1, result: 9, applied: true, times: 1 } } },
    files: { 'in.asb': fileText(1) },
    steps: [restore('-i in.asb --retry-scale-factor 1000')],
  },
  {
    name: 'restore-index-refused',
    says: 'an index and a module that the server refuses are told, and make the restore fail',
    node: {},
    files: {
      'in.asb': `${HEAD}* i test s ${'long'.repeat(16)} N 1 n N\n* u L m.txt 1 x\n${recordText('a')}`,
    },
    steps: [restore('-i in.asb')],
  },
  {
    name: 'restore-hll',
    says: 'a HyperLogLog that the server does not take is told',
    node: { contents: WITH_HLL },
    steps: [backup('-n test -o -', { stdout: 'hash' }), restore('-i - -n test,restored', { stdinFromBefore: true })],
  },
  {
    name: 'restore-key-faults',
    says: 'encryption keys that cannot be used are refused by a restore',
    files: { 'in.asb': THREE, 'key.pem': 'nothing\n' },
    node: {},
    steps: [
      restore('-i in.asb -y aes128 --encryption-key-file none.pem'),
      restore('-i in.asb -y aes128 --encryption-key-file key.pem'),
    ],
  },
  {
    name: 'restore-machine-fault',
    says: 'a file for programs that cannot be opened ends a restore before it begins',
    node: {},
    files: { 'in.asb': THREE },
    steps: [restore('-i in.asb -m none/m.machine'), asrestore('--validate -i in.asb -m none/m.machine')],
  },
];
