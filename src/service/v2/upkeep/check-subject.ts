/** Whose backups a schedule verifies. */
import { findEntity } from '../../document/find-entity.js';
import type { ServiceDocument } from '../../document/schema/service-document.js';
import type { VerifySchedules } from '../../document/schema/verify-schedules.js';
import { findStorageBlock } from '../../document/storage-schedules.js';
import type { CheckLabels } from '../../metrics/upkeep-metrics.js';
import { V2_ROUTINE_LABEL } from '../backups/backup-runner.js';

/** The backups of a routine with their copies, or those in a storage that no routine has made. */
export interface CheckSubject {
  readonly kind: 'routine' | 'storage';
  /** In the configuration. */
  readonly name: string;
}

export interface CheckSettings {
  /** Absent = nothing is verified by a schedule. */
  verify?: VerifySchedules;
  /** The schedules are kept, and nothing is due. */
  isDisabled: boolean;
  /** Where the backups are, and where it is kept what is known of them. */
  storage: string;
  copies: readonly string[];
  zone?: string;
  /** For the keys of its backups. */
  secretAgent?: string;
}

/** All of the configuration. */
export function listSubjects({ storage = {}, 'backup-routines': routines = {} }: ServiceDocument): CheckSubject[] {
  return [
    ...Object.keys(routines).map((name) => ({ kind: 'routine', name }) as const),
    ...Object.keys(storage).map((name) => ({ kind: 'storage', name }) as const),
  ];
}

/** Undefined = it is not configured any more. */
export function findSettings(document: ServiceDocument, { kind, name }: CheckSubject): CheckSettings | undefined {
  const common = document.service?.backup?.['schedule-timezone'];
  if (kind === 'storage') {
    const storage = findEntity(document.storage, name);
    if (storage === undefined) return undefined;
    const verify = findStorageBlock(storage)?.verify;
    return {
      ...(verify === undefined ? {} : { verify }),
      isDisabled: false,
      storage: name,
      copies: [],
      ...(common === undefined ? {} : { zone: common }),
    };
  }
  const routine = findEntity(document['backup-routines'], name);
  if (routine === undefined) return undefined;
  const { verify, storage, disabled, 'copy-to': copies = [], 'secret-agent': secretAgent } = routine;
  const zone = routine['schedule-timezone'] ?? common;
  return {
    ...(verify === undefined ? {} : { verify }),
    isDisabled: disabled === true,
    storage,
    copies,
    ...(zone === undefined ? {} : { zone }),
    ...(secretAgent === undefined ? {} : { secretAgent }),
  };
}

/** Undefined = no routine makes the backups. */
export function findRoutineName({ kind, name }: CheckSubject): string | undefined {
  return kind === 'routine' ? name : undefined;
}

export function toLabels({ kind, name }: CheckSubject): CheckLabels {
  return kind === 'routine' ? { routine: name } : { routine: V2_ROUTINE_LABEL, storage: name };
}

/** The same for the same subject. */
export function toKey({ kind, name }: CheckSubject): string {
  return `${kind} ${name}`;
}
