/** Deletes objects one by one, several at a time, and names those that are still there. */
import { StorageError } from '../errors.js';

const CONCURRENCY = 16;

/** How many of the objects that could not be deleted are named. */
const MAX_NAMES_SHOWN = 3;

export interface DeletionFailure {
  key: string;
  reason: string;
}

/**
 * Throws StorageError `code` with every failure in its details. A failure that may pass is thrown itself, so that the
 * call is made again; also the first one if none succeeds: it says more.
 */
export async function deleteEach(
  where: { code: string; place: string },
  keys: readonly string[],
  deleteOne: (key: string) => Promise<void>,
  { readName, isTransient }: { readName: (error: unknown) => string; isTransient: (error: unknown) => boolean },
): Promise<void> {
  const failures: (DeletionFailure & { error: unknown })[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys.length) {
      const key = keys[next++]!;
      await deleteOne(key).catch((error: unknown) => failures.push({ key, reason: readName(error), error }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, keys.length) }, worker));
  if (failures.length === 0) return;
  // A repetition may delete those, too: what is missing counts as deleted.
  const passing = failures.find(({ error }) => isTransient(error));
  if (passing !== undefined) throw passing.error;
  if (failures.length === keys.length) throw failures[0]!.error;
  throw deletionError(where, failures);
}

export function deletionError(
  { code, place }: { code: string; place: string },
  failures: readonly DeletionFailure[],
): StorageError {
  const shown = failures.slice(0, MAX_NAMES_SHOWN).map(({ key, reason }) => `${key} (${reason})`);
  const more = failures.length > MAX_NAMES_SHOWN ? `, and ${failures.length - MAX_NAMES_SHOWN} more` : '';
  const text = `Cannot delete ${shown.join(', ')}${more} from ${place}; they are still there`;
  return new StorageError(code, text, {
    details: { failures: failures.map(({ key, reason }) => `${key}: ${reason}`) },
  });
}
