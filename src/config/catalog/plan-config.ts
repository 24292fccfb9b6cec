import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { MeasurementConfig } from '../../engine/plan/measure.js';
import type { PlanGoal } from '../../engine/plan/model.js';
import type { StorageAccess } from '../../storage/registry.js';
import { toBackupConfig } from '../backup-config.js';
import { mentions, optionText } from '../option-text.js';
import { OptionValues } from '../option-values.js';
import type { RunDependencies } from '../run-dependencies.js';
import { asbackupOptions } from '../schema/backup.js';
import { planOptions } from '../schema/catalog/plan.js';
import type { ToolSchema } from '../tool-schema.js';

type PlanValues = OptionValues<typeof planOptions>;

const KEY_BYTES = 32;
const MIB = 1024 * 1024;
const MS_PER_SECOND = 1000;
const option = mentions(planOptions);

export const planSchema: ToolSchema<typeof planOptions> = {
  name: 'asb',
  options: planOptions,
  constraints: [
    (v) =>
      v.has('namespace') && v.get('namespace') !== ''
        ? undefined
        : optionText`No namespace specified. Use ${option('namespace')}`,
    (v) =>
      v.get('compression-level') !== 0 && !v.has('compress')
        ? optionText`${option('compression-level')} needs ${option('compress')}`
        : undefined,
  ],
};

export interface PlanConfig {
  measurement: Omit<MeasurementConfig, 'signal'>;
  goal: PlanGoal;
  /** As they were given, for the commands that the plan prints. */
  repeated: readonly string[];
  storages: StorageAccess;
}

/** Whoever calls this closes the storages. */
export function toPlanConfig(values: PlanValues, dependencies: RunDependencies): PlanConfig {
  const backup = toBackupConfig(toEstimateValues(values), dependencies);
  const mode = values.get('encrypt');
  // What encryption costs does not depend on the key, and a plan writes nothing that anybody would want to read.
  const key = { digest: randomBytes(KEY_BYTES), description: 'a random key', alternateKeys: [] };
  const within = values.get('within');
  const network = values.get('bandwidth');
  const storage = values.get('storage-bandwidth');
  const rate = values.get('records-per-second');
  return {
    measurement: {
      backup: { ...backup, ...(mode === 'aes128' || mode === 'aes256' ? { encryption: { mode, key } } : {}) },
      sampleRecords: values.get('sample-records'),
      sampleRate: values.get('sample-rate'),
      sampleMs: values.get('sample-seconds') * MS_PER_SECOND,
    },
    goal: {
      cores: values.get('cores') ?? availableParallelism(),
      ...(within === undefined ? {} : { withinSeconds: within }),
      ...(network === undefined ? {} : { networkBytesPerSecond: network * MIB }),
      ...(storage === undefined ? {} : { storageBytesPerSecond: storage * MIB }),
      ...(rate === undefined ? {} : { recordsPerSecond: rate }),
    },
    repeated: repeatOptions(values),
    storages: backup.storages,
  };
}

/** Words of a command line that make the backup that was measured. */
function repeatOptions(values: PlanValues): string[] {
  const words: string[] = [];
  const add = (name: Parameters<PlanValues['has']>[0], text: string | undefined): void => {
    if (values.has(name) && text !== undefined) words.push(`--${name}`, ...(text === '' ? [] : [text]));
  };
  add('namespace', values.get('namespace'));
  add('set', values.get('set')?.join(','));
  add('bin-list', values.get('bin-list')?.join(','));
  add('no-bins', '');
  add('compact', '');
  add('compress', values.get('compress'));
  add('compression-level', String(values.get('compression-level')));
  add('encrypt', values.get('encrypt'));
  return words;
}

/** Of an estimate, which writes nothing, with the options that both commands have. */
function toEstimateValues(values: PlanValues): OptionValues<typeof asbackupOptions> {
  const shared = new OptionValues(asbackupOptions);
  shared.markGiven('estimate');
  for (const { name } of planOptions) {
    const spec = asbackupOptions.find((each) => each.name === name);
    const value = values.get(name);
    if (spec === undefined || OWN_OPTIONS.includes(name) || !values.has(name) || value === undefined) continue;
    shared.markGiven(spec.name);
    shared.set(spec, value);
  }
  return shared;
}

/** Of the same name as an option of asbackup, and of another meaning. */
const OWN_OPTIONS: readonly string[] = ['records-per-second', 'encrypt'];
