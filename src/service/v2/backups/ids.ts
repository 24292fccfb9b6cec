/** Ids of backups: those that callers choose, and those that are generated. */
import { isBackupId } from '../../../engine/catalog/manifest.js';
import { V2Error } from '../errors.js';
import type { BackupItem } from './backup-item.js';

export type IdPolicy = 'any' | 'caller' | 'generated';

const NUMBER = /^\d+$/;

/** Throws V2Error invalid-id. */
export function checkId(id: string): void {
  if (isBackupId(id)) return;
  throw new V2Error('invalid-id', `"${id.slice(0, 100)}" is no id: it takes 1 to 64 of a-z, 0-9, - and _`);
}

/** Throws V2Error id-not-allowed, id-required. */
export function checkIdPolicy(id: string | undefined, policy: IdPolicy, routine: string): void {
  if (id !== undefined && policy === 'generated') {
    throw new V2Error('id-not-allowed', `The ids of routine "${routine}" are generated: leave the id out`);
  }
  if (id === undefined && policy === 'caller') {
    throw new V2Error('id-required', `Routine "${routine}" wants an id with each request`);
  }
}

/**
 * Ids are used once for ever, and numbers only grow, within the runs of a routine or the backups without one. Texts
 * need not. Throws V2Error id-taken, id-not-monotonic.
 */
export function checkNewId(id: string, items: readonly BackupItem[], routine: string | undefined): void {
  if (items.some((item) => item.id === id || (item.run === id && item.routine === routine))) throw idTaken(id);
  if (!NUMBER.test(id)) return;
  const highest = findHighest(items, routine);
  if (highest === undefined || BigInt(id) > highest) return;
  const text = `The id ${id} is not higher than ${highest}, the highest number that was used`;
  throw new V2Error('id-not-monotonic', text, { facts: { id, highest: String(highest) } });
}

export function idTaken(id: string): V2Error {
  return new V2Error('id-taken', `The id "${id}" is or was that of another backup`, { facts: { id } });
}

/** The time in milliseconds since 1970, or the number after the highest one. */
export function generateId(items: readonly BackupItem[], nowMs: number): string {
  const next = (findHighest(items, undefined) ?? -1n) + 1n;
  return String(next > BigInt(nowMs) ? next : nowMs);
}

/** Undefined = there is no number yet. */
function findHighest(items: readonly BackupItem[], routine: string | undefined): bigint | undefined {
  let highest: bigint | undefined;
  for (const item of items) {
    if (item.routine !== routine) continue;
    for (const id of [item.id, item.run]) {
      if (id === undefined || !NUMBER.test(id)) continue;
      const number = BigInt(id);
      if (highest === undefined || number > highest) highest = number;
    }
  }
  return highest;
}
