import { checkCron } from '../../schedule/cron.js';
import { checkTimeZone } from '../../schedule/time-zone.js';
import { findEntity } from '../find-entity.js';
import { joinPath } from '../json-schema.js';
import type { BackupRoutine } from '../schema/backup-routine.js';
import type { ServiceDocument } from '../schema/service-document.js';
import type { Storage } from '../schema/storage.js';
import type { VerifySchedules } from '../schema/verify-schedules.js';
import { checkEntityName } from './common-rules.js';
import { findRoot } from '../../settings/storage-settings.js';

const SCHEDULES = ['checksums', 'deep', 'trial'] as const;

/** How the backups of a routine are verified and copied: what the schema cannot say. */
export function checkUpkeep(routine: BackupRoutine, document: ServiceDocument, where: string): string[] {
  const zone = routine['schedule-timezone'] ?? document.service?.backup?.['schedule-timezone'];
  return [...checkVerify(routine.verify, zone, joinPath(where, 'verify')), ...checkCopies(routine, document, where)];
}

/** `zone`: absent = that of the machine. */
export function checkVerify(verify: VerifySchedules | undefined, zone: string | undefined, where: string): string[] {
  if (verify === undefined) return [];
  // A wrong zone is reported where it stands.
  const usable = zone === undefined || checkTimeZone(zone) !== undefined ? undefined : zone;
  if (SCHEDULES.every((key) => verify[key] === undefined)) {
    return [`${where}: expected at least one schedule of ${SCHEDULES.join(', ')}`];
  }
  return SCHEDULES.flatMap((key) => {
    const problem = verify[key] === undefined ? undefined : checkCron(verify[key], usable);
    return problem === undefined ? [] : [`${joinPath(where, key)}: ${problem}`];
  });
}

function checkCopies(routine: BackupRoutine, document: ServiceDocument, where: string): string[] {
  const own = findEntity(document.storage, routine.storage);
  return (routine['copy-to'] ?? []).flatMap((name, i) => {
    const place = `${joinPath(where, 'copy-to')}[${i}]`;
    const target = findEntity(document.storage, name);
    if (target === undefined) return checkEntityName(name, 'storage', document, place);
    const isSame = own !== undefined && isWhole(own) && isWhole(target) && describePlace(own) === describePlace(target);
    if (name !== routine.storage && !isSame) return [];
    return [`${place}: expected another storage than that of the routine, got ${JSON.stringify(name)}`];
  });
}

/** One that is of no kind is reported where it stands. */
function isWhole(storage: Storage): boolean {
  return Object.keys(storage).length > 0;
}

/** The same name of a bucket is another one at another endpoint. */
function describePlace(storage: Storage): string {
  const endpoint = storage['s3-storage']?.['s3-endpoint-override'] ?? storage['azure-storage']?.endpoint ?? '';
  return `${endpoint} ${findRoot(storage)}`;
}
