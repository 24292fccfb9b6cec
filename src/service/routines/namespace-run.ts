/** The backup of one namespace of a run, with all its attempts. */
import { joinPath } from '../../storage/paths.js';
import { MANIFEST_NAME } from '../../engine/catalog/manifest.js';
import type { LogEntry, ProgressEvent } from '../../api/settings.js';
import { namespacePath } from '../backups/layout.js';
import type { Bounds } from './bounds.js';
import { retryAttempts, type AttemptLimits } from './retry-policy.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';
import { withScans, type ScanBudget } from './scan-budget.js';

/** Workers that one backup of the library can have. */
const MOST_WORKERS = 100;

export interface NamespaceJob {
  namespace: string;
  /** Fixed when the run begins: no attempt moves them. */
  bounds: Bounds;
  /** How many scans it may have. */
  scans: number;
  /** The attempt that was interrupted with the process before; its manifest says how far it is. */
  continued?: { path: string; attempt: number };
}

export interface NamespaceResult {
  namespace: string;
  path: string;
  bounds: Bounds;
  finishedMs: number;
  records: number;
  bytes: number;
  files: number;
  sindexes: number;
  udfs: number;
  compressed: boolean;
  /** Absent = none. */
  encryption?: 'aes128' | 'aes256';
}

export interface NamespaceRunOptions {
  plan: RunPlan;
  environment: RunEnvironment;
  runPath: string;
  /** The number of the first attempt at a namespace that is not continued. */
  firstAttempt: number;
  limits: AttemptLimits;
  /** Each has to grant the scans of an attempt, in this order. */
  budgets: readonly ScanBudget[];
  signal: AbortSignal;
  onProgress: (namespace: string, event: ProgressEvent) => void;
  onRetry: (namespace: string, error: unknown, waitMs: number) => void;
  onLog: (entry: LogEntry) => void;
}

/** Resolves when the data is durable. Rejects with what ended the last attempt, or the reason of the signal. */
export async function runNamespace(job: NamespaceJob, options: NamespaceRunOptions): Promise<NamespaceResult> {
  const { environment, runPath, firstAttempt, limits, budgets, signal, onRetry } = options;
  const { namespace, scans, continued } = job;
  const retry = {
    clock: environment.clock,
    limits,
    signal,
    onRetry: (error: unknown, waitMs: number): void => onRetry(namespace, error, waitMs),
  };
  return retryAttempts(retry, (count) => {
    const isContinued = count === 1 && continued !== undefined;
    const number = (continued?.attempt ?? firstAttempt) + count - 1;
    const path = isContinued ? continued.path : namespacePath(runPath, namespace, number);
    return withScans(budgets, scans, signal, (granted) => attempt(job, { path, isContinued }, granted, options));
  });
}

async function attempt(
  { namespace, bounds }: NamespaceJob,
  { path, isContinued }: { path: string; isContinued: boolean },
  scans: number,
  { plan, environment, signal, onProgress, onLog }: NamespaceRunOptions,
): Promise<NamespaceResult> {
  const settings = await environment.toBackupSettings(plan.routine, namespace, plan.document);
  const { modifiedAfterMs, modifiedBeforeMs } = bounds;
  const result = await environment.backup({
    ...settings,
    namespace,
    directory: path,
    prefix: namespace,
    manifest: true,
    parallel: Math.min(MOST_WORKERS, scans),
    ...(isContinued ? { continueFrom: joinPath(path, MANIFEST_NAME) } : {}),
    ...(modifiedAfterMs === undefined ? {} : { modifiedAfter: new Date(modifiedAfterMs) }),
    ...(modifiedBeforeMs === undefined ? {} : { modifiedBefore: new Date(modifiedBeforeMs) }),
    // Increments hold records alone.
    ...(plan.type === 'full' ? {} : { noIndexes: true, noUdfs: true }),
    signal,
    onProgress: (event) => onProgress(namespace, event),
    log: onLog,
  });
  return {
    namespace,
    path,
    bounds,
    finishedMs: environment.clock.nowMs(),
    records: result.records,
    bytes: result.bytes,
    files: result.files.length,
    sindexes: result.sindexes,
    udfs: result.udfs,
    compressed: settings.compress !== undefined,
    ...(settings.encrypt === undefined ? {} : { encryption: settings.encrypt.mode }),
  };
}
