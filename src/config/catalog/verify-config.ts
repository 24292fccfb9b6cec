import type { VerifyOptions } from '../../engine/catalog/verify-backup.js';
import type { StorageRegistry } from '../../storage/registry.js';
import { toCodecConfig, toKey } from '../codec-config.js';
import { exclusive, keyWithoutMode } from '../constraints.js';
import type { ReadableValues } from '../engine-config.js';
import { mentions, type OptionText } from '../option-text.js';
import type { RunDependencies } from '../run-dependencies.js';
import type { catalogOptions } from '../schema/catalog/common.js';
import { soundnessOptions } from '../schema/catalog/verify.js';
import type { ToolSchema } from '../tool-schema.js';
import type { PemSource } from '../values/parse-value.js';
import { toCatalogStorages } from './storages.js';

type KeyOption = 'encrypt' | 'encryption-key-file' | 'encryption-key-env';

const option = mentions(soundnessOptions);

/** Of every table with `soundnessOptions`. */
export const soundnessConstraints: readonly ((values: { has(name: KeyOption): boolean }) => OptionText | undefined)[] =
  [
    (values) => keyWithoutMode(values, option),
    (values) => exclusive(values, option, 'encryption-key-file', 'encryption-key-env'),
  ];

/** To compare a backup with its documents. */
export const soundnessSchema: ToolSchema<typeof soundnessOptions> = {
  name: 'asb',
  options: soundnessOptions,
  constraints: soundnessConstraints,
};

export interface VerifyConfig extends VerifyOptions {
  storages: StorageRegistry;
}

/** Opens nothing but the file of the encryption key. Whoever calls this closes the storages. Throws CodecError. */
export function toVerifyConfig(
  values: ReadableValues<typeof soundnessOptions> & ReadableValues<typeof catalogOptions>,
  dependencies: RunDependencies,
): VerifyConfig {
  const keys = {
    keyFile: values.get('encryption-key-file') as PemSource | undefined,
    keyVariable: values.get('encryption-key-env') as string | undefined,
  };
  const key = toKey(keys, dependencies);
  const compress = values.get('compress') as string | undefined;
  const encrypt = values.get('encrypt') as string | undefined;
  return {
    checksumsOnly: values.has('checksums-only'),
    parallel: values.get('parallel') as number,
    codecs: toCodecConfig({ compress, encrypt, ...keys }, dependencies),
    ...(key === undefined ? {} : { key }),
    storages: toCatalogStorages(values, dependencies),
  };
}
