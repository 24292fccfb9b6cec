import { MAX_NAMESPACE_BYTES } from '../../../asb/format.js';
import { connectionOptions, tlsOptions } from '../connection.js';
import type { OptionSpec } from '../option-spec.js';
import { pipelineOptions } from '../storage.js';
import { catalogOptions } from './common.js';
import { temporaryDirectoryOption } from './input.js';

/** Nothing is connected to unless --against names it. */
const [, ...otherConnectionOptions] = connectionOptions;

/** Of a comparison of a backup with its documents. */
export const soundnessOptions = [
  {
    name: 'checksums-only',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to show',
    section: 'tool',
    api: 'checksumsOnly',
    help: 'Compare the checksums of all bytes, and read no record.',
  },
  {
    name: 'parallel',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: 4096 },
    default: '4',
    group: 'Speed and timeouts',
    section: 'tool',
    api: 'parallel',
    help: 'Read the records of so many files at the same time.',
  },
  ...pipelineOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];

/** Of a comparison of a backup with a cluster, where the cluster is given as for a backup. */
export const clusterVerifyOptions = [
  ...connectionOptions,
  ...tlsOptions,
  temporaryDirectoryOption,
  ...pipelineOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];

export const verifyOptions = [
  ...soundnessOptions,
  {
    name: 'against',
    argument: 'required',
    placeholder: 'host,...',
    value: { type: 'hosts' },
    group: 'What to show',
    section: 'tool',
    help: 'Compare digests, generations and void times with the cluster of these seed nodes. Exit code 1 if a record of the backup is missing there.',
  },
  {
    name: 'namespace',
    short: 'n',
    argument: 'required',
    placeholder: 'ns[,other]',
    value: { type: 'names', maxBytes: MAX_NAMESPACE_BYTES },
    group: 'What to show',
    section: 'tool',
    help: 'The namespace of the cluster to compare with; two names: one of the backup, and how it is called in the cluster.',
  },
  ...otherConnectionOptions,
  ...tlsOptions,
  temporaryDirectoryOption,
] as const satisfies readonly OptionSpec[];
