import type { Log } from '../../core/log.js';
import type { EntityKind } from '../config-source/entity-kind.js';
import type { ServiceDocument } from '../document/schema/service-document.js';
import type { VersionInfo } from '../document/schema/version-info.js';
import type { AccessControl } from '../access/access-control.js';
import type { BackupType } from '../metrics/metrics.js';
import type { V2Services } from '../v2/http/dependencies.js';

/** `ConfigStore` */
export interface ConfigAccess {
  readonly document: ServiceDocument;
  /** The document with `[secret]` in place of each literal secret. */
  redacted(): ServiceDocument;
  replace(value: unknown): Promise<void>;
  reload(): Promise<void>;
  add(kind: EntityKind, name: string, value: unknown): Promise<void>;
  update(kind: EntityKind, name: string, value: unknown): Promise<void>;
  remove(kind: EntityKind, name: string): Promise<void>;
  setDisabled(routine: string, disabled: boolean): Promise<void>;
}

/** `RoutineRunner` */
export interface RunnerAccess {
  trigger(routine: string, type: BackupType, delayMs: number): void;
  cancel(routine: string): void;
  state(routine: string): Promise<unknown>;
}

/** Both ends belong to the interval. */
export interface TimeBounds {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** `BackupListing` */
export interface ListingAccess {
  list(routine: string, type: BackupType, bounds: TimeBounds): Promise<unknown>;
  listAll(type: BackupType, bounds: TimeBounds): Promise<unknown>;
  /** A zip archive. */
  readConfiguration(routine: string, timestampMs: number): Promise<Uint8Array>;
}

export type JobStatus = 'running' | 'success' | 'failure' | 'canceled';

/** Jobs that started within the bounds and have one of the statuses; absent = any. */
export interface JobFilter extends TimeBounds {
  readonly statuses?: ReadonlySet<JobStatus>;
}

/** `RestoreJobs`. Ids of jobs are decimal texts here. */
export interface JobsAccess {
  startByPath(value: unknown): number | Promise<number>;
  startByTime(value: unknown): number | Promise<number>;
  status(id: string): unknown;
  list(filter: JobFilter): unknown;
  cancel(id: string): unknown;
}

/** `ServiceMetrics` */
export interface MetricsAccess {
  readonly contentType: string;
  text(): Promise<string>;
  prune(isConfigured: (routine: string) => boolean): void;
}

/** Asks what the service depends on. The promise rejects with the reason if it does not answer as it should. */
export interface DependencyProbes {
  cluster: (name: string) => Promise<void>;
  storage: (name: string) => Promise<void>;
}

export interface HttpDependencies {
  readonly config: ConfigAccess;
  readonly runner: RunnerAccess;
  readonly listing: ListingAccess;
  readonly jobs: JobsAccess;
  readonly metrics: MetricsAccess;
  readonly log: Log;
  readonly version: VersionInfo;
  readonly probes: DependencyProbes;
  /** Absent = as the configuration says, for this listener alone. */
  readonly access?: AccessControl;
  /** Absent = there is no /v2. */
  readonly v2?: V2Services;
}
