/** The settings of the functions of the catalog. Those of options are in option-settings.ts. */
import type {
  CatalogBackupOptionSettings,
  ClusterDiffOptionSettings,
  ClusterVerifyOptionSettings,
  DiffOptionSettings,
  ExportOptionSettings,
  ListOptionSettings,
  MergeOptionSettings,
  RestoreBackupOptionSettings,
  ServeOptionSettings,
  ShowOptionSettings,
  VerifyOptionSettings,
} from './option-settings.js';
import type { Difference } from '../../engine/catalog/diff.js';
import type { LogEntry, RunSettings } from '../settings.js';

/** Of what takes no long time to be stopped. */
interface ReadingSettings {
  signal?: AbortSignal;
  log?: (entry: LogEntry) => void;
}

/** Either `namespaces` or `allNamespaces`, or `continue` with the `id` of a backup that was begun. */
export interface CreateBackupSettings extends CatalogBackupOptionSettings, RunSettings {
  /** The directory or `s3://BUCKET/PREFIX` that the backup becomes a part of. */
  root: string;
}

export interface RestoreBackupSettings extends RestoreBackupOptionSettings, RunSettings {
  /** The directory of the backup, or its only file; with `at`, the directory or prefix that the backups are below. */
  path: string;
}

export interface ListBackupsSettings extends ListOptionSettings, ReadingSettings {
  root: string;
  /** Ids that begin with one of these; none = all. */
  prefixes?: readonly string[];
}

export interface ShowBackupSettings extends ShowOptionSettings, ReadingSettings {
  /** The directory of the backup, or its only file. */
  path: string;
}

export interface VerifyBackupSettings extends VerifyOptionSettings, ReadingSettings {
  /** The directory of the backup, or its only file. */
  path: string;
}

export interface DiffBackupsSettings extends DiffOptionSettings, ReadingSettings {
  /** Paths of the older and of the newer backup. */
  before: string;
  after: string;
  /** Receives each difference, in the order of a scan. The next one waits for its promise. */
  onDifference?: (difference: Difference) => Promise<void> | undefined;
}

export interface MergeBackupsSettings extends MergeOptionSettings, ReadingSettings {
  /** Paths, from the oldest to the newest; the first one is full. */
  backups: readonly string[];
}

export interface ExportBackupSettings extends ExportOptionSettings, ReadingSettings {
  /** The directory of the backup, or its only file. */
  path: string;
}

export interface DiffClusterSettings extends ClusterDiffOptionSettings, ReadingSettings {
  /** The directory of the backup, or its only file. */
  path: string;
  /** The namespace of the backup that is compared. */
  namespace: string;
  /** How the cluster calls it; default: the same. */
  clusterNamespace?: string;
  /** Receives each difference, in the order of a scan. The next one waits for its promise. */
  onDifference?: (difference: Difference) => Promise<void> | undefined;
}

export interface VerifyClusterSettings extends ClusterVerifyOptionSettings, ReadingSettings {
  /** The directory of the backup, or its only file. */
  path: string;
  /** How the cluster calls namespaces of the backup; default: the same. */
  clusterNamespaces?: Readonly<Record<string, string>>;
}

export interface ServeBackupSettings extends ServeOptionSettings, ReadingSettings {
  /** The directory of the backup, or its only file. */
  path: string;
}
