/** What a backup is of: what must not change between a run and its continuation. */
import { fingerprint } from '../../../codecs/key.js';
import { canonicalPath } from '../../../storage/paths.js';
import type { BackupConfig, BackupTarget } from '../config.js';
import { formatShard } from '../../../core/shard.js';
import type { Identity } from './state-file.js';

/** Everything that decides what the files hold and how: it must not change between a run and its continuation. */
export function createIdentity(config: BackupConfig): Identity {
  const { target, encryption, excludedSets = [] } = config;
  return {
    namespace: config.namespace,
    // The one empty name is not the same as none.
    sets: config.sets.length === 1 && config.sets[0] === '' ? '""' : config.sets.join(','),
    // States of runs that left nothing out do not have it.
    ...(excludedSets.length === 0
      ? {}
      : { 'excluded-sets': excludedSets.map((set) => (set === '' ? '""' : set)).join(',') }),
    bins: config.bins.join(','),
    'no-bins': config.noBins,
    'no-records': config.noRecords,
    'no-indexes': config.noIndexes,
    'no-udfs': config.noUdfs,
    'filter-exp': config.filterExp?.toString('base64') ?? '',
    'modified-after': String(config.modifiedAfterNs ?? ''),
    'modified-before': String(config.modifiedBeforeNs ?? ''),
    'no-ttl-only': config.noTtlOnly ?? false,
    'partition-list': config.nodeList === undefined ? formatPartitions(config) : '',
    'node-list': (config.nodeList ?? []).map(({ host, port }) => `${host}:${port}`).join(','),
    // States of backups in one piece do not have it.
    ...(config.shard === undefined ? {} : { shard: formatShard(config.shard) }),
    compact: config.compact,
    compress: config.compression?.codec ?? '',
    encrypt: encryption?.mode ?? '',
    'key fingerprint': encryption === undefined ? '' : fingerprint(encryption.key, encryption.mode),
    'output-file-prefix': target.kind === 'directory' ? config.prefix : '',
    target: target.kind,
  };
}

function formatPartitions({ partitions }: BackupConfig): string {
  return partitions
    .map((filter) => (filter.kind === 'range' ? `${filter.begin}-${filter.count}` : filter.digest.toString('base64')))
    .join(',');
}

/** The same text for every spelling of a target. */
export function canonicalTarget(target: BackupTarget): string {
  return 'path' in target ? canonicalPath(target.path) : `[${target.kind}]`;
}
