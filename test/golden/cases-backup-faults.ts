/** Backups that fail. */
import { asbackup, backup, type Case } from './case.js';
import { HEAD, computePartition, uniform, VARIED } from './data.js';

export const BACKUP_FAULT_CASES: readonly Case[] = [
  {
    name: 'backup-refused-connection',
    says: 'a backup, when nothing listens, is told where it tried',
    steps: [asbackup('-h 127.0.0.1 -p 1 -n test -d out -v')],
  },
  {
    name: 'backup-wrong-namespace',
    says: 'a backup of a namespace that does not exist is told those that do, and creates nothing',
    node: {},
    steps: [backup('-n tset -d out -m m.machine')],
  },
  {
    name: 'backup-login',
    says: 'a backup with a wrong user, a wrong password or none is refused',
    node: { user: 'alice:wonder', contents: uniform(1, 5) },
    steps: [backup('-n test -o -'), backup('-n test -o - -U bob -Pwonder'), backup('-n test -o - -U alice -Pmirror')],
  },
  {
    name: 'backup-login-right',
    says: 'a backup with the right user and password is complete',
    node: { user: 'alice:wonder', contents: uniform(1, 5) },
    files: { 'password.txt': 'wonder\n' },
    steps: [backup('-n test -o - -U alice --password=file:password.txt -v')],
  },
  {
    name: 'backup-login-unasked',
    says: 'a backup with a user, where no security is enabled, goes on',
    node: { contents: uniform(1, 5) },
    steps: [backup('-n test -o - -U alice -Pwonder')],
  },
  {
    name: 'backup-full-directory',
    says: 'a backup into a directory with a backup is refused',
    files: { 'out/test_00000.asb': HEAD, 'out/test_00001.asb': HEAD, 'out/a.asb': HEAD, 'out/b.asb': HEAD },
    steps: [asbackup('-n test -d out'), asbackup('-n other -d out')],
  },
  {
    name: 'backup-full-directory-own',
    says: 'a backup into a directory with only its own files is refused',
    files: { 'out/test_00000.asb': HEAD },
    steps: [asbackup('-n test -d out')],
  },
  {
    name: 'backup-existing-file',
    says: 'a backup into a file that exists is refused',
    files: { 'out.asb': HEAD },
    steps: [asbackup('-n test -o out.asb')],
  },
  {
    name: 'backup-wrong-kind',
    says: 'a backup into a directory that is a file, or the other way round, is refused',
    files: { 'file.asb': HEAD, 'directory/': '' },
    steps: [asbackup('-n test -d file.asb'), asbackup('-n test -o directory'), asbackup('-n test -d file.asb -r')],
  },
  {
    name: 'backup-no-parent',
    says: 'a backup below something that is no directory is refused',
    files: { 'file.asb': HEAD },
    steps: [
      asbackup('-n test -o none/out.asb'),
      asbackup('-n test -d file.asb/out'),
      asbackup('-n test -o file.asb/out'),
    ],
  },
  {
    name: 'backup-full-file',
    says: 'a backup whose file may not grow any more is told how to go on',
    node: { contents: uniform(1500, 100) },
    // The same limit holds for the state file, which is smaller.
    steps: [backup('-n test -d out', { maskCounts: true, mostBlocks: 64 })],
    as: { 'out/test_00000.asb': 'name' },
  },
  {
    name: 'backup-key-faults',
    says: 'encryption keys that cannot be used are refused',
    files: { 'key.pem': 'nothing\n' },
    steps: [
      asbackup('-n test -d out -y aes128 --encryption-key-file none.pem'),
      asbackup('-n test -d out -y aes128 --encryption-key-file key.pem'),
      asbackup('-n test -d out -y aes128 --encryption-key-env NONE'),
      asbackup('-n test -d out -y aes128 --encryption-key-env KEY', { env: { KEY: '%' } }),
    ],
  },
  {
    name: 'backup-machine-fault',
    says: 'a file for programs that cannot be opened ends the run before it begins',
    node: { contents: uniform(3, 5) },
    files: { 'file.asb': HEAD },
    steps: [backup('-n test -d out -m file.asb/m.machine'), backup('-n test -d out -m none/m.machine')],
  },
  {
    name: 'backup-machine-full',
    says: 'a file for programs that takes nothing makes the run fail, although the backup is complete',
    node: { contents: uniform(3, 5) },
    steps: [backup('-n test -d out -m /dev/full')],
  },
  {
    name: 'backup-node-list-unknown',
    says: 'a node of the list that the cluster does not have is named',
    node: { contents: uniform(3, 5), nodes: 2 },
    steps: [
      asbackup('-n test -o - -l 127.0.0.1:$PORT,127.0.0.1:1'),
      asbackup('-n test -o - -l 127.0.0.1:$PORT,127.0.0.1:$PORT'),
    ],
  },
  {
    name: 'backup-bad-filter',
    says: 'a filter expression that the server refuses is told, and nothing is created',
    node: { contents: uniform(3, 5) },
    steps: [backup('-n test -d out -f kxGA')],
  },
  {
    name: 'backup-scan-refused',
    says: 'a scan that the server forbids is told with its code',
    node: { contents: uniform(3, 5), faults: { scanStart: { result: 22 } } },
    steps: [backup('-n test -d out --max-retries 0')],
  },
  {
    name: 'backup-scan-retried',
    says: 'a scan that ends early is taken up again, and the backup is complete',
    node: { contents: uniform(200, 20), faults: { scanEnd: { result: 9, afterRows: 50, times: 1 } } },
    steps: [backup('-n test -o out.asb -v')],
    as: { 'out.asb': 'size' },
    combined: '.',
  },
  {
    name: 'backup-old-version',
    says: 'a server that is too old is refused',
    node: { build: '4.8.0.1' },
    steps: [backup('-n test -d out')],
  },
  {
    name: 'backup-s3-unreachable',
    says: 'a bucket at an address where nothing listens is told',
    steps: [
      asbackup('-n test -d s3://bucket/dir --s3-endpoint-override http://127.0.0.1:1 --s3-region us-east-1', {
        env: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_MAX_ATTEMPTS: '1' },
      }),
    ],
  },
  {
    name: 'backup-partition-missing',
    says: 'a backup that misses a partition holds the others, and can be continued when it is back',
    node: { contents: VARIED, unavailable: [computePartition('order-1')] },
    steps: [
      backup('-n test -d out --max-retries 1 --stall-timeout 1'),
      backup('-n test -d out -c out/test.asb.state', { behaving: true }),
    ],
  },
  {
    name: 'backup-partition-missing-state',
    says: 'a backup that misses a partition leaves a state file that names what is done',
    node: { contents: VARIED, unavailable: [computePartition('order-1')] },
    steps: [backup('-n test -d out --max-retries 0 -v')],
  },
];
