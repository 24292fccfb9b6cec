import { describe, expect, it } from 'vitest';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { restoreSchema } from '../../src/config/restore-constraints.js';
import { refusal as refusalOf } from '../support/command-line.js';

type Check = [row: string, argv: string, message: string | undefined];

/** What the command line is refused for; undefined = it is accepted. */
function refusal(tool: 'asbackup' | 'asrestore', argv: string): Promise<string | undefined> {
  const words = argv === '' ? [] : argv.split(' ');
  return tool === 'asbackup' ? refusalOf(backupSchema, words) : refusalOf(restoreSchema, words);
}

const DIGEST = 'xZ31Is0pcFkV4HhXwZY5UVesqV0=';
const BOTH = 'exclude each other.';

const asbackup: Check[] = [
  ['1', '--no-config-file --only-config-file x', `--no-config-file and --only-config-file ${BOTH}`],
  [
    '1 before 3 and 4',
    '--sa-timeout x --only-config-file=x -p x --nonsense --no-config-file',
    `--no-config-file and --only-config-file ${BOTH}`,
  ],
  ['1', '--no-config-file --config-file x -n t -d d', undefined],
  ['3', '--sa-timeout x', 'Invalid value "x" for --sa-timeout: expected a whole number from 0 to 2147483647.'],
  [
    '3 before 4',
    '-p x --nonsense --sa-timeout x',
    'Invalid value "x" for --sa-timeout: expected a whole number from 0 to 2147483647.',
  ],
  ['4', '-p 0 --port 70000', 'Invalid value "0" for -p (--port): expected a whole number from 1 to 65535.'],
  ['4', '-n t --nonsense -p 0', 'unknown option --nonsense.'],
  ['4', '-n t -p 0 --nonsense', 'Invalid value "0" for -p (--port): expected a whole number from 1 to 65535.'],
  [
    '4',
    '--encryption-key-env A --encryption-key-file b',
    'There is more than one encryption key: --encryption-key-env and --encryption-key-file.',
  ],
  [
    '4',
    '--encryption-key-env A --encryption-key-env A',
    'There is more than one encryption key: --encryption-key-env and --encryption-key-env.',
  ],
  ['4', 'word', 'unexpected word "word": it belongs to no option.'],
  [
    '4',
    '--tlsEncryptOnly',
    'option --tlsEncryptOnly is not supported: certificates are always checked; use --tls-enable with --tls-cafile.',
  ],
  ['5', '-d d -- x y', 'unexpected word "x" after --.'],
  ['4 before 5', '-p 0 -- x', 'Invalid value "0" for -p (--port): expected a whole number from 1 to 65535.'],
  ['6', '', 'No namespace specified. Use --namespace.'],
  ['6', '-d d', 'No namespace specified. Use --namespace.'],
  ['6', '--namespace= -d d', 'No namespace specified. Use --namespace.'],
  ['6', '--remove-artifacts -d d', undefined],
  ['7', '-n t -d d -s a,b -f kwGRRv8=', '--filter-exp works with at most one set; put the sets into the expression.'],
  [
    '7',
    '-n t -d d -s a -s b -f kwGRRv8=',
    '--filter-exp works with at most one set; put the sets into the expression.',
  ],
  ['7', '-n t -d d -s a -f kwGRRv8=', undefined],
  [
    '8',
    '-n t -d d -f kwGRRv8= -a 2020-01-01',
    `--filter-exp and --modified-after exclude each other; put the condition into the expression.`,
  ],
  [
    '8',
    '-n t -d d -f kwGRRv8= -b 2020-01-01',
    `--filter-exp and --modified-before exclude each other; put the condition into the expression.`,
  ],
  [
    '8',
    '-n t -d d -f kwGRRv8= --no-ttl-only',
    `--filter-exp and --no-ttl-only exclude each other; put the condition into the expression.`,
  ],
  ['9', '-n t -d d --compression-level 3', '--compression-level needs --compress.'],
  ['9', '-n t -d d --compression-level 0', undefined],
  ['10', '-n t -d d --encrypt aes128', '--encrypt needs a key: give --encryption-key-file or --encryption-key-env.'],
  ['10', '-n t -d d --encryption-key-env A', 'There is an encryption key but no --encrypt.'],
  ['11', '-n t -d d -o o', 'Only one of --directory, --output-file and --estimate can be given.'],
  ['11', '-n t -d d -e', 'Only one of --directory, --output-file and --estimate can be given.'],
  ['11', '-n t -o o -e', 'Only one of --directory, --output-file and --estimate can be given.'],
  ['12', '-n t', 'No output specified. Use --directory, --output-file or --estimate.'],
  ['12', '--remove-artifacts', 'No output specified. Use --directory, --output-file or --estimate.'],
  ['13', '-n t -e -R', `--estimate and --no-records ${BOTH}`],
  ['14', '-n t -e -w 1', `--estimate and --parallel ${BOTH}`],
  ['15', `-n t -d d -X 0 -D ${DIGEST}`, `--partition-list and --after-digest ${BOTH}`],
  ['16', '-n t -d d -l 1.2.3.4:1 -X 0', `--node-list and --partition-list ${BOTH}`],
  ['16', `-n t -d d -l 1.2.3.4:1 -D ${DIGEST}`, `--node-list and --after-digest ${BOTH}`],
  ['17', '-n t -e -c s', `--continue and --estimate ${BOTH}`],
  ['17', '-n t -d d -c s -r', `--continue and --remove-files ${BOTH}`],
  ['17', '-d d -c s --remove-artifacts', `--continue and --remove-artifacts ${BOTH}`],
  ['18', '-e --remove-artifacts', `--estimate and --remove-artifacts ${BOTH}`],
  ['19', '-n t -d d --s3-min-part-size 4', '--s3-min-part-size must be from 5 to 5120 MiB, not 4.'],
  ['19', '-n t -d d --s3-min-part-size 5121', '--s3-min-part-size must be from 5 to 5120 MiB, not 5121.'],
  [
    '20',
    '-n t -d d -X 5000',
    'Invalid value "5000" for -X (--partition-list): 5000 begins beyond the last partition, 4095.',
  ],
  ['20', '-n t -d d -h a,', 'Invalid value "a," for -h (--host): a host is empty.'],
  [
    '20',
    '-n t -d d -A none',
    'Invalid value "none" for -A (--auth): expected one of INTERNAL, EXTERNAL, EXTERNAL_INSECURE, PKI.',
  ],
  ['rules before 20', '-d d -X 5000', 'No namespace specified. Use --namespace.'],
  ['only the last is read at start-up', '-n t -d d -X 5000 -X 1', undefined],
  [
    '20 before what is missing',
    '-n t -d d -U me -X 5000',
    'Invalid value "5000" for -X (--partition-list): 5000 begins beyond the last partition, 4095.',
  ],
  ['allowed', '-n t -d d -M 5 -X 0 -x -B a -r -q p -F 1', undefined],
];

/** Each breaks two neighbouring rules; the earlier one is reported. */
const asbackupOrder: Check[] = [
  ['6 7', '-d d -s a,b -f kwGRRv8=', 'No namespace specified. Use --namespace.'],
  [
    '7 8',
    '-n t -d d -s a,b -f kwGRRv8= --no-ttl-only',
    '--filter-exp works with at most one set; put the sets into the expression.',
  ],
  [
    '8 9',
    '-n t -d d -f kwGRRv8= --no-ttl-only --compression-level 1',
    '--filter-exp and --no-ttl-only exclude each other; put the condition into the expression.',
  ],
  ['9 10', '-n t -d d --compression-level 1 --encrypt aes128', '--compression-level needs --compress.'],
  [
    '10 11',
    '-n t -d d -o o --encrypt aes128',
    '--encrypt needs a key: give --encryption-key-file or --encryption-key-env.',
  ],
  ['12 15', `-n t -X 0 -D ${DIGEST}`, 'No output specified. Use --directory, --output-file or --estimate.'],
  ['13 14', '-n t -e -R -w 1', `--estimate and --no-records ${BOTH}`],
  ['14 15', `-n t -e -w 1 -X 0 -D ${DIGEST}`, `--estimate and --parallel ${BOTH}`],
  ['15 16', `-n t -d d -X 0 -D ${DIGEST} -l 1.2.3.4:1`, `--partition-list and --after-digest ${BOTH}`],
  ['16 17', '-n t -d d -X 0 -l 1.2.3.4:1 -c s -r', `--node-list and --partition-list ${BOTH}`],
  ['17 18', '-n t -e -c s --remove-artifacts', `--continue and --estimate ${BOTH}`],
  ['18 19', '-n t -e --remove-artifacts --s3-min-part-size 1', `--estimate and --remove-artifacts ${BOTH}`],
];

const asrestore: Check[] = [
  ['0', '--only-config-file x --no-config-file', `--no-config-file and --only-config-file ${BOTH}`],
  ['1', '', 'No input specified. Use --directory, --directory-list or --input-file.'],
  ['2', '-d d --parent-directory p', '--parent-directory needs --directory-list.'],
  ['3', '-d d -i i', `--directory and --input-file ${BOTH}`],
  ['4', '-d d -u -r', `--unique and --replace ${BOTH}`],
  ['4', '-d d -u -g', `--unique and --no-generation ${BOTH}`],
  ['4', '-d d -u --apply-increment', `--unique and --apply-increment ${BOTH}`],
  ['5', '-d d --directory-list a', `--directory and --directory-list ${BOTH}`],
  ['6', '-i i --directory-list a', `--input-file and --directory-list ${BOTH}`],
  ['7', '-i i --encrypt aes128', '--encrypt needs a key: give --encryption-key-file or --encryption-key-env.'],
  ['7', '-i i --encryption-key-file k', 'There is an encryption key but no --encrypt.'],
  [
    '8',
    '-i i --nice 5',
    'Invalid value "5" for --nice: expected two numbers: MiB per second and records per second, as in 50,10000.',
  ],
  [
    '8',
    '-i i --nice 5,0',
    'Invalid value "5,0" for --nice: the second number, records per second, is "0": expected a whole number from 1 to 999999999.',
  ],
  ['8', '-i i --nice 5,6', undefined],
  [
    '–',
    '-i i --encryption-key-file k --encryption-key-env K',
    'There is more than one encryption key: --encryption-key-file and --encryption-key-env.',
  ],
  [
    'start-up',
    '-i i -n a,b,c',
    'Invalid value "a,b,c" for -n (--namespace): expected one namespace, or a source and a destination.',
  ],
  ['start-up', '-i i -s a,,b', 'Invalid value "a,,b" for -s (--set-list): the list has an empty name.'],
  [
    '0 is an error',
    '-i i --batch-size 0',
    'Invalid value "0" for --batch-size: expected a whole number from 1 to 4294967295.',
  ],
  [
    '0 is an error',
    '-i i --max-async-batches 0',
    'Invalid value "0" for --max-async-batches: expected a whole number from 1 to 4294967295.',
  ],
  [
    '0 is an error',
    '-i i --event-loops 0',
    'Invalid value "0" for --event-loops: expected a whole number from 1 to 4294967295.',
  ],
  ['allowed', '-i i -r -g -R -I -F -w -L', undefined],
];

const asrestoreOrder: Check[] = [
  ['1 2', '--parent-directory p', 'No input specified. Use --directory, --directory-list or --input-file.'],
  ['2 3', '--parent-directory p -d d -i i', '--parent-directory needs --directory-list.'],
  ['3 4', '-d d -i i -u -r', `--directory and --input-file ${BOTH}`],
  ['4 5', '-d d --directory-list a -u -r', `--unique and --replace ${BOTH}`],
  ['5 7', '-d d --directory-list a --encrypt aes128', `--directory and --directory-list ${BOTH}`],
  ['6 7', '-i i --directory-list a --encrypt aes128', `--input-file and --directory-list ${BOTH}`],
  [
    '7 8',
    '-i i --encrypt aes128 --nice 1',
    '--encrypt needs a key: give --encryption-key-file or --encryption-key-env.',
  ],
  [
    '8, start-up',
    '-i i --nice x,1 -n a,b,c',
    'Invalid value "x,1" for --nice: the first number, MiB per second, is "x": expected a whole number from 1 to 999999999.',
  ],
];

describe('rules of asbackup', () => {
  it.each([...asbackup, ...asbackupOrder])('%s: %s', async (_row, argv, message) => {
    expect(await refusal('asbackup', argv)).toBe(message);
  });
});

describe('rules of asrestore', () => {
  it.each([...asrestore, ...asrestoreOrder])('%s: %s', async (_row, argv, message) => {
    expect(await refusal('asrestore', argv)).toBe(message);
  });
});
