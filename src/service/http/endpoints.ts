import type { EntityKind } from '../config-source/entity-kind.js';

/**
 * Every endpoint of the service with every status that it answers with. The routes, the OpenAPI document, the page
 * docs/reference/service-api.md and the tests are made of this table.
 */
export interface Endpoint {
  /** Unique; the `operationId` of the OpenAPI document. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the context path, with parameters in braces. */
  readonly path: string;
  readonly tag: 'Configuration' | 'Backup' | 'Restore' | 'System';
  /** One sentence without its full stop. */
  readonly summary: string;
  readonly query?: readonly QueryName[];
  /** Name of the schema of the JSON document that the request must have. */
  readonly body?: SchemaName;
  readonly success: { readonly status: 200 | 201 | 202 | 204; readonly content?: Content };
  /** Why a request fails, by status. 429 is added to all, and 500 to those that can fail. */
  readonly failures: Readonly<Partial<Record<FailureStatus, string>>>;
  readonly deprecated?: true;
}

export type FailureStatus = 400 | 404 | 409 | 413 | 429 | 500 | 503;
export type QueryName = 'from' | 'to' | 'delay' | 'status' | 'deep';
export type SchemaName =
  | 'Config'
  | 'AerospikeCluster'
  | 'Storage'
  | 'BackupPolicy'
  | 'BackupRoutine'
  | 'BackupDetails'
  | 'RoutineState'
  | 'RestoreRequest'
  | 'RestoreTimestampRequest'
  | 'RestoreJobStatus'
  | 'VersionInfo';

/** A body: JSON of a schema, or a text, or bytes. */
export type Content =
  | { readonly json: SchemaName; readonly shape: 'one' | 'list' | 'map' | 'map of lists' }
  | { readonly json: 'job id' }
  | { readonly type: 'text/plain' | 'text/html' | 'application/zip' };

export interface EntityCollection {
  readonly kind: EntityKind;
  /** Below `/v1/config/`. */
  readonly segment: string;
  readonly schema: SchemaName;
  /** For operation ids: `readCluster`, `readClusters`. */
  readonly one: string;
  readonly many: string;
  /** In texts. */
  readonly noun: string;
}

export const COLLECTIONS: readonly EntityCollection[] = [
  {
    kind: 'aerospike-clusters',
    segment: 'clusters',
    schema: 'AerospikeCluster',
    one: 'Cluster',
    many: 'Clusters',
    noun: 'cluster',
  },
  { kind: 'storage', segment: 'storage', schema: 'Storage', one: 'Storage', many: 'AllStorage', noun: 'storage' },
  {
    kind: 'backup-policies',
    segment: 'policies',
    schema: 'BackupPolicy',
    one: 'Policy',
    many: 'Policies',
    noun: 'policy',
  },
  {
    kind: 'backup-routines',
    segment: 'routines',
    schema: 'BackupRoutine',
    one: 'Routine',
    many: 'Routines',
    noun: 'routine',
  },
];

const BAD_NAME = 'The name is blank or not a single path segment';
const BAD_DOCUMENT = 'The document is empty, no JSON, or not valid';
const TOO_LARGE = 'The body is larger than 8 MiB';
const NOT_WRITABLE = 'The configuration could not be stored; nothing was changed';
const NO_ROUTINE = 'The routine is not configured';
const STORAGE_FAILED = 'The storage does not answer as it should';
const BAD_BOUNDS = 'A bound is not a number of milliseconds, or `from` is after `to`';
const BAD_JOB_ID = 'The id of the job is not an integer';
const NO_JOB = 'There is no such job';
const NOT_CONFIGURED = 'A routine, cluster, storage or agent that the request names is not configured';

const SYSTEM: readonly Endpoint[] = [
  {
    id: 'root',
    method: 'GET',
    path: '/',
    tag: 'System',
    summary: 'Answers if the service listens',
    success: { status: 200 },
    failures: {},
  },
  {
    id: 'health',
    method: 'GET',
    path: '/health',
    tag: 'System',
    summary: 'Answers `Ok` if the service listens',
    success: { status: 200, content: { type: 'text/plain' } },
    failures: {},
  },
  {
    id: 'ready',
    method: 'GET',
    path: '/ready',
    tag: 'System',
    summary: 'Answers `Ok` if the service listens, and with `deep=true` if every storage and cluster answers',
    query: ['deep'],
    success: { status: 200, content: { type: 'text/plain' } },
    failures: {
      400: '`deep` is neither true nor false',
      503: 'Storages or clusters do not answer; the text names them',
    },
  },
  {
    id: 'version',
    method: 'GET',
    path: '/version',
    tag: 'System',
    summary: 'Reads the version of the service',
    success: { status: 200, content: { json: 'VersionInfo', shape: 'one' } },
    failures: {},
  },
  {
    id: 'metrics',
    method: 'GET',
    path: '/metrics',
    tag: 'System',
    summary: 'Reads the metrics in the text format of Prometheus',
    success: { status: 200, content: { type: 'text/plain' } },
    failures: {},
  },
  {
    id: 'apiDocs',
    method: 'GET',
    path: '/api-docs/',
    tag: 'System',
    summary: 'Shows this document',
    success: { status: 200, content: { type: 'text/html' } },
    failures: {},
  },
];

const CONFIGURATION: readonly Endpoint[] = [
  {
    id: 'readConfig',
    method: 'GET',
    path: '/v1/config',
    tag: 'Configuration',
    summary: 'Reads the whole configuration; secrets are replaced by `[secret]`',
    success: { status: 200, content: { json: 'Config', shape: 'one' } },
    failures: {},
  },
  {
    id: 'updateConfig',
    method: 'PUT',
    path: '/v1/config',
    tag: 'Configuration',
    summary: 'Replaces the whole configuration; the section `service` must stay as it is',
    body: 'Config',
    success: { status: 200 },
    failures: { 400: `${BAD_DOCUMENT}, or its section \`service\` differs`, 413: TOO_LARGE, 503: NOT_WRITABLE },
  },
  {
    id: 'applyConfig',
    method: 'POST',
    path: '/v1/config/apply',
    tag: 'Configuration',
    summary: 'Reads the configuration again from where it is stored, and applies it',
    success: { status: 200 },
    failures: {
      400: 'The stored configuration is not valid, or its section `service` differs',
      500: 'The stored configuration cannot be read',
    },
  },
];

function configure({ segment, schema, one, many, noun }: EntityCollection): Endpoint[] {
  const base = { tag: 'Configuration' } as const;
  const path = `/v1/config/${segment}`;
  const missing = `The ${noun} is not configured`;
  return [
    {
      ...base,
      id: `read${many}`,
      method: 'GET',
      path,
      summary: `Reads the configuration of every ${noun}, by name`,
      success: { status: 200, content: { json: schema, shape: 'map' } },
      failures: {},
    },
    {
      ...base,
      id: `read${one}`,
      method: 'GET',
      path: `${path}/{name}`,
      summary: `Reads the configuration of a ${noun}`,
      success: { status: 200, content: { json: schema, shape: 'one' } },
      failures: { 400: BAD_NAME, 404: missing },
    },
    {
      ...base,
      id: `add${one}`,
      method: 'POST',
      path: `${path}/{name}`,
      summary: `Adds a ${noun}`,
      body: schema,
      success: { status: 201 },
      failures: {
        400: `${BAD_NAME}, or the document is not valid`,
        409: `There is a ${noun} of that name`,
        413: TOO_LARGE,
        503: NOT_WRITABLE,
      },
    },
    {
      ...base,
      id: `update${one}`,
      method: 'PUT',
      path: `${path}/{name}`,
      summary: `Replaces the configuration of a ${noun}`,
      body: schema,
      success: { status: 200 },
      failures: {
        400: `${BAD_NAME}, or the document is not valid`,
        404: missing,
        413: TOO_LARGE,
        503: NOT_WRITABLE,
      },
    },
    {
      ...base,
      id: `delete${one}`,
      method: 'DELETE',
      path: `${path}/{name}`,
      summary: `Removes a ${noun}`,
      success: { status: 204 },
      failures: {
        400: BAD_NAME,
        404: missing,
        // Nothing refers to a routine.
        ...(schema === 'BackupRoutine' ? {} : { 409: `A routine uses the ${noun}` }),
        503: NOT_WRITABLE,
      },
    },
  ];
}

const ROUTINE_SWITCHES: readonly Endpoint[] = [
  {
    id: 'disableRoutine',
    method: 'PUT',
    path: '/v1/config/routines/{name}/disable',
    tag: 'Configuration',
    summary: 'Takes a routine off its schedule and cancels what runs of it',
    success: { status: 204 },
    failures: { 400: BAD_NAME, 404: NO_ROUTINE, 503: NOT_WRITABLE },
  },
  {
    id: 'enableRoutine',
    method: 'PUT',
    path: '/v1/config/routines/{name}/enable',
    tag: 'Configuration',
    summary: 'Puts a routine on its schedule again',
    success: { status: 204 },
    failures: { 400: BAD_NAME, 404: NO_ROUTINE, 503: NOT_WRITABLE },
  },
];

const BACKUPS: readonly Endpoint[] = (['full', 'incremental'] as const).flatMap((type): Endpoint[] => {
  const title = type === 'full' ? 'Full' : 'Incremental';
  return [
    {
      id: `readAll${title}Backups`,
      method: 'GET',
      path: `/v1/backups/${type}`,
      tag: 'Backup',
      summary: `Lists the ${type} backups of every routine`,
      query: ['from', 'to'],
      success: { status: 200, content: { json: 'BackupDetails', shape: 'map of lists' } },
      failures: { 400: BAD_BOUNDS, 500: STORAGE_FAILED },
    },
    {
      id: `read${title}Backups`,
      method: 'GET',
      path: `/v1/backups/${type}/{name}`,
      tag: 'Backup',
      summary: `Lists the ${type} backups of a routine`,
      query: ['from', 'to'],
      success: { status: 200, content: { json: 'BackupDetails', shape: 'list' } },
      failures: { 400: `${BAD_NAME}, or: ${BAD_BOUNDS}`, 404: NO_ROUTINE, 500: STORAGE_FAILED },
    },
    {
      id: `start${title}Backup`,
      method: 'POST',
      path: `/v1/backups/${type}/{name}`,
      tag: 'Backup',
      summary: type === 'full' ? 'Starts a full backup of a routine' : 'Starts an incremental backup of a routine',
      query: ['delay'],
      success: { status: 202 },
      failures: { 400: `${BAD_NAME}, or the delay is not a number of milliseconds`, 404: NO_ROUTINE },
    },
  ];
});

const RUNS: readonly Endpoint[] = [
  {
    id: 'scheduleFullBackup',
    method: 'POST',
    path: '/v1/backups/schedule/{name}',
    tag: 'Backup',
    summary: 'Starts a full backup of a routine (use `/v1/backups/full/{name}`)',
    query: ['delay'],
    success: { status: 202 },
    failures: { 400: `${BAD_NAME}, or the delay is not a number of milliseconds`, 404: NO_ROUTINE },
    deprecated: true,
  },
  {
    id: 'readCurrentBackup',
    method: 'GET',
    path: '/v1/backups/currentBackup/{name}',
    tag: 'Backup',
    summary: 'Reads what runs of a routine, its last backups and its next ones',
    success: { status: 200, content: { json: 'RoutineState', shape: 'one' } },
    failures: { 400: BAD_NAME, 404: NO_ROUTINE },
  },
  {
    id: 'cancelBackup',
    method: 'POST',
    path: '/v1/backups/cancel/{name}',
    tag: 'Backup',
    summary: 'Cancels what runs of a routine',
    success: { status: 202 },
    failures: { 400: BAD_NAME, 404: NO_ROUTINE },
  },
];

const RESTORES: readonly Endpoint[] = [
  ...(['full', 'incremental'] as const).map((type): Endpoint => ({
    id: type === 'full' ? 'restoreFull' : 'restoreIncremental',
    method: 'POST',
    path: `/v1/restore/${type}`,
    tag: 'Restore',
    summary: `Starts the restore of ${type === 'full' ? 'a full' : 'an incremental'} backup by its path`,
    body: 'RestoreRequest',
    success: { status: 202, content: { json: 'job id' } },
    failures: { 400: BAD_DOCUMENT, 404: NOT_CONFIGURED, 413: TOO_LARGE },
  })),
  {
    id: 'restoreTimestamp',
    method: 'POST',
    path: '/v1/restore/timestamp',
    tag: 'Restore',
    summary: 'Starts the restore of what a routine had backed up at a time',
    body: 'RestoreTimestampRequest',
    success: { status: 202, content: { json: 'job id' } },
    failures: { 400: BAD_DOCUMENT, 404: NOT_CONFIGURED, 413: TOO_LARGE },
  },
  {
    id: 'readRestoreStatus',
    method: 'GET',
    path: '/v1/restore/status/{jobId}',
    tag: 'Restore',
    summary: 'Reads the status of a restore',
    success: { status: 200, content: { json: 'RestoreJobStatus', shape: 'one' } },
    failures: { 400: BAD_JOB_ID, 404: NO_JOB },
  },
  {
    id: 'readRestoreJobs',
    method: 'GET',
    path: '/v1/restore/jobs',
    tag: 'Restore',
    summary: 'Lists restores by the id of their job',
    query: ['from', 'to', 'status'],
    success: { status: 200, content: { json: 'RestoreJobStatus', shape: 'map' } },
    failures: { 400: `${BAD_BOUNDS}, or a status is unknown` },
  },
  {
    id: 'cancelRestore',
    method: 'POST',
    path: '/v1/restore/cancel/{jobId}',
    tag: 'Restore',
    summary: 'Cancels a restore',
    success: { status: 202 },
    failures: { 400: BAD_JOB_ID, 404: NO_JOB },
  },
  {
    id: 'retrieveConfiguration',
    method: 'GET',
    path: '/v1/retrieve/configuration/{name}/{timestamp}',
    tag: 'Restore',
    summary: 'Reads the configuration of the nodes that the last full backup until a time holds',
    success: { status: 200, content: { type: 'application/zip' } },
    failures: {
      400: `${BAD_NAME}, or the timestamp is not a number of milliseconds`,
      404: 'The routine is not configured, or no full backup until then holds a configuration',
      500: STORAGE_FAILED,
    },
  },
];

const RATE = 'More requests from one address than the rate allows';
const UNEXPECTED = 'An unexpected error';

/** In the order of the documentation. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...SYSTEM,
  ...CONFIGURATION,
  ...COLLECTIONS.flatMap(configure),
  ...ROUTINE_SWITCHES,
  ...BACKUPS,
  ...RUNS,
  ...RESTORES,
].map((endpoint) => {
  // Those of the system ask nothing that can fail, metrics aside.
  const unexpected = endpoint.tag === 'System' && endpoint.id !== 'metrics' ? {} : { 500: UNEXPECTED };
  return { ...endpoint, failures: { 429: RATE, ...unexpected, ...endpoint.failures } };
});

/** `/v1/config/storage/{name}` → `/v1/config/storage/:name`, as the router wants it. */
export function routePattern(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
