import type { RestoreConfig, RestoreSource } from '../engine/restore/config.js';
import { logEvent } from '../core/log.js';
import { toCodecConfig } from './codec-config.js';
import { engineProperties } from './engine-config.js';
import { mentions, optionText, renderText } from './option-text.js';
import type { RestoreValues } from './restore-constraints.js';
import type { RunDependencies } from './run-dependencies.js';
import { asrestoreOptions } from './schema/restore.js';
import { resolveShard } from './shard-variables.js';
import { openStorages } from './storage-config.js';
import { toWebAssembly } from './webassembly.js';
import { withParent } from './values/directories.js';
import { toSeeds } from './values/hosts.js';
import type { Throttle } from './values/lists.js';

const MIB = 1024 * 1024;
const option = mentions(asrestoreOptions);

/** What the command asks for: a restore, or only a check of the files. */
export interface RestoreCommand extends RestoreConfig {
  validate?: true;
  /** For the log: the host list as it was given. */
  hostText: string;
  /** The file of `--machine`, which is appended to. */
  machinePath?: string;
}

/** Opens nothing but the file of the encryption key. Throws CodecError. */
export function toRestoreConfig(values: RestoreValues, dependencies: RunDependencies): RestoreCommand {
  const { log, security } = dependencies;
  const hosts = values.get('host');
  const timeoutMs = values.get('timeout');
  const { env = process.env } = dependencies;
  const shard = values.get('shard');
  if (values.has('event-loops')) {
    const text = optionText`${option('event-loops')} has no effect: writes need no event loops of their own`;
    log.verbose(logEvent('option.idle', renderText(text, 'cli'), { option: 'event-loops' }));
  }
  return {
    ...engineProperties(asrestoreOptions, values, 'run'),
    cluster: {
      seeds: toSeeds(hosts, values.get('port'), values.get('tls-name')),
      servicesAlternate: values.has('services-alternate'),
      connectTimeoutMs: timeoutMs,
      infoTimeoutMs: timeoutMs,
      ...security,
    },
    hostText: hosts.text,
    source: toSource(values),
    ...(shard === undefined ? {} : { shard: resolveShard(shard, env) }),
    sets: values.get('set-list') ?? [],
    bins: values.get('bin-list') ?? [],
    // 0 has never meant "no limit" here.
    totalTimeoutMs: values.get('total-timeout') || timeoutMs,
    ...toLimits(values.get('nice')),
    storages: openStorages(
      {
        s3: engineProperties(asrestoreOptions, values, 's3'),
        gs: engineProperties(asrestoreOptions, values, 'gs'),
        azblob: engineProperties(asrestoreOptions, values, 'azblob'),
      },
      {
        s3: values.has('s3-allow-system-proxy'),
        gs: values.has('gcp-allow-system-proxy'),
        azblob: values.has('azure-allow-system-proxy'),
      },
      dependencies,
    ),
    ...toWebAssembly(dependencies),
    ...(values.has('validate') ? { validate: true } : {}),
    ...toCodecConfig(
      {
        compress: values.get('compress'),
        encrypt: values.get('encrypt'),
        keyFile: values.get('encryption-key-file'),
        keyVariable: values.get('encryption-key-env'),
      },
      dependencies,
    ),
  };
}

function toSource(values: RestoreValues): RestoreSource {
  const directory = values.get('directory');
  const list = values.get('directory-list');
  if (list !== undefined) return { kind: 'directories', paths: withParent(list, values.get('parent-directory')) };
  return directory === undefined
    ? (values.get('input-file') ?? { kind: 'stdin' })
    : { kind: 'directory', path: directory };
}

function toLimits(nice: Throttle = {}): Pick<RestoreConfig, 'bandwidthBytesPerSecond' | 'recordsPerSecond'> {
  const { mibPerSecond, recordsPerSecond } = nice;
  return {
    ...(mibPerSecond === undefined ? {} : { bandwidthBytesPerSecond: mibPerSecond * MIB }),
    ...(recordsPerSecond === undefined ? {} : { recordsPerSecond }),
  };
}
