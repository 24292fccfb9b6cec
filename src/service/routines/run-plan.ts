/** What a run does: as the document says when it begins. Later changes of the document are for later runs. */
import { resolvePolicy, type ResolvedPolicy } from '../document/defaults.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { BackupType } from '../metrics/metrics.js';

export interface RunPlan {
  name: string;
  type: BackupType;
  document: ServiceDocument;
  routine: BackupRoutine;
  policy: ResolvedPolicy;
}

/** Undefined = there is no such routine. */
export function planRun(name: string, type: BackupType, document: ServiceDocument): RunPlan | undefined {
  const routine = findOwn(document['backup-routines'], name);
  if (routine === undefined) return undefined;
  const policy = findOwn(document['backup-policies'], routine['backup-policy'] ?? '');
  return { name, type, document, routine, policy: resolvePolicy(policy) };
}

/** Names come from documents: one may be that of a property of every object. */
export function findOwn<T>(entries: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}
