import type { Log } from '../../core/log.js';

/** Kinds of entities of the configuration: keys of the document. */
export type EntityKind = 'aerospike-clusters' | 'storage' | 'backup-policies' | 'backup-routines';

/** The parts of the document that the HTTP server looks at. */
export type DocumentView = {
  readonly [Kind in EntityKind]?: Readonly<Record<string, unknown>>;
};

/** `ConfigStore` */
export interface ConfigAccess {
  readonly document: DocumentView & { readonly service?: ServiceSection };
  /** The document with `[secret]` in place of each literal secret. */
  redacted(): DocumentView;
  replace(value: unknown): Promise<void>;
  reload(): Promise<void>;
  add(kind: EntityKind, name: string, value: unknown): Promise<void>;
  update(kind: EntityKind, name: string, value: unknown): Promise<void>;
  remove(kind: EntityKind, name: string): Promise<void>;
  setDisabled(routine: string, disabled: boolean): Promise<void>;
}

export interface ServiceSection {
  readonly http?: ListenerSettings;
  readonly https?: TlsListenerSettings;
}

/** `service.http` as the user wrote it. Times are milliseconds. */
export interface ListenerSettings {
  readonly disabled?: boolean;
  readonly address?: string;
  readonly port?: number;
  readonly 'context-path'?: string;
  readonly timeout?: number;
  readonly 'read-timeout'?: number;
  readonly 'write-timeout'?: number;
  readonly 'idle-timeout'?: number;
  readonly rate?: RateSettings;
}

export interface RateSettings {
  readonly tps?: number;
  readonly size?: number;
  readonly 'white-list'?: readonly string[];
}

/** `service.https` as the user wrote it. */
export interface TlsListenerSettings extends ListenerSettings {
  readonly 'cert-file'?: string;
  readonly 'key-file'?: string;
  readonly 'key-file-password'?: string;
  readonly 'min-version'?: string;
  readonly 'cipher-suites'?: readonly string[];
  readonly 'client-auth'?: string;
  readonly 'client-ca-file'?: string;
}

export type BackupType = 'full' | 'incremental';

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

/** What `/version` says. */
export interface VersionText {
  readonly version: string;
  readonly commit: string;
  readonly 'build-time': string;
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
  readonly version: VersionText;
  readonly probes: DependencyProbes;
}
