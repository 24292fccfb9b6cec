import type { DiagnosisConfig } from '../../engine/doctor/diagnose.js';
import type { StorageRegistry } from '../../storage/registry.js';
import { mentions, optionText } from '../option-text.js';
import type { OptionValues } from '../option-values.js';
import type { RunDependencies } from '../run-dependencies.js';
import { doctorOptions } from '../schema/catalog/doctor.js';
import type { ToolSchema } from '../tool-schema.js';
import { toSeeds } from '../values/hosts.js';
import { toCatalogStorages } from './storages.js';

const TIMEOUT_MS = 10_000;

const option = mentions(doctorOptions);

export const doctorSchema: ToolSchema<typeof doctorOptions> = {
  name: 'asb',
  options: doctorOptions,
  constraints: [
    (values) => {
      if (!values.has('no-cluster') || !values.has('restore')) return undefined;
      return optionText`${option('restore')} looks at a cluster; it cannot be given with ${option('no-cluster')}`;
    },
  ],
};

export interface DoctorConfig extends Omit<DiagnosisConfig, 'signal'> {
  storages: StorageRegistry;
}

/** Whoever calls this closes the storages. */
export function toDoctorConfig(
  values: OptionValues<typeof doctorOptions>,
  paths: readonly string[],
  dependencies: RunDependencies,
): DoctorConfig {
  return {
    cluster: values.has('no-cluster')
      ? undefined
      : {
          seeds: toSeeds(values.get('host'), values.get('port'), values.get('tls-name')),
          servicesAlternate: values.has('services-alternate'),
          connectTimeoutMs: TIMEOUT_MS,
          infoTimeoutMs: TIMEOUT_MS,
          ...dependencies.security,
        },
    namespaces: values.get('namespace') ?? [],
    forRestore: values.has('restore'),
    maxClockSkewMs: values.get('max-clock-skew') * 1000,
    paths,
    storages: toCatalogStorages(values, dependencies),
  };
}
