import type { StorageRegistry } from '../../storage/registry.js';
import { engineProperties, type ReadableValues } from '../engine-config.js';
import type { RunDependencies } from '../run-dependencies.js';
import { catalogOptions } from '../schema/catalog/common.js';
import { openStorages } from '../storage-config.js';

/** The storages of a command of `asb`. Whoever opens them closes them. */
export function toCatalogStorages(
  values: ReadableValues<typeof catalogOptions>,
  dependencies: RunDependencies,
): StorageRegistry {
  return openStorages(
    {
      s3: engineProperties(catalogOptions, values, 's3'),
      gs: engineProperties(catalogOptions, values, 'gs'),
      azblob: engineProperties(catalogOptions, values, 'azblob'),
    },
    {
      s3: values.has('s3-allow-system-proxy'),
      gs: values.has('gcp-allow-system-proxy'),
      azblob: values.has('azure-allow-system-proxy'),
    },
    dependencies,
  );
}
