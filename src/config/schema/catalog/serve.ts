import type { OptionSpec } from '../option-spec.js';
import { backupInputOptions, setListOption, temporaryDirectoryOption } from './input.js';

export const serveOptions = [
  setListOption,
  {
    name: 'address',
    argument: 'required',
    placeholder: 'address',
    value: { type: 'text' },
    default: '127.0.0.1',
    group: 'Connection',
    section: 'tool',
    api: 'address',
    help: 'Listen on this address. Whoever reaches it can read the backup: there is neither login nor TLS.',
  },
  {
    name: 'port',
    short: 'p',
    argument: 'required',
    placeholder: 'port',
    value: { type: 'integer', min: 0, max: 65535 },
    default: '3000',
    group: 'Connection',
    section: 'tool',
    api: 'port',
    help: 'Listen on this port; 0 for any free one.',
  },
  temporaryDirectoryOption,
  ...backupInputOptions,
] as const satisfies readonly OptionSpec[];
