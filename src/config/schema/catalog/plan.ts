import { ANY, UINT32 } from '../../values/number.js';
import { asbackupOptions } from '../backup.js';
import { connectionOptions, tlsOptions } from '../connection.js';
import { configFileOptions, generalOptions, logOptions, secretAgentOptions } from '../general.js';
import { pickOptions, type OptionSpec } from '../option-spec.js';
import { jsonOption } from './common.js';

const MAX_CORES = 1024;
const MAX_SAMPLE_RECORDS = 10_000_000;
const MAX_SAMPLE_S = 600;

export const planOptions = [
  {
    name: 'within',
    argument: 'required',
    placeholder: 'time',
    value: { type: 'duration' },
    group: 'What to show',
    section: 'tool',
    help: 'How long the backup may take, such as 4h or 90m: the plan has as many shards as that needs. By default one.',
  },
  {
    name: 'cores',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: MAX_CORES },
    group: 'What to show',
    section: 'tool',
    help: 'Cores of each machine that a shard runs on; by default those of this one.',
  },
  {
    name: 'bandwidth',
    argument: 'required',
    placeholder: 'MiB/s',
    value: { type: 'integer', min: 1, max: UINT32 },
    group: 'What to show',
    section: 'tool',
    help: 'What the network of each machine carries in each direction; by default as much as there is.',
  },
  {
    name: 'storage-bandwidth',
    argument: 'required',
    placeholder: 'MiB/s',
    value: { type: 'integer', min: 1, max: UINT32 },
    group: 'What to show',
    section: 'tool',
    help: 'What the disk or object store takes from all shards together; by default as much as comes.',
  },
  {
    name: 'records-per-second',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: ANY },
    group: 'What to show',
    section: 'tool',
    help: 'How many records the cluster is to deliver at most, to all shards together.',
  },
  {
    name: 'sample-records',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1000, max: MAX_SAMPLE_RECORDS },
    default: '200000',
    group: 'What to show',
    section: 'tool',
    help: 'Read at most so many records to measure.',
  },
  {
    name: 'sample-rate',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 100, max: UINT32 },
    default: '50000',
    group: 'What to show',
    section: 'tool',
    help: 'Read at most so many records per second while measuring.',
  },
  {
    name: 'sample-seconds',
    argument: 'required',
    placeholder: 's',
    value: { type: 'integer', min: 1, max: MAX_SAMPLE_S },
    default: '10',
    group: 'What to show',
    section: 'tool',
    help: 'Read no longer than this.',
  },
  ...pickOptions(asbackupOptions, [
    'namespace',
    'set',
    'bin-list',
    'no-bins',
    'compact',
    'compress',
    'compression-level',
  ] as const),
  {
    name: 'encrypt',
    short: 'y',
    argument: 'required',
    placeholder: 'mode',
    value: { type: 'choice', values: ['aes128', 'aes256'] },
    group: 'Compression and encryption',
    section: 'tool',
    help: 'The files will be encrypted with aes128 or aes256. The plan needs no key.',
  },
  ...connectionOptions,
  ...tlsOptions,
  ...configFileOptions,
  ...secretAgentOptions,
  jsonOption,
  ...logOptions,
  ...generalOptions,
] as const satisfies readonly OptionSpec[];
