import { INT32 } from '../values/number.js';
import type { OptionSpec } from './option-spec.js';

export const machineOption = {
  name: 'machine',
  short: 'm',
  argument: 'required',
  placeholder: 'file',
  value: { type: 'path' },
  group: 'General',
  section: 'tool',
  secrets: true,
  config: 'run.machinePath',
  example: '/var/log/aerospike.machine',
  help: 'Append progress for programs to this file.',
} as const satisfies OptionSpec;

/** How much the log has, and how it looks. */
export const logOptions = [
  {
    name: 'verbose',
    short: 'v',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    section: 'tool',
    help: 'Enable verbose logging.',
  },
  {
    name: 'log-json',
    extension: true,
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    section: 'tool',
    help: 'Log one JSON object a line, for log collectors; no progress bar.',
  },
  {
    name: 'progress',
    extension: true,
    argument: 'required',
    placeholder: 'when',
    value: { type: 'choice', values: ['auto', 'always', 'never'] },
    default: 'auto',
    group: 'General',
    section: 'tool',
    secrets: true,
    help: 'When to draw a progress bar: auto (on a terminal, unless CI is set), always or never.',
  },
] as const satisfies readonly OptionSpec[];

/** Handled before everything else: the first of these on the command line ends the program. */
export const generalOptions = [
  {
    name: 'help',
    aliases: ['usage', 'options'],
    short: 'Z',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Show this help and exit.',
  },
  {
    name: 'version',
    short: 'V',
    argument: 'none',
    value: { type: 'flag' },
    group: 'General',
    help: 'Show the version and exit.',
  },
] as const satisfies readonly OptionSpec[];

export const configFileOptions = [
  {
    name: 'instance',
    argument: 'required',
    placeholder: 'name',
    value: { type: 'text' },
    group: 'Configuration and secrets',
    help: 'Use the sections whose names end in _<name>.',
  },
  {
    name: 'config-file',
    argument: 'required',
    placeholder: 'file',
    value: { type: 'path' },
    group: 'Configuration and secrets',
    help: 'Read this file after the usual ones.',
  },
  {
    name: 'no-config-file',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Configuration and secrets',
    help: 'Read no configuration file.',
  },
  {
    name: 'only-config-file',
    argument: 'required',
    placeholder: 'file',
    value: { type: 'path' },
    group: 'Configuration and secrets',
    help: 'Read this file instead of the usual ones.',
  },
] as const satisfies readonly OptionSpec[];

export const secretAgentOptions = [
  {
    name: 'sa-address',
    argument: 'required',
    placeholder: 'host[:port]',
    value: { type: 'text' },
    default: '127.0.0.1',
    group: 'Configuration and secrets',
    section: 'secret-agent',
    checked: 'agent',
    env: 'ASTOOLS_SA_ADDRESS',
    help: 'Where the secret agent listens; /path for a Unix socket.',
  },
  {
    name: 'sa-port',
    argument: 'required',
    placeholder: 'port',
    value: { type: 'text' },
    // The C tools insist on quotes; nobody gains by that.
    bareNumber: true,
    default: '3005',
    group: 'Configuration and secrets',
    section: 'secret-agent',
    checked: 'agent',
    env: 'ASTOOLS_SA_PORT',
    help: 'Port of the secret agent.',
  },
  {
    name: 'sa-timeout',
    argument: 'required',
    placeholder: 'ms',
    value: { type: 'integer', min: 0, max: INT32 },
    default: '1000',
    group: 'Configuration and secrets',
    section: 'secret-agent',
    checked: 'agent',
    env: 'ASTOOLS_SA_TIMEOUT',
    help: 'Limit for connecting to the secret agent, and for each answer.',
  },
  {
    name: 'sa-cafile',
    argument: 'required',
    placeholder: 'file',
    value: { type: 'path' },
    group: 'Configuration and secrets',
    section: 'secret-agent',
    checked: 'agent',
    env: 'ASTOOLS_SA_CAFILE',
    example: '/etc/aerospike/tls/agent-ca.pem',
    help: 'Use TLS to the secret agent and trust these PEM certificates.',
  },
  {
    name: 'sa-tls-name',
    extension: true,
    argument: 'required',
    placeholder: 'name',
    value: { type: 'text' },
    group: 'Configuration and secrets',
    section: 'secret-agent',
    checked: 'agent',
    env: 'ASTOOLS_SA_TLS_NAME',
    example: 'agent.example.com',
    help: 'The name that the certificate of the secret agent must bear; by default the host of --sa-address. Without it the name is not checked where that host is an IP address.',
  },
] as const satisfies readonly OptionSpec[];
