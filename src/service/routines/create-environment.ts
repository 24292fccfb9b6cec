import { availableParallelism } from 'node:os';
import { backup } from '../../api/backup.js';
import type { Log } from '../../core/log.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import { NO_EVENTS, type EventSink } from '../events/event-bus.js';
import type { RunMetrics } from '../metrics/metrics.js';
import { SYSTEM_CLOCK } from '../schedule/clock.js';
import { openStorage } from '../settings/open-storage.js';
import { toBackupSettings, toClusterSettings } from '../settings/settings.js';
import { readClusterConfiguration, readClusterFacts } from './cluster-facts.js';
import type { RunEnvironment } from './run-environment.js';
import { findOwn } from './run-plan.js';
import { ScanBudget } from './scan-budget.js';

/** Each scan has a thread with buffers of its own: more of them than that would take memory and no time off. */
const SCANS_PER_CORE = 4;
const LEAST_SCANS = 32;

export interface EnvironmentSource {
  log: Log;
  metrics: RunMetrics;
  /** Absent = nobody listens. */
  events?: EventSink | undefined;
  /** The document as it is at the moment: for limits that hold over all runs. */
  readDocument: () => ServiceDocument;
}

/** That of the service, with `replaced` in place of its own parts. */
export function createEnvironment(
  { log, metrics, events = NO_EVENTS, readDocument }: EnvironmentSource,
  replaced: Partial<RunEnvironment>,
): RunEnvironment {
  const mostScans = Math.max(LEAST_SCANS, SCANS_PER_CORE * availableParallelism());
  const ofClusters = new Map<string, ScanBudget>();
  const ofCluster = (name: string): ScanBudget => {
    const known = ofClusters.get(name);
    if (known !== undefined) return known;
    const budget = new ScanBudget(
      () => findOwn(readDocument()['aerospike-clusters'], name)?.['max-parallel-scans'] ?? Infinity,
    );
    ofClusters.set(name, budget);
    return budget;
  };
  return {
    clock: SYSTEM_CLOCK,
    log,
    metrics,
    events,
    backup,
    toBackupSettings,
    toClusterSettings: (name, document) => toClusterSettings(findOwn(document['aerospike-clusters'], name)!, document),
    openStorage: (name, document) => openStorage(findOwn(document.storage, name)!, document, log),
    readClusterFacts,
    readClusterConfiguration,
    budgets: { process: new ScanBudget(() => mostScans), ofCluster },
    ...replaced,
  };
}
