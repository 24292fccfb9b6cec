/** What the tables of endpoints below /v2 are made of. */
import type { Scope } from '../../access/scope.js';

export interface V2Endpoint {
  /** Unique; the `operationId` of the OpenAPI document. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the context path, with parameters in braces. */
  readonly path: string;
  readonly tag: V2Tag;
  /** One sentence without its full stop. */
  readonly summary: string;
  readonly scope: Scope;
  readonly query?: readonly V2QueryName[];
  /** The JSON document of the request. One that is optional counts as `{}` if the body is empty. */
  readonly body?: { readonly schema: V2BodyName; readonly isOptional?: true };
  readonly success: readonly [V2Success, ...V2Success[]];
  /** Has the header `ETag`, and obeys `If-Match`. */
  readonly hasTag?: true;
  /** Why a request fails, by status. Those that all have are added. */
  readonly failures: Readonly<Record<number, string>>;
}

export interface V2Success {
  readonly status: 200 | 201 | 202 | 204;
  readonly content?: V2Content;
  /** Names of headers beside those that all answers have. */
  readonly headers?: readonly ('Location' | 'ETag')[];
  /** When it is that one of several. */
  readonly when?: string;
}

export type V2Content =
  { readonly json: V2SchemaName; readonly shape?: 'map' } | { readonly type: 'text/event-stream' };

export type V2Tag = 'Backups' | 'Restores' | 'Jobs' | 'State' | 'Routines' | 'Settings' | 'Service';

export type V2BodyName =
  | 'CreateBackup'
  | 'HoldBackup'
  | 'RestoreBackup'
  | 'RestoreAtTime'
  | 'CopyBackup'
  | 'VerifyBackup'
  | 'CloneRequest'
  | 'RunRoutine'
  | 'Config'
  | 'AerospikeCluster'
  | 'Storage'
  | 'BackupPolicy'
  | 'BackupRoutine';
export type V2SchemaName =
  | V2BodyName
  | 'Backup'
  | 'BackupPage'
  | 'RestorePlan'
  | 'Job'
  | 'JobPage'
  | 'RuntimeState'
  | 'StorageRanges'
  | 'StorageList'
  | 'RoutineList'
  | 'RoutineSummary'
  | 'Session'
  | 'DeadLetterList';
export type V2QueryName =
  | 'prefix'
  | 'state'
  | 'type'
  | 'from'
  | 'to'
  | 'routine'
  | 'limit'
  | 'after'
  | 'wait'
  | 'cascade'
  | 'plan'
  | 'kind'
  | 'job-state'
  | 'storage'
  | 'backup'
  | 'types';

export const BAD_DOCUMENT = 'The document is no JSON or not valid';
export const TOO_LARGE = 'The body is larger than 8 MiB';
export const NOT_WRITABLE = 'The configuration or the storage cannot be written to';
/** Of what asks a cluster or a storage. */
export const REMOTE = {
  502: '`upstream`: a cluster or storage answers badly',
  504: '`timeout`: a cluster or storage answers too late',
};

/** Work that has begun. */
export function accept(json: V2SchemaName): V2Success {
  return { status: 202, content: { json }, headers: ['Location'] };
}
