/** What runs of routines are made with. */
import type { backup } from '../../api/backup.js';
import type { ClusterSettings, RoutineSettings } from '../settings/settings.js';
import type { Log } from '../../core/log.js';
import type { OpenedStorage } from '../settings/open-storage.js';
import type { RunMetrics } from '../metrics/metrics.js';
import type { EventSink } from '../events/event-bus.js';
import type { Clock } from '../schedule/clock.js';
import type { ClusterFacts } from './cluster-facts.js';
import type { ScanBudget } from './scan-budget.js';
import type { BackupRoutine } from '../document/schema/backup-routine.js';
import type { ServiceDocument } from '../document/schema/service-document.js';

export interface RunEnvironment {
  clock: Clock;
  log: Log;
  metrics: RunMetrics;
  events: EventSink;
  backup: typeof backup;
  /** How the namespace is read and stored: all but the directory, the bounds in time and the number of scans. */
  toBackupSettings(routine: BackupRoutine, namespace: string, document: ServiceDocument): Promise<RoutineSettings>;
  toClusterSettings(clusterName: string, document: ServiceDocument): Promise<ClusterSettings>;
  openStorage(storageName: string, document: ServiceDocument): Promise<OpenedStorage>;
  readClusterFacts(settings: ClusterSettings, log: Log, signal: AbortSignal): Promise<ClusterFacts>;
  readClusterConfiguration(settings: ClusterSettings, log: Log, signal: AbortSignal): Promise<string[]>;
  /** Scans of the process, and of each cluster by its name. */
  budgets: { process: ScanBudget; ofCluster(name: string): ScanBudget };
}
