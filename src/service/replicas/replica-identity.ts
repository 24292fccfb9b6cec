import { hostname } from 'node:os';
import { currentHolder, readLife } from '../../engine/backup/checkpoint/lock.js';
import { createRunId } from '../../core/run.js';
import type { Holder } from './ledger-state.js';

/** This process. `id`: the name of the replica; absent = that of the machine. */
export function createHolder(id: string | undefined): Holder {
  return { ...currentHolder(createRunId()), replica: id ?? hostname() };
}

/**
 * Whether nothing is written by the process any more: it has ended, which only the same machine can tell, or it was an
 * earlier process of the same replica, of which only one runs at a time.
 */
export function isKnownDead(holder: Holder, self: Holder): boolean {
  if (holder.runId === self.runId) return false;
  const life = readLife(holder, self);
  return life === 'ended' || (life === 'unknown' && holder.replica === self.replica);
}

/** Whether the process is known to have ended, so that nobody has to wait for its lease. */
export function hasEnded(holder: Holder, self: Holder): boolean {
  return holder.runId !== self.runId && readLife(holder, self) === 'ended';
}
