/** Backups that succeed. */
import { backup, asbackup, type Case } from './case.js';
import { digestText, HEAD, LATER_HEAD, computePartition, uniform, VARIED, WITH_HLL } from './data.js';

const KEY = 'aes key of the golden files, 32 b';
const KEY_TEXT = Buffer.from(KEY).toString('base64');
/** The number of the bin `age` is greater than 0. */
const AGE_ABOVE_0 = 'kwOTUQKjYWdlAA==';

function of(name: string, says: string, line: string | readonly string[], more: Partial<Case> = {}): Case {
  return { name: `backup-${name}`, says, node: { contents: VARIED }, steps: [backup(line)], ...more };
}

export const BACKUP_CASES: readonly Case[] = [
  of('directory', 'a backup of every kind of value into a directory is complete', '-n test -d out'),
  of('file', 'a backup into a file is complete', '-n test -o out.asb'),
  of('stdout', 'a backup to standard output is complete', '-n test -o -'),
  of('verbose', 'a backup with --verbose tells its steps', '-n test -d out -v'),
  of(
    'machine',
    'a backup tells programs its summary behind what their file holds',
    '-n test -d out -m progress.machine',
    {
      files: { 'progress.machine': 'from before\n' },
      as: { 'out/test_00000.asb': 'name' },
    },
  ),
  of('hll', 'a backup of a HyperLogLog keeps its bytes', '-n test -o -', { node: { contents: WITH_HLL } }),
  of('compact', 'a backup with --compact writes blobs as they are', '-n test -o out.asb -C -s orders'),
  of('empty', 'a backup of an empty namespace writes an empty file', '-n test -d out', { node: {} }),
  of('no-records', 'a backup without records holds indexes and modules', '-n test -o - -R'),
  of('no-indexes', 'a backup without indexes holds the rest', '-n test -o - -I -s orders'),
  of('no-udfs', 'a backup without modules holds the rest', '-n test -o - -u -s orders'),
  of('no-bins', 'a backup without bins holds keys and digests', '-n test -o - -x -s users'),
  of('bins', 'a backup of some bins holds no others', '-n test -o - -B name,ratio -s users'),
  of('one-set', 'a backup of one set leaves out the indexes of others', '-n test -o - -s users'),
  of('two-sets', 'a backup of two sets holds both', '-n test -o - -s users,orders -m m.machine'),
  of('repeated-set', 'sets given one by one are all in the backup', '-n test -o - -s users -s orders'),
  of('quoted-set', 'a set with a comma and records without a set can be asked for', [
    '-n',
    'test',
    '-o',
    '-',
    '-s',
    '"places, and more",',
  ]),
  of('unknown-set', 'a backup of a set that does not exist is empty', '-n test -o - -s nothing'),
  of('modified-after', 'a backup of records changed after a time holds no others', '-n test -o - -a 2021-01-11'),
  of(
    'modified-between',
    'a backup of records changed between two times holds no others',
    '-n test -o - -a 2021-01-05_12:00:00 -b 2021-01-21_00:00:00',
  ),
  of('no-ttl-only', 'a backup of records that never expire holds no others', '-n test -o - --no-ttl-only -s users'),
  of('max-records', 'a backup of a number of records stops there', '-n test -o - -M 3'),
  of('filter', 'a backup with a filter expression holds what matches', `-n test -o - -f ${AGE_ABOVE_0}`),
  of(
    'partitions',
    'a backup of partitions tells each scan',
    `-n test -o - -X 0-1024,${computePartition('user-1')},4000-96`,
    {
      node: { contents: uniform(60, 10) },
    },
  ),
  of(
    'after-digest',
    'a backup after a digest holds the rest of its partition and those above',
    `-n test -o - -D ${digestText('order-3')}`,
  ),
  of(
    'digest-in-list',
    'a digest among the partitions stands for the rest of its own',
    `-n test -o - -X ${digestText('order-3')},0-100`,
  ),
  of('prefix', 'a backup with a prefix names its files after it', '-n test -d out -q nightly -s orders'),
  of('existing-directory', 'a backup into an empty directory uses it', '-n test -d out -s orders', {
    files: { 'out/': '' },
  }),
  of(
    'remove-files',
    'a backup with -r clears the directory of backup files and names those of others',
    '-n test -d out -r -s orders',
    {
      files: {
        'out/test_00000.asb': HEAD,
        'out/test_00001.asb': LATER_HEAD,
        'out/other_00000.asb': HEAD,
        'out/note.txt': 'stays\n',
      },
    },
  ),
  of('remove-file', 'a backup into a file with -r replaces it', '-n test -o out.asb -r -s orders', {
    files: { 'out.asb': 'old\n' },
  }),
  {
    name: 'remove-artifacts-directory',
    says: '--remove-artifacts deletes the backup files of a directory, and the directory',
    files: { 'out/test_00000.asb': HEAD, 'out/other_00000.asb': HEAD },
    steps: [asbackup('--remove-artifacts -d out -v')],
  },
  {
    name: 'remove-artifacts-prefix',
    says: '--remove-artifacts with a prefix leaves the files of others, and the directory',
    files: { 'out/test_00000.asb': HEAD, 'out/other_00000.asb': HEAD },
    steps: [asbackup('--remove-artifacts -n test -d out -q test')],
  },
  {
    name: 'remove-artifacts-file',
    says: '--remove-artifacts deletes the output file',
    files: { 'out.asb': HEAD },
    steps: [asbackup('--remove-artifacts -o out.asb')],
  },
  {
    name: 'remove-artifacts-missing',
    says: '--remove-artifacts of what does not exist is refused',
    steps: [asbackup('--remove-artifacts -o out.asb'), asbackup('--remove-artifacts -d out')],
  },

  of('rotation', 'a backup with a limit of one MiB goes on in further files', '-n test -d out -F 1 -m m.machine', {
    node: { contents: uniform(2300, 1000) },
  }),
  of('zstd', 'a compressed backup has the same bytes', '-n test -d out -z zstd', {
    as: { 'out/test_00000.asb': 'hash' },
  }),
  of(
    'zstd-level',
    'a backup compressed at another level is complete',
    '-n test -o out.asb -z zstd --compression-level 19 -v',
    {
      as: { 'out.asb': 'hash' },
    },
  ),
  of(
    'encrypted',
    'an encrypted backup has the same length',
    '-n test -d out -y aes256 --encryption-key-file $FIXTURES/key.pem',
    {
      as: { 'out/test_00000.asb': 'size' },
    },
  ),
  {
    name: 'backup-encrypted-env',
    says: 'a backup encrypted with a key from the environment tells its fingerprint',
    node: { contents: VARIED },
    as: { 'out.asb': 'size' },
    steps: [
      backup('-n test -o out.asb -z zstd -y aes128 --encryption-key-env BACKUP_KEY -v', {
        env: { BACKUP_KEY: KEY_TEXT },
      }),
    ],
  },
  {
    name: 'backup-workers',
    says: 'a backup with several workers holds every record once',
    node: { contents: uniform(400, 20) },
    steps: [backup('-n test -o out.asb -w 3', { unordered: true })],
    as: { 'out.asb': 'size' },
    combined: '.',
  },
  {
    name: 'backup-workers-reduced',
    says: 'a backup with more workers than partitions takes fewer, and says so',
    node: { contents: uniform(100, 20) },
    steps: [backup('-n test -o - -w 5 -X 0-2', { unordered: true })],
  },
  {
    name: 'backup-workers-max-records',
    says: 'a backup with more workers than records takes fewer, and says so',
    node: { contents: uniform(100, 20) },
    steps: [backup('-n test -o - -w 5 -M 1', { unordered: true })],
  },
  {
    name: 'backup-two-nodes',
    says: 'a backup of two nodes holds the records of both',
    node: { contents: uniform(40, 10), nodes: 2 },
    steps: [backup('-n test -o out.asb')],
    as: { 'out.asb': 'size' },
    combined: '.',
  },
  {
    name: 'backup-node-list',
    says: 'a backup of one of two nodes holds its records alone',
    node: { contents: uniform(40, 10), nodes: 2 },
    steps: [asbackup('-n test -o out.asb -l 127.0.0.1:$PORT2 -w 1')],
    as: { 'out.asb': 'size' },
    combined: '.',
  },
  of('old-server', 'a backup of a server of version 5 reads its lists', '-n test -o - -s orders', {
    node: { contents: VARIED, build: '5.7.0.8' },
  }),

  of('estimate', 'an estimate tells size and records, and writes nothing', '-n test -e'),
  of('estimate-zstd', 'an estimate of a compressed backup tells the ratio', '-n test -e -z zstd', {
    node: { contents: uniform(300, 100) },
  }),
  of('estimate-machine', 'an estimate tells programs its figures', '-n test -e -m m.machine'),
  of(
    'estimate-notes',
    'an estimate with filters tells what they do not do',
    '-n test -e --no-ttl-only -a 2021-01-11 -M 5',
  ),
  of('estimate-samples', 'an estimate of a few samples reads no more', '-n test -e --estimate-samples 5 -v', {
    node: { contents: uniform(300, 100) },
  }),
];
