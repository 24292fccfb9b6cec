import type { OptionSpec } from '../option-spec.js';
import { pipelineOptions } from '../storage.js';
import { catalogOptions } from './common.js';

/** The manifest says how the files are stored; only the key is needed. */
const [, , ...keyOptions] = pipelineOptions;

export const copyOptions = [
  {
    name: 'verify',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Output',
    section: 'tool',
    help: 'Read the copy back from its storage and compare its checksums again, before its manifest says that it is complete.',
  },
  {
    name: 'parallel',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: 4096 },
    default: '4',
    group: 'Speed and timeouts',
    section: 'tool',
    help: 'Copy so many files at the same time.',
  },
  {
    name: 'recompress',
    argument: 'required',
    placeholder: 'zstd[:level]|none',
    value: { type: 'compression' },
    group: 'Compression and encryption',
    section: 'tool',
    example: 'zstd:9',
    help: 'Compress the files of the copy like this; none: not at all. Without it, as those of the backup.',
  },
  {
    name: 'reencrypt',
    argument: 'required',
    placeholder: 'mode',
    value: { type: 'choice', values: ['aes128', 'aes256', 'none'] },
    group: 'Compression and encryption',
    section: 'tool',
    example: 'aes256',
    help: 'Encrypt the files of the copy like this, with a new key; none: not at all. Without it, as those of the backup.',
  },
  {
    name: 'new-key-file',
    argument: 'required',
    placeholder: 'file',
    value: { type: 'pem' },
    group: 'Compression and encryption',
    section: 'tool',
    secrets: true,
    onlyOne: 'new encryption key',
    example: '/etc/aerospike/new.pem',
    help: 'Derive the key of the copy from this PEM private key.',
  },
  {
    name: 'new-key-env',
    argument: 'required',
    placeholder: 'var',
    value: { type: 'text' },
    group: 'Compression and encryption',
    section: 'tool',
    secrets: true,
    onlyOne: 'new encryption key',
    example: 'NEW_BACKUP_KEY',
    help: 'Derive the key of the copy from the base64 text in this environment variable.',
  },
  ...keyOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
