/**
 * How a backup ended that is not complete, where no manifest says so: it was stopped between two namespaces, or could
 * not begin one. The document is removed when the backup is continued.
 */
import { joinPath } from '../../storage/paths.js';
import type { Storage } from '../../storage/storage.js';
import { checkSeal, sealDocument } from './document-seal.js';

export const BACKUP_OUTCOME_NAME = 'outcome.json';

const FORMAT = 'asb-outcome';
const VERSION = 1;

export interface BackupOutcome {
  state: 'FAILED' | 'CANCELED';
  reason: string;
  /** ISO 8601. */
  ended: string;
}

/** Throws StorageError. */
export async function writeBackupOutcome(path: string, outcome: BackupOutcome, storage: Storage): Promise<void> {
  const text = sealDocument({ format: FORMAT, version: VERSION, ...outcome }, undefined);
  await storage.writeSmall(joinPath(path, BACKUP_OUTCOME_NAME), text, 'the outcome of the backup');
}

/** Undefined = there is none, or it is damaged: it tells nothing that matters. Throws StorageError. */
export async function readBackupOutcome(path: string, storage: Storage): Promise<BackupOutcome | undefined> {
  const found = await storage.readVersion(joinPath(path, BACKUP_OUTCOME_NAME));
  if (found === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(found.text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { state, reason, ended, ...rest } = value as Record<string, unknown>;
  if (rest.format !== FORMAT || checkSeal(value as Record<string, unknown>, undefined) !== undefined) return undefined;
  if ((state !== 'FAILED' && state !== 'CANCELED') || typeof reason !== 'string' || typeof ended !== 'string') {
    return undefined;
  }
  return { state, reason, ended };
}

/** Throws StorageError. */
export async function removeBackupOutcome(path: string, storage: Storage): Promise<void> {
  await storage.deleteFile(joinPath(path, BACKUP_OUTCOME_NAME), 'ignore');
}
