import { fileURLToPath } from 'node:url';
import type { ValueRule } from '../../src/config/values/parse-value.js';

const KEY_FILE = fileURLToPath(new URL('../fixtures/backups/key.pem', import.meta.url));
process.env.ASBACKUP_TEST_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

/** What else has to be said for an option to have its effect. */
export const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  'compression-level': ['--compress=zstd'],
  encrypt: [`--encryption-key-file=${KEY_FILE}`],
  'encryption-key-file': ['--encrypt=aes128'],
  'encryption-key-env': ['--encrypt=aes128'],
  reencrypt: [`--new-key-file=${KEY_FILE}`],
  'new-key-file': ['--reencrypt=aes128'],
  'new-key-env': ['--reencrypt=aes128'],
  'parent-directory': ['--directory-list=a'],
  shard: ['--directory=a'],
  's3-object-lock-mode': ['--s3-object-lock-days=1'],
  's3-object-lock-days': ['--s3-object-lock-mode=GOVERNANCE'],
  's3-kms-key-id': ['--s3-server-side-encryption=aws:kms'],
};

/** 32 bytes. */
const CUSTOMER_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

/** Arguments that have to stand for something that is really there. */
export const REAL_TEXTS: Readonly<Record<string, readonly string[]>> = {
  'encryption-key-file': [KEY_FILE],
  'encryption-key-env': ['ASBACKUP_TEST_KEY'],
  'new-key-file': [KEY_FILE],
  'new-key-env': ['ASBACKUP_TEST_KEY'],
  's3-customer-key': [CUSTOMER_KEY],
  'gcp-customer-key': [CUSTOMER_KEY],
  'azure-customer-key': [CUSTOMER_KEY],
  // A number for one tool, two for the other.
  nice: ['7', '7,8'],
};

const DIGEST = 'xZ31Is0pcFkV4HhXwZY5UVesqV0=';

/** Texts that an argument of this kind may have, each with its value, and texts that it may not have. */
export function samples(rule: ValueRule): { good: [string, unknown][]; bad: string[] } {
  switch (rule.type) {
    case 'flag':
      return { good: [], bad: [] };
    case 'integer': {
      const { min, max } = rule;
      const beyond = (BigInt(max) + 1n).toString();
      return {
        good: [
          [String(min), min],
          [String(max), max],
          [`  ${min < 0 ? '' : '+'}${min}`, min],
          [`\t0${Math.max(min, 7)}`, Math.max(min, 7)],
        ],
        bad: [String(min - 1), beyond, '', ' ', 'x', '7x', '7 ', '0x7', '1e1', '1.5', '+-7', '9'.repeat(30)],
      };
    }
    case 'choice': {
      const [first] = rule.values;
      const other: [string, unknown][] = rule.anyCase === true ? [[first!.toLowerCase(), first!]] : [];
      const wrongCase = rule.anyCase === true ? [] : [first!.toUpperCase()];
      return {
        good: [...rule.values.map((v): [string, unknown] => [v, v]), ...other],
        bad: ['', 'gzip', ...wrongCase],
      };
    }
    case 'text': {
      if (rule.maxBytes === undefined)
        return {
          good: [
            ['-a b,c', '-a b,c'],
            ['', ''],
          ],
          bad: [],
        };
      const longest = 'ä'.repeat((rule.maxBytes - 1) / 2) + 'n';
      return {
        good: [
          ['-Z', '-Z'],
          [longest, longest],
        ],
        bad: [longest + 'n'],
      };
    }
    case 'path':
      return {
        good: [
          ['-x/y z', '-x/y z'],
          ['-', '-'],
        ],
        bad: ['', ...(rule.s3 === true ? ['s3:///key'] : [])],
      };
    case 'pem':
      return {
        good: [
          ['-x/y z', { path: '-x/y z' }],
          ['key.pem', { path: 'key.pem' }],
        ],
        bad: [''],
      };
    case 'input':
      return {
        good: [
          ['a.asb', { kind: 'file', path: 'a.asb' }],
          ['-', { kind: 'stdin' }],
          ['-:0', { kind: 'stdin', expectedBytes: 0 }],
          ['-:1125899906842624', { kind: 'stdin', expectedBytes: 2 ** 50 }],
        ],
        bad: ['', '-:', '-:x', '-:-1', '-:1125899906842625', 's3:///key'],
      };
    case 'names': {
      const longest = 'b'.repeat(rule.maxBytes);
      return {
        good: [
          ['a', ['a']],
          [' a ,\tb c,"d"', ['a', 'b c', rule.quotes === true ? 'd' : '"d"']],
          ...(rule.quotes === true ? [[`"x, y",''`, ['x, y', '']] as [string, unknown]] : []),
          [longest, [longest]],
        ],
        bad: [
          ...(rule.quotes === true ? ['"a', '"a"b'] : []),
          '',
          ' ',
          'a,',
          ',a',
          'a,,b',
          longest + 'b',
          `a,${longest}b`,
        ],
      };
    }
    case 'namespaces':
      return {
        good: [
          ['a', { from: 'a', to: 'a' }],
          [' a , b', { from: 'a', to: 'b' }],
        ],
        bad: ['', 'a,', ',b', 'a,b,c', 'n'.repeat(32)],
      };
    case 'sets':
      return { good: [['a, b,"c,d",', ['a', ' b', 'c,d', '']]], bad: ['"a', `'a"`, '"a"b', 's'.repeat(64)] };
    case 'hosts':
      return {
        good: [['a,b:4000', { text: 'a,b:4000', entries: [{ host: 'a' }, { host: 'b', port: 4000 }] }]],
        bad: ['', 'a,', 'a:0'],
      };
    case 'nodes':
      return {
        good: [
          [
            '1.2.3.4:3000;[::1]:1',
            {
              text: '1.2.3.4:3000;[::1]:1',
              entries: [
                { host: '1.2.3.4', port: 3000 },
                { host: '::1', port: 1 },
              ],
            },
          ],
        ],
        bad: ['', 'a:3000', '1.2.3.4'],
      };
    case 'racks':
      return { good: [['1, 0,1000000', [1, 0, 1000000]]], bad: ['', '1,', '-1', '1000001', 'x'] };
    case 'throttle':
      return { good: [['1,2', { mibPerSecond: 1, recordsPerSecond: 2 }]], bad: ['1'] };
    case 'directories':
      return { good: [['a, b', ['a', ' b']]], bad: ['', 'a,'] };
    case 'mode':
      return {
        good: [
          ['0640', 0o640],
          ['700', 0o700],
        ],
        bad: ['', '8', '0888', '0400', '1777', 'rw-r-----'],
      };
    case 'password':
      return { good: [['-a b,c', { text: '-a b,c', literal: false }]], bad: [] };
    case 'partitions':
      return {
        good: [
          [
            '5,0-2',
            [
              { kind: 'range', begin: 0, count: 2 },
              { kind: 'range', begin: 5, count: 1 },
            ],
          ],
        ],
        bad: ['', '4096', '0-0', '0-2,1'],
      };
    case 'shard':
      return {
        good: [
          ['3/8', { index: 3, count: 8 }],
          ['auto', 'auto'],
        ],
        bad: ['', '8/8', '0/0', '0/4097', '-1/8', '1', '1/', 'x/y'],
      };
    case 'digest':
      return { good: [[DIGEST, Buffer.from(DIGEST, 'base64')]], bad: ['', DIGEST.slice(1), 'AAAA', `${DIGEST}AAAA`] };
    case 'base64':
      return {
        good: [['kwGRRv8=', Buffer.from([0x93, 1, 0x91, 0x46, 0xff])]],
        bad: ['', 'A', 'AAA', 'A-==', '====', 'AA=A'],
      };
    case 'duration':
      return { good: [['4h', 14_400]], bad: ['', '4', '0s', '1m1h', '4 h'] };
    case 'age':
      return {
        good: [
          ['30d', { years: 0, months: 0, days: 30, hours: 0 }],
          ['1y2m3w4d5h', { years: 1, months: 2, days: 25, hours: 5 }],
        ],
        bad: ['', '30', 'd', '0d', '1h1d', '1d1d', '-1d', '1.5d', '1 d'],
      };
    case 'compression':
      return {
        good: [
          ['none', 'none'],
          ['zstd', { codec: 'zstd', level: 0 }],
          ['zstd:9', { codec: 'zstd', level: 9 }],
        ],
        bad: ['', 'gzip', 'zstd:', 'zstd:x', 'zstd:-1', 'none:1'],
      };
    case 'time':
      return {
        good: [['2020-07-01', new Date(2020, 6, 1).getTime()]],
        bad: ['', '2020-7-1', '2020-02-30', '1960-01-01'],
      };
    case 'moment':
      return {
        good: [
          ['2020-07-01', new Date(2020, 6, 1).getTime()],
          ['2020-07-01T02:03Z', Date.UTC(2020, 6, 1, 2, 3)],
        ],
        bad: ['', '2020-7-1', '2020-07-01T', '1960-01-01T00:00:00Z'],
      };
    case 'namespace-sets':
      return {
        good: [['a,a.b', [{ namespace: 'a' }, { namespace: 'a', set: 'b' }]]],
        bad: ['', 'a,', '.b', `a.${'s'.repeat(64)}`, 'n'.repeat(32)],
      };
    case 'renames':
      return { good: [['a=b', [{ from: 'a', to: 'b' }]]], bad: ['', 'a', 'a=', '=b', 'a=b,a=c', 'a=c,b=c'] };
    case 'set-renames':
      return {
        good: [['a.b=c', [{ namespace: 'a', from: 'b', to: 'c' }]]],
        bad: ['', 'a', 'a=b', '.b=c', 'a.b=c,a.b=d'],
      };
  }
}
