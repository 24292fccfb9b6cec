import { MAX_NAMESPACE_BYTES } from '../../../asb/format.js';
import { connectionOptions, tlsOptions } from '../connection.js';
import type { OptionSpec } from '../option-spec.js';
import { catalogOptions } from './common.js';

export const doctorOptions = [
  {
    name: 'namespace',
    short: 'n',
    argument: 'required',
    placeholder: 'ns,...',
    value: { type: 'names', maxBytes: MAX_NAMESPACE_BYTES },
    group: 'What to show',
    section: 'tool',
    help: 'Look at these namespaces; by default at all.',
  },
  {
    name: 'restore',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to show',
    help: 'Look also at what a restore needs: the privileges to write, to create secondary indexes and to store UDF modules, and whether the namespaces take writes.',
  },
  {
    name: 'max-clock-skew',
    argument: 'required',
    placeholder: 's',
    value: { type: 'integer', min: 1, max: 86_400 },
    default: '2',
    group: 'What to show',
    section: 'tool',
    help: 'Fail if two clocks are certain to differ by more.',
  },
  {
    name: 'no-cluster',
    argument: 'none',
    value: { type: 'flag' },
    group: 'What to show',
    help: 'Look at the storages only, and connect to no cluster.',
  },
  ...connectionOptions,
  ...tlsOptions,
  ...catalogOptions,
] as const satisfies readonly OptionSpec[];
