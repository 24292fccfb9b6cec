import type { EncryptionKey } from '../../codecs/key.js';
import type { CopyConfig } from '../../engine/catalog/copy-backup.js';
import type { Recoding } from '../../engine/catalog/recode-files.js';
import type { StorageRegistry } from '../../storage/registry.js';
import { toCodecConfig, toKey } from '../codec-config.js';
import { mentions, type OptionText, optionText } from '../option-text.js';
import type { OptionValues } from '../option-values.js';
import type { RunDependencies } from '../run-dependencies.js';
import { copyOptions } from '../schema/catalog/copy.js';
import type { ToolSchema } from '../tool-schema.js';
import { toCatalogStorages } from './storages.js';

const option = mentions(copyOptions);

type CopyValues = OptionValues<typeof copyOptions>;

export const copySchema: ToolSchema<typeof copyOptions> = {
  name: 'asb',
  options: copyOptions,
  constraints: [
    (values) => {
      const hasKey = values.has('new-key-file') || values.has('new-key-env');
      const mode = values.get('reencrypt');
      if (hasKey === (mode !== undefined && mode !== 'none')) return undefined;
      if (!hasKey) return needsKey();
      return mode === undefined
        ? optionText`There is a new encryption key but no ${option('reencrypt')}`
        : optionText`${option('reencrypt')} none takes no key`;
    },
  ],
};

function needsKey(): OptionText {
  return optionText`${option('reencrypt')} needs a new key: give ${option('new-key-file')} or ${option('new-key-env')}`;
}

export interface CopySettings extends Omit<CopyConfig, 'source' | 'destination'> {
  storages: StorageRegistry;
}

/** Opens nothing but the files of keys. Whoever calls this closes the storages. Throws CodecError. */
export function toCopySettings(values: CopyValues, dependencies: RunDependencies): CopySettings {
  const keyFile = values.get('encryption-key-file');
  const key: EncryptionKey | undefined = toKey(
    { keyFile, keyVariable: values.get('encryption-key-env') },
    dependencies,
  );
  const recoding = toRecoding(values, dependencies);
  return {
    verifies: values.has('verify'),
    parallel: values.get('parallel'),
    storages: toCatalogStorages(values, dependencies),
    ...(key === undefined ? {} : { key }),
    ...(recoding === undefined ? {} : { recoding }),
  };
}

function toRecoding(values: CopyValues, dependencies: RunDependencies): Recoding | undefined {
  const compression = values.get('recompress');
  const mode = values.get('reencrypt');
  if (compression === undefined && mode === undefined) return undefined;
  if (mode === undefined || mode === 'none') return { compression, encryption: mode };
  const { encryption } = toCodecConfig(
    {
      compress: undefined,
      encrypt: mode,
      keyFile: values.get('new-key-file'),
      keyVariable: values.get('new-key-env'),
    },
    dependencies,
  );
  return { compression, encryption };
}
