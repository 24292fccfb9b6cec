import type { CodecConfig } from '../../codecs/codecs.js';
import type { StorageRegistry } from '../../storage/registry.js';
import { toCodecConfig } from '../codec-config.js';
import type { ReadableValues } from '../engine-config.js';
import { keyWithoutMode } from '../constraints.js';
import { mentions } from '../option-text.js';
import type { RunDependencies } from '../run-dependencies.js';
import type { catalogOptions } from '../schema/catalog/common.js';
import { backupInputOptions } from '../schema/catalog/input.js';
import type { OptionTable } from '../schema/option-spec.js';
import type { ToolSchema } from '../tool-schema.js';
import type { PemSource } from '../values/parse-value.js';
import { toCatalogStorages } from './storages.js';

/** What a command that reads backups needs besides their paths. */
export interface BackupInputConfig {
  storages: StorageRegistry;
  codecs: CodecConfig;
  allowIncomplete: boolean;
}

/** Opens nothing but the file of the encryption key. Throws CodecError. */
export function toBackupInput(
  values: ReadableValues<typeof backupInputOptions> & ReadableValues<typeof catalogOptions>,
  dependencies: RunDependencies,
): BackupInputConfig {
  return {
    storages: toCatalogStorages(values, dependencies),
    allowIncomplete: values.has('allow-incomplete'),
    codecs: toCodecConfig(
      {
        compress: values.get('compress') as string | undefined,
        encrypt: values.get('encrypt') as string | undefined,
        keyFile: values.get('encryption-key-file') as PemSource | undefined,
        keyVariable: values.get('encryption-key-env') as string | undefined,
      },
      dependencies,
    ),
  };
}

const option = mentions(backupInputOptions);

/** The schema of a table with `backupInputOptions`. */
export function toInputSchema<T extends OptionTable>(options: T): ToolSchema<T> {
  return { name: 'asb', options, constraints: [(values) => keyWithoutMode(values, option)] };
}
