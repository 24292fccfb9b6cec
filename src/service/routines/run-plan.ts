/** What a run does: as the document says when it begins. Later changes of the document are for later runs. */
import type { BackupPolicy } from '../document/schema/backup-policy.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { BackupType } from '../metrics/metrics.js';

/** As in the schema of a policy. */
const DEFAULT_PARALLEL = 8;
const DEFAULT_RETRY = { 'base-timeout': 60_000, multiplier: 1.5, 'max-retries': 5 };

/** A policy in whose place of absent fields their defaults are. */
export interface RunPolicy extends BackupPolicy {
  parallel: number;
  'retry-policy': { 'base-timeout': number; multiplier: number; 'max-retries': number };
}

export interface RunPlan {
  name: string;
  type: BackupType;
  document: ServiceDocument;
  routine: BackupRoutine;
  policy: RunPolicy;
}

/** Undefined = there is no such routine. */
export function planRun(name: string, type: BackupType, document: ServiceDocument): RunPlan | undefined {
  const routine = findOwn(document['backup-routines'], name);
  if (routine === undefined) return undefined;
  const policyName = routine['backup-policy'];
  const policy = policyName === undefined ? undefined : findOwn(document['backup-policies'], policyName);
  return { name, type, document, routine, policy: resolvePolicy(policy ?? {}) };
}

function resolvePolicy(policy: BackupPolicy): RunPolicy {
  const retry = policy['retry-policy'] ?? {};
  return {
    ...policy,
    parallel: policy.parallel ?? DEFAULT_PARALLEL,
    'retry-policy': {
      'base-timeout': retry['base-timeout'] ?? DEFAULT_RETRY['base-timeout'],
      multiplier: retry.multiplier ?? DEFAULT_RETRY.multiplier,
      'max-retries': retry['max-retries'] ?? DEFAULT_RETRY['max-retries'],
    },
  };
}

/** Names come from documents: one may be that of a property of every object. */
export function findOwn<T>(entries: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}
