import { UINT32 } from '../values/number.js';
import { backupSpeedOptions } from './backup-performance.js';
import { outputOptions } from './backup-output.js';
import { selectionOptions } from './backup-selection.js';
import { connectionOptions, tlsOptions } from './connection.js';
import { configFileOptions, generalOptions, logOptions, machineOption, secretAgentOptions } from './general.js';
import type { OptionSpec } from './option-spec.js';
import { azureBackupOptions, azureOptions } from './azure.js';
import { gcsBackupOptions, gcsOptions } from './gcs.js';
import { s3BackupOptions, s3ExtraOptions } from './s3-extensions.js';
import { pipelineOptions, s3Options } from './storage.js';

const MIB = 1024 * 1024;
const ANY_PART_SIZE = 2 ** 44 - 1;

/** Every option of asbackup. Order = order in --help within a group. */
export const asbackupOptions = [
  ...connectionOptions,
  ...tlsOptions,
  ...selectionOptions,
  ...outputOptions,
  ...backupSpeedOptions,
  ...pipelineOptions,
  {
    name: 'compression-level',
    argument: 'required',
    placeholder: 'n',
    // The bounds of zstd itself.
    value: { type: 'integer', min: -131072, max: 22 },
    default: '0',
    group: 'Compression and encryption',
    section: 'tool',
    secrets: true,
    api: 'compressionLevel',
    example: '3',
    help: 'Level of zstd; 0 for its default, 3.',
  },
  ...s3Options,
  {
    name: 's3-min-part-size',
    argument: 'required',
    placeholder: 'MiB',
    value: { type: 'integer', min: 1, max: ANY_PART_SIZE },
    group: 'S3',
    section: 'tool',
    secrets: true,
    api: 's3.minPartSizeMiB',
    config: 's3.minPartBytes',
    scale: MIB,
    example: '5',
    help: 'Size of uploaded parts, 5 to 5120.',
  },
  {
    name: 's3-max-async-uploads',
    argument: 'required',
    placeholder: 'n',
    value: { type: 'integer', min: 1, max: UINT32 },
    default: '16',
    group: 'S3',
    section: 'tool',
    secrets: true,
    api: 's3.maxUploads',
    config: 's3.maxUploads',
    help: 'Maximum concurrent part uploads (whole process).',
  },
  ...s3ExtraOptions,
  ...s3BackupOptions,
  ...gcsOptions,
  ...gcsBackupOptions,
  ...azureOptions,
  ...azureBackupOptions,
  ...configFileOptions,
  ...secretAgentOptions,
  machineOption,
  ...logOptions,
  ...generalOptions,
] as const satisfies readonly OptionSpec[];
