import type { TSchema } from 'typebox';
import { AerospikeCluster } from '../../document/schema/aerospike-cluster.js';
import { BackupPolicy } from '../../document/schema/backup-policy.js';
import { BackupRoutine } from '../../document/schema/backup-routine.js';
import { ServiceDocument } from '../../document/schema/service-document.js';
import { Storage } from '../../document/schema/storage.js';
import { Backup, BackupPage } from '../schema/backup.js';
import { CreateBackup } from '../schema/create-backup.js';
import { DeadLetterList } from '../schema/dead-letter.js';
import { Job, JobPage } from '../schema/job.js';
import { StorageList } from '../schema/lists.js';
import { CloneRequest, CopyBackup, HoldBackup, VerifyBackup } from '../schema/requests.js';
import { RestoreAtTime, RestoreBackup, RestorePlan } from '../schema/restore-backup.js';
import { RoutineList, RoutineSummary, RunRoutine } from '../schema/routine-summary.js';
import { RuntimeState, StorageRanges } from '../schema/runtime-state.js';
import { Session } from '../schema/session.js';
import type { V2BodyName, V2SchemaName } from './endpoint.js';

/** Of the documents of /v2, by their names in the table of endpoints. */
export const V2_SCHEMAS: Readonly<Record<V2SchemaName, TSchema>> = {
  CreateBackup,
  HoldBackup,
  RestoreBackup,
  RestoreAtTime,
  CopyBackup,
  VerifyBackup,
  CloneRequest,
  RunRoutine,
  Config: ServiceDocument,
  AerospikeCluster,
  Storage,
  BackupPolicy,
  BackupRoutine,
  Backup,
  BackupPage,
  RestorePlan,
  Job,
  JobPage,
  RuntimeState,
  StorageRanges,
  StorageList,
  RoutineList,
  RoutineSummary,
  Session,
  DeadLetterList,
};

/** Checked by the configuration with all that the schema cannot say, and with secrets that are shown as hidden. */
export const CHECKED_BY_CONFIGURATION: ReadonlySet<V2BodyName> = new Set([
  'Config',
  'AerospikeCluster',
  'Storage',
  'BackupPolicy',
  'BackupRoutine',
]);
