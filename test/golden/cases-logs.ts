/** `--log-json`: events, their names and their fields are what log collectors read. */
import { asbackup, asrestore, backup, restore, type Case } from './case.js';
import { FAR_VOID_TIME, fileText, HEAD, LATER_HEAD, recordText, uniform, VARIED } from './data.js';

/** {"b": 1, "a": 2}, ordered by key as its flags say. */
const unsortedMap = (name: string): string => mapText(name, '83c70001c0a2036201a2036102');
/** {"a": 1} with the flags of an ordered map whose index is kept. */
const persistentMap = (name: string): string => mapText(name, '82c70011c0a2036101');

function mapText(name: string, hex: string): string {
  const text = Buffer.from(hex, 'hex').toString('base64');
  return `M ${name} ${text.length} ${text}`;
}

const GLOBALS = '* i test s by_n N 1 n N\n* u L m.lua 12 return 1 + 1\n';

export const LOG_CASES: readonly Case[] = [
  {
    name: 'json-backup',
    says: 'a backup tells its events in JSON',
    node: { contents: VARIED },
    steps: [backup('-n test -d out --log-json -v')],
    as: { 'out/test_00000.asb': 'name' },
  },
  {
    name: 'json-backup-filters',
    says: 'a backup with filters tells them in JSON',
    node: { contents: VARIED },
    steps: [
      backup(
        '-n test -o out.asb --log-json -s users,orders -B age,name -a 2021-01-01 -b 2030-01-01 --no-ttl-only -M 5 -w 4',
        { unordered: true },
      ),
    ],
    as: { 'out.asb': 'name' },
  },
  {
    name: 'json-backup-compressed',
    says: 'a compressed and encrypted backup tells its key in JSON',
    node: { contents: uniform(20, 20) },
    steps: [backup('-n test -o out.asb --log-json -v -z zstd -y aes128 --encryption-key-file $FIXTURES/key.pem')],
    as: { 'out.asb': 'size' },
  },
  {
    name: 'json-estimate',
    says: 'an estimate tells its figures and notes in JSON',
    node: { contents: uniform(20, 20) },
    steps: [backup('-n test -e -z zstd --no-ttl-only --log-json')],
  },
  {
    name: 'json-remove',
    says: 'a removal tells its events in JSON',
    files: { 'out/test_00000.asb': HEAD, 'out/other_00000.asb': HEAD },
    steps: [asbackup('--remove-artifacts -n test -d out -q test --log-json')],
  },
  {
    name: 'json-replace',
    says: 'a backup that replaces another tells it in JSON',
    node: { contents: uniform(2, 5) },
    files: { 'out/test_00000.asb': HEAD, 'out/other_00000.asb': HEAD },
    steps: [backup('-n test -d out -r --log-json')],
  },
  {
    name: 'json-restore',
    says: 'a restore tells its events in JSON',
    node: {},
    files: { 'in/test_00000.asb': HEAD + GLOBALS + recordText('a') + recordText('b', { voidTime: FAR_VOID_TIME }) },
    steps: [restore('-d in --log-json -v'), restore('-d in --log-json -u -s other')],
  },
  {
    name: 'json-restore-ignored',
    says: 'a restore that ignores refused records tells each in JSON',
    node: { nsupPeriodS: 0 },
    files: { 'in.asb': HEAD + recordText('a', { voidTime: FAR_VOID_TIME }) + recordText('b') },
    steps: [restore('-i in.asb --log-json -v --ignore-record-error')],
  },
  {
    name: 'json-restore-retried',
    says: 'a restore that sends records again tells it in JSON',
    node: { faults: { row: { every: 1, result: 18, times: 1 } } },
    files: { 'in.asb': fileText(1) },
    steps: [restore('-i in.asb --log-json -v')],
  },
  {
    name: 'json-restore-missing',
    says: 'a restore of an incomplete backup warns in JSON',
    node: {},
    files: { 'in/test_00001.asb': fileText(1, 'a', LATER_HEAD) },
    steps: [restore('-d in --log-json')],
  },
  {
    name: 'json-validate',
    says: 'a validation tells what it found in JSON',
    files: { 'in/test_00000.asb': fileText(2) },
    steps: [asrestore('--validate -d in --log-json -v')],
  },
  {
    name: 'json-validate-fault',
    says: 'a validation that finds a fault tells place and code in JSON',
    files: { 'in.asb': `${fileText(2)}+ q\n` },
    steps: [asrestore('--validate -i in.asb --log-json')],
  },
  {
    name: 'json-restore-changes',
    says: 'a restore that has to change records tells how many in JSON',
    node: {},
    files: {
      'in.asb':
        HEAD +
        GLOBALS +
        '* i test null by_none N 1 n N\n' +
        recordText('a', { bins: [unsortedMap('m')] }) +
        recordText('b', { bins: [persistentMap('m')] }),
    },
    steps: [
      restore('-i in.asb --log-json -v --event-loops 2'),
      restore('-i in.asb --log-json -v -s s'),
      restore('-i in.asb --log-json -u -I -F'),
      restore('-i other.asb --log-json -v', { write: { 'other.asb': `${HEAD}* i test s by_n N 1 n S\n` } }),
    ],
  },
  {
    name: 'json-restore-in-doubt',
    says: 'a restore that lost an answer tells so in JSON',
    node: { faults: { row: { every: 1, result: 9, applied: true, times: 1 } } },
    files: { 'in.asb': fileText(1) },
    steps: [restore('-i in.asb --log-json')],
  },
  {
    name: 'json-restore-single',
    says: 'a server that does not tell whether it takes batches is told in JSON',
    node: { faults: { infoAnswers: new Map([['get-config:context=service', 'other=1']]) } },
    files: { 'in.asb': fileText(1) },
    steps: [restore('-i in.asb --log-json')],
  },
  {
    name: 'json-backup-warnings',
    says: 'a backup with more workers than scans, racks that nobody tells and a file of options tells so in JSON',
    node: { contents: uniform(2, 5) },
    files: { 'astools.conf': '[asbackup]\nno-udfs = true\n' },
    steps: [
      backup('-n test -o - -X 0 -w 3 --prefer-racks 1 -v --only-config-file astools.conf --no-udfs=false --log-json', {
        unordered: true,
      }),
    ],
  },
  {
    name: 'json-backup-indexes',
    says: 'a backup of indexes on expressions and of set indexes tells what becomes of them in JSON',
    node: {
      contents: uniform(1, 5),
      faults: {
        infoAnswers: new Map([
          [
            'sindex-list',
            'ns=test:indexname=by_exp:set=s:bin=null:type=numeric:indextype=default:context=null:exp=kVECoW4=:state=RW;' +
              'ns=test:indexname=of_set:set=s:indextype=set:state=RW',
          ],
        ]),
      },
    },
    steps: [backup('-n test -o - --log-json')],
  },
  {
    name: 'json-usage',
    says: 'a command line that is wrong is told in JSON with its code',
    steps: [
      asbackup('--log-json --paralel 4'),
      asbackup('--log-json -n test'),
      asbackup('--log-json -n test -d out -w 0'),
      asrestore('stray --log-json'),
      asbackup('-n test -d out -r -c x --log-json=false --log-json'),
    ],
  },
  {
    name: 'json-warnings',
    says: 'deprecated and idle options are told in JSON',
    files: { 'in.asb': HEAD },
    steps: [
      asrestore('--validate -i in.asb --threads 2 --log-json'),
      asbackup('-n test -o - -h 127.0.0.1 -p 1 -Px --log-json'),
    ],
  },
  {
    name: 'json-failed',
    says: 'runs that fail are told in JSON with their codes',
    node: {},
    files: { 'out/test_00000.asb': HEAD },
    steps: [
      asbackup('-h 127.0.0.1 -p 1 -n test -d new --log-json -v'),
      backup('-n nothing -d new --log-json'),
      backup('-n test -d out --log-json'),
      restore('-d none --log-json'),
      asbackup('-n test -d new -c none.state --log-json'),
    ],
  },
  {
    name: 'json-config',
    says: 'a configuration file that asks for JSON gets it, unless the command line says no',
    files: {
      'astools.conf': '[asbackup]\nlog-json = true\ncompression-level = 3\n',
      'bad.conf': '[asbackup]\nlog-json = 1\n',
    },
    steps: [
      asbackup('--only-config-file astools.conf -n test -d x'),
      asbackup('--only-config-file astools.conf -n test -d x --log-json=false'),
      asbackup('--only-config-file bad.conf -n test -d x --log-json'),
    ],
  },
  {
    name: 'json-scan-retried',
    says: 'a scan that is taken up again is told in JSON',
    node: { contents: uniform(20, 20), faults: { scanEnd: { result: 9, afterRows: 5, times: 1 } } },
    steps: [backup('-n test -o out.asb --log-json')],
    as: { 'out.asb': 'name' },
  },
];
