import type { OptionSpec } from './option-spec.js';

/** Of the command that makes tokens for the service. */
export const serviceTokenOptions = [
  {
    name: 'token-file',
    argument: 'required',
    placeholder: 'file',
    value: { type: 'path' },
    group: 'Configuration and secrets',
    help: 'The file that the token is written to. It must not exist, and only its owner can read it.',
  },
  {
    name: 'scope',
    argument: 'required',
    value: { type: 'choice', values: ['read', 'backup', 'restore', 'admin'] },
    default: 'read',
    group: 'Configuration and secrets',
    help: 'What the token may do. Each scope includes those before it: read, backup, restore, admin.',
  },
  {
    name: 'expires',
    argument: 'required',
    placeholder: 'time',
    value: { type: 'text' },
    group: 'Configuration and secrets',
    help: 'From this time on the token is refused: 2027-01-01T00:00:00Z.',
  },
  {
    name: 'help',
    short: 'h',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Show this help and exit.',
  },
  {
    name: 'version',
    short: 'v',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Show the version and exit.',
  },
] as const satisfies readonly OptionSpec[];
