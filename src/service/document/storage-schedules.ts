import type { Storage } from './schema/storage.js';
import type { VerifySchedules } from './schema/verify-schedules.js';

/** The block of a storage, whatever kind it is of; undefined = it is of no kind. */
export function findStorageBlock(storage: Storage): (object & { verify?: VerifySchedules }) | undefined {
  return storage['local-storage'] ?? storage['s3-storage'] ?? storage['gcp-storage'] ?? storage['azure-storage'];
}
