/**
 * The events of the log, by the name that programs read. The compiler accepts no other names and fields in a log line,
 * and docs/reference/log-events.md is made of this table.
 */
import type { EventType } from './events.js';

export interface LogEventSpec {
  /**
   * Shown only if verbose lines were asked for (`debug`), or a warning (`warn`). Absent: `info`, or `error` for what
   * failed.
   */
  level?: 'debug' | 'warn';
  /** Those that the event may have, `worker` aside. */
  fields: readonly string[];
  /** One sentence without its full stop. */
  help: string;
}

/** Events of the engine that no line of the log is made of. */
type SilentEvent = 'transfer.started' | 'transfer.ended' | 'backup.expected';

const RUN_EVENTS = {
  'run.failed': { fields: ['code'], help: 'Why the run failed' },
  usage: { fields: ['code'], help: 'The command line cannot be read' },
  error: { fields: ['code'], help: 'An error that does not end the run by itself' },
  'error.cause': { level: 'debug', fields: [], help: 'The cause of the error before' },
  'error.stack': { level: 'debug', fields: [], help: 'A line of the stack of an unexpected error' },
  exit: { level: 'debug', fields: ['code'], help: 'The exit code' },
  message: { fields: [], help: 'A text without fields, as that of an interrupt' },
  'option.source': { level: 'debug', fields: [], help: 'A configuration file was read, or overridden' },
  'option.deprecated': { level: 'warn', fields: [], help: 'An option is deprecated' },
  'option.note': { level: 'warn', fields: [], help: 'An option does not do what it may be expected to' },
  'option.idle': { level: 'debug', fields: ['option'], help: 'An option has no effect' },
  'password.prompt': { fields: [], help: 'A password is asked for' },
  'pipeline.key': { level: 'debug', fields: ['mode', 'fingerprint'], help: 'How the files are encrypted' },
  'pipeline.key-exposed': {
    level: 'warn',
    fields: ['path'],
    help: 'The permissions of the key file let every user read it',
  },
  'cluster.connected': { level: 'debug', fields: ['build', 'nodes', 'durationMs'], help: 'The cluster has answered' },
  'cluster.tls': { fields: [], help: 'What a TLS connection has agreed on' },
  'cluster.node-unreachable': {
    level: 'warn',
    fields: ['node', 'addresses', 'reason'],
    help: 'A node that others list cannot be reached; the run goes on',
  },
  'cluster.nodes': { fields: ['nodes'], help: 'How many nodes take part' },
  'cluster.refresh': { level: 'debug', fields: [], help: 'The partition map cannot be read at the moment' },
  progress: {
    fields: ['percent', 'records', 'bytes', 'recordsPerSecond', 'bytesPerSecond', 'seconds'],
    help: 'Every ten seconds; a backup has totals since its start and rates, a restore the seconds left',
  },
  'worker.done': {
    level: 'debug',
    fields: ['jobs', 'files', 'inserted', 'retries', 'records', 'bytes', 'durationMs'],
    help: 'What a worker has done by its end; a backup has jobs and files, a restore inserted and retries',
  },
} as const satisfies Record<string, LogEventSpec>;

const BACKUP_EVENTS = {
  'backup.start': {
    fields: [
      'hosts',
      'namespace',
      'sets',
      'bins',
      'modifiedAfter',
      'modifiedBefore',
      'noTtlOnly',
      'maxRecords',
      'targetKind',
      'target',
    ],
    help: 'What is backed up, and where to',
  },
  'cluster.table': { fields: [], help: 'The heading of the table of nodes' },
  'cluster.node': { fields: ['node', 'objects', 'replication'], help: 'A row of the table of nodes' },
  'cluster.records': { fields: ['namespace', 'sets', 'records'], help: 'How many records the namespace or sets hold' },
  'cluster.replication': { level: 'warn', fields: [], help: 'The replication factors of the nodes differ, or are 0' },
  'cluster.racks': { level: 'warn', fields: ['nodes'], help: 'Nodes that do not report their rack' },
  'target.create': { fields: ['path'], help: 'The directory does not exist and is created' },
  'target.ready': { fields: ['path'], help: 'The directory is ready' },
  'target.remove': { fields: ['path', 'files'], help: 'Files of an earlier backup are removed' },
  'target.others': { level: 'warn', fields: ['path', 'files'], help: 'Files of other backups stay in the directory' },
  'target.space': {
    level: 'warn',
    fields: ['path', 'freeBytes', 'neededBytes'],
    help: 'The disk may be too small for the backup',
  },
  'backup.sindexes': { fields: ['sindexes'], help: 'How many indexes are backed up' },
  'backup.sindexes.skipped': { fields: ['sindexes'], help: 'How many indexes belong to other sets' },
  'backup.sindex.left': { level: 'warn', fields: ['name', 'reason'], help: 'An index that the backup cannot hold' },
  'backup.keys-dropped': {
    level: 'warn',
    fields: ['records'],
    help: 'Records whose user key the format cannot hold',
  },
  'backup.count': {
    level: 'warn',
    fields: ['records', 'expected'],
    help: 'The number of records is far from what the cluster counted before',
  },
  'backup.format': {
    fields: ['version', 'file'],
    help: 'The version of the backup, or of its file with indexes, that the C asrestore cannot read',
  },
  'backup.udfs': { fields: ['udfs'], help: 'How many UDF modules are backed up' },
  'backup.workers': {
    level: 'warn',
    fields: ['asked', 'workers'],
    help: 'There is work for fewer workers than were asked for',
  },
  'job.start': { fields: ['partition', 'partitions', 'afterDigest'], help: 'A scan begins' },
  'job.done': { fields: ['partition', 'partitions', 'afterDigest', 'records', 'bytes'], help: 'A scan is complete' },
  'job.interrupted': {
    fields: ['partition', 'partitions', 'afterDigest', 'records', 'bytes'],
    help: 'A scan was interrupted',
  },
  'job.time': {
    level: 'debug',
    fields: ['partition', 'partitions', 'afterDigest', 'records', 'bytes', 'durationMs'],
    help: 'How long a scan took',
  },
  'scan.retry': { fields: ['partitions', 'reason'], help: 'A scan is retried' },
  'progress.remaining': { fields: ['seconds'], help: 'How long the backup still takes' },
  'backup.summary': {
    fields: ['records', 'sindexes', 'udfs', 'bytes'],
    help: 'What the backup holds; logged also by a run that failed',
  },
  'shard.complete': {
    fields: ['path', 'records'],
    help: 'An earlier run has completed the shard, which stays as it is',
  },
  'resume.start': { fields: ['records'], help: 'An interrupted backup is continued, which has these records' },
  'resume.cut': { fields: ['bytes'], help: 'Standard output so far has to be cut to this length' },
  'resume.delete': { fields: ['files'], help: 'Files that were begun after the state was saved are deleted' },
  'state.saved': { fields: ['path'], help: 'The state file is written' },
  'state.missing': { level: 'warn', fields: ['path'], help: 'The run has no state file and cannot be continued' },
  'state.resume': { fields: ['path'], help: 'How the interrupted backup is continued' },
  'checkpoint.failed': { fields: ['code'], help: 'The state could not be saved' },
  'estimate.record': { fields: ['bytesPerRecord'], help: 'The estimated size of a record' },
  'estimate.ratio': { fields: ['ratio'], help: 'The estimated ratio of stored bytes to text' },
  'estimate.total': { fields: ['bytes'], help: 'The estimated size of the whole backup' },
  'remove.start': { fields: ['path'], help: 'A backup is deleted, and nothing else is done' },
  'remove.kept': { fields: ['path', 'files'], help: 'The files are deleted and the directory stays' },
} as const satisfies Record<string, LogEventSpec>;

const RESTORE_EVENTS = {
  'restore.start': {
    fields: ['hosts', 'bins', 'sets', 'sourceKind', 'source'],
    help: 'What is restored, and where to',
  },
  'restore.input': { fields: ['path'], help: 'One of the inputs' },
  'input.files': { fields: ['files', 'path'], help: 'How many backup files a directory holds' },
  'input.missing': { level: 'warn', fields: [], help: 'A part of the backup is missing' },
  'input.overlap': {
    level: 'warn',
    fields: ['directories', 'winner'],
    help: 'Directories with backups of one namespace, and which of them wins where a record is in several',
  },
  'restore.write-mode': { level: 'warn', fields: [], help: 'Records are written one by one' },
  'restore.records': { fields: [], help: 'The restore of records begins' },
  'file.start': { fields: ['path'], help: 'A worker begins with a file' },
  'file.opened': { fields: ['path'], help: 'The file is open' },
  'file.read': {
    level: 'debug',
    fields: ['path', 'records', 'bytes', 'durationMs'],
    help: 'The file was read to its end',
  },
  'restore.udf': { fields: ['name', 'bytes'], help: 'A UDF module is restored' },
  'restore.sindex': { level: 'debug', fields: ['namespace', 'set', 'name', 'bin'], help: 'An index is restored' },
  'restore.sindex.replace': {
    level: 'debug',
    fields: ['namespace', 'set', 'name', 'bin'],
    help: 'An index of the same name is dropped first',
  },
  'shard.waiting': { fields: ['missing'], help: 'The first shard has not restored these indexes and modules yet' },
  'restore.sindex.skip': {
    level: 'debug',
    fields: ['namespace', 'set', 'name', 'bin'],
    help: 'The index belongs to a set that was not asked for',
  },
  'restore.sindex.no-set': { fields: ['name'], help: 'The set "null" of an index is treated as none' },
  'restore.sindexes.skipped': { fields: ['sindexes'], help: 'How many indexes belong to sets that were not asked for' },
  'restore.sindexes.matched': { fields: ['sindexes'], help: 'How many indexes existed already' },
  'restore.sindexes.mismatched': { fields: ['sindexes'], help: 'How many indexes existed and differ' },
  'record.ignored': { level: 'debug', fields: ['digest', 'resultCode'], help: 'The server refused a record' },
  'write.retry': {
    level: 'debug',
    fields: ['records', 'pauseMs', 'attempt', 'reason'],
    help: 'Records are sent again after a pause',
  },
  'records.ttl-cut': { fields: ['records'], help: 'TTLs were cut to the longest that the server allows' },
  'records.sorted': { fields: ['records'], help: 'Ordered lists or maps were out of order and were sorted' },
  'records.persist-cleared': { fields: ['records'], help: 'Lists and maps lost their "persist index" marks' },
  'records.in-doubt': {
    fields: ['records'],
    help: 'Records were found present after a lost answer and are not counted as inserted',
  },
  'records.generation-zero': { fields: ['records'], help: 'Records have generation 0 in the backup' },
  'records.expired': {
    level: 'warn',
    fields: ['records', 'expired', 'clockAheadSeconds'],
    help: 'Most records have expired; `clockAheadSeconds` of this host may be the reason',
  },
  'records.replaced': {
    level: 'warn',
    fields: ['inserted', 'objects', 'namespaces'],
    help: 'More records were written than the namespaces hold',
  },
  'records.fresher': { fields: ['records'], help: 'The namespace has the records with the same or a later generation' },
  'records.existed': { fields: ['records'], help: 'The namespace has the records already' },
  'restore.later': {
    level: 'warn',
    fields: [],
    help: 'A namespace had no backup at the moment that is restored',
  },
  'restore.increment': { level: 'warn', fields: [], help: 'Only what one increment holds is restored' },
  'restore.finished': { fields: [], help: 'Everything was read' },
  'restore.counts': {
    fields: ['udfs', 'sindexes', 'records', 'bytes', 'retries', 'recordsPerSecond', 'bytesPerSecond'],
    help: 'Totals since the start, and rates',
  },
  'restore.summary': {
    fields: ['records', 'expired', 'skipped', 'ignored', 'inserted', 'existed', 'fresher'],
    help: 'What has become of the records',
  },
  'validate.start': { fields: ['sourceKind', 'source'], help: 'What is validated' },
  'validate.input': { fields: ['path'], help: 'One of the inputs' },
  'validate.files': { fields: [], help: 'The check of the files begins' },
  'validate.finished': { fields: [], help: 'The check of the files has ended' },
  'file.checked': {
    fields: ['path', 'records', 'sindexes', 'udfs', 'bytes', 'sound', 'offset'],
    help: 'A file was checked; `offset` is the place of its fault in the text',
  },
  'validate.summary': {
    fields: ['files', 'records', 'sindexes', 'udfs', 'bytes'],
    help: 'Logged if there is no fault',
  },
} as const satisfies Record<string, LogEventSpec>;

const CATALOG_EVENTS = {
  'copy.done': {
    fields: ['id', 'files', 'bytes', 'kept'],
    help: 'A backup was copied; `kept`: files of an earlier copy',
  },
  'copy.parent': { level: 'warn', fields: ['id'], help: 'The copy needs another backup to be restored' },
  'delete.done': { fields: ['id', 'files'], help: 'A backup was deleted, with so many of its files' },
  'delete.spared': { level: 'warn', fields: ['id'], help: 'A backup that was to be deleted was left, and why' },
  'delete.strangers': {
    level: 'warn',
    fields: ['files'],
    help: 'Files in the directory of a deleted backup that do not belong to it were left',
  },
  'catalog.namespace': { fields: ['id', 'namespace'], help: 'A backup goes on with this namespace' },
  'catalog.shard': {
    fields: ['id', 'path', 'shard', 'shards'],
    help: 'A shard of a backup is complete, and others are not',
  },
  'catalog.completed': { fields: ['id', 'path', 'namespaces'], help: 'A backup of several namespaces is complete' },
  'export.done': { fields: ['records', 'bytes'], help: 'How much was exported' },
  'merge.deletions': { level: 'warn', fields: [], help: 'Records that were deleted between the backups may come back' },
  'merge.done': { fields: ['records', 'replaced'], help: 'How many records the merged backup has' },
  'serve.repeated': { level: 'warn', fields: [], help: 'Earlier versions of records are not shown' },
  'serve.sindexes': { level: 'warn', fields: [], help: 'Indexes on whole sets are left out' },
  'serve.done': { fields: [], help: 'The backup is served no longer' },
} as const satisfies Record<string, LogEventSpec>;

const SERVICE_EVENTS = {
  'service.started': { fields: ['version', 'config'], help: 'The service starts, with this configuration' },
  'service.stopping': { fields: [], help: 'The service was told to end' },
  'service.stopped': { fields: [], help: 'The service has ended' },
  'service.progress': { fields: ['id', 'percent'], help: 'How far the work is that a backup service was asked for' },
  'http.listening': { fields: ['url'], help: 'The service can be asked under this address' },
  'http.certificate': {
    fields: [],
    help: 'Files of the HTTPS listener have changed and are in use now, or (a warning) cannot be used',
  },
  'http.failed': { fields: ['method', 'path'], help: 'An unexpected error ended a request' },
  'access.open': { level: 'warn', fields: [], help: 'The configuration does not say who may use the service' },
  'access.change': {
    fields: ['who', 'kind', 'address', 'method', 'path', 'status'],
    help: 'Somebody has asked for a change, and with what result',
  },
  'access.refused': {
    level: 'warn',
    fields: ['who', 'address', 'method', 'path', 'code'],
    help: 'A request was refused: a failed login, a scope that does not suffice, a page of another origin',
  },
  'webhook.failed': {
    level: 'warn',
    fields: ['webhook', 'id', 'attempts'],
    help: 'A webhook did not take an event, which is now among the dead letters',
  },
  'routine.rpo-missed': { level: 'warn', fields: ['routine'], help: 'The last backup is older than the objective' },
  'routine.started': {
    fields: ['routine', 'type', 'namespaces', 'path'],
    help: 'A run of a routine writes from now on',
  },
  'routine.completed': {
    fields: ['routine', 'type', 'records', 'bytes', 'path'],
    help: 'A run of a routine is complete; one without a change leaves nothing',
  },
  'routine.failed': {
    fields: ['routine', 'type', 'code'],
    help: 'Why a run of a routine failed; nothing of it is left',
  },
  'routine.skipped': { fields: ['routine', 'type'], help: 'A run that is due is not made, and why' },
  'routine.canceled': { fields: ['routine', 'type'], help: 'A run was canceled; nothing of it is left' },
  'routine.stopped': { fields: ['routine', 'type'], help: 'A run has left a checkpoint, as the service ends' },
  'routine.fenced': {
    level: 'warn',
    fields: ['routine', 'type'],
    help: 'A run was taken over by another replica of the service; this one has stopped working on it',
  },
  'routine.retry': { level: 'warn', fields: ['routine', 'type', 'waitMs'], help: 'A part of a run is tried again' },
  'routine.namespace': {
    level: 'warn',
    fields: ['routine', 'namespace'],
    help: 'A namespace is left out of an incremental run: it has no full backup',
  },
  'routine.configuration': {
    level: 'warn',
    fields: ['routine'],
    help: 'The configuration of the cluster could not be kept',
  },
  'routine.retention': {
    fields: ['routine', 'path'],
    help: 'An old backup was deleted, or stays (a warning: could not be deleted)',
  },
  'routine.leftover': {
    fields: ['routine', 'type', 'path'],
    help: 'What becomes of a run that was interrupted (a warning: it could not be deleted)',
  },
  'routine.damaged': { level: 'warn', fields: ['routine'], help: 'Metadata of a backup cannot be read' },
  'replica.takeover': {
    fields: ['routine', 'type', 'replica'],
    help: 'A run goes on that another replica of the service has begun and left',
  },
  'replica.storage': {
    level: 'warn',
    fields: ['routine'],
    help: 'The storage of a routine does not answer, so that the replicas cannot agree; they try again',
  },
  'replica.local': {
    level: 'warn',
    fields: ['storage'],
    help: 'A storage is a directory of this machine: replicas on other machines have one of their own',
  },
  'config.tls': { fields: [], help: 'Files of TLS that the configuration of the service names cannot be used' },
  'config.idle': { level: 'warn', fields: ['path'], help: 'A setting of the configuration has no effect, and why' },
  'config.poll': {
    level: 'warn',
    fields: [],
    help: 'The source of the configuration was changed by another replica, and cannot be taken over',
  },
  'config.variable': {
    fields: ['key', 'variable'],
    help: 'A key of the configuration has the value of an environment variable, or a variable belongs to no key',
  },
  'config.late-write': {
    fields: [],
    help: 'A change of the configuration that was given up may have been written all the same',
  },
} as const satisfies Record<string, LogEventSpec>;

/** All of them. */
export const LOG_EVENTS = {
  ...RUN_EVENTS,
  ...BACKUP_EVENTS,
  ...RESTORE_EVENTS,
  ...CATALOG_EVENTS,
  ...SERVICE_EVENTS,
} satisfies Record<Exclude<EventType, SilentEvent>, LogEventSpec>;

/** In the order of the documentation. */
export const LOG_EVENT_GROUPS: readonly {
  of: 'all programs' | 'asbackup' | 'asrestore' | 'asb' | 'the service';
  events: Readonly<Record<string, LogEventSpec>>;
}[] = [
  { of: 'all programs', events: RUN_EVENTS },
  { of: 'asbackup', events: BACKUP_EVENTS },
  { of: 'asrestore', events: RESTORE_EVENTS },
  { of: 'asb', events: CATALOG_EVENTS },
  { of: 'the service', events: SERVICE_EVENTS },
];

export type LogEventName = keyof typeof LOG_EVENTS;

export type LogFieldName<Name extends LogEventName> = (typeof LOG_EVENTS)[Name]['fields'][number];
