/** What the library tells about a backup of a catalog. */
import type { CatalogEntry, CatalogState, NamespacePart } from '../../engine/catalog/find-backups.js';
import type { BackupType } from '../../engine/catalog/manifest.js';

/** One namespace of a backup. */
export interface CatalogNamespace {
  /** Empty = not known without reading the files. */
  namespace: string;
  /** The directory, or the only file. */
  path: string;
  state: CatalogState;
  /** Why it is not complete. */
  reason?: string;
  started?: Date;
  finished?: Date;
  /** Absent = not known. */
  records?: number;
  /** As they are stored. */
  bytes: number;
  files: number;
}

export interface CatalogBackup {
  /** Without a manifest, the name of the directory or file. */
  id: string;
  path: string;
  /** Of all namespaces together. */
  state: CatalogState;
  /** Why it is not complete. */
  reason?: string;
  /** Absent = there is no manifest, or it cannot be read. */
  type?: BackupType;
  /** Id of the backup whose changes an incremental one holds. */
  parent?: string;
  started?: Date;
  finished?: Date;
  /** Absent = not known of one of the namespaces. */
  records?: number;
  /** As they are stored. */
  bytes: number;
  /** It must not be deleted. */
  held: boolean;
  /** The sets that were chosen, `namespace.set` or `namespace`; absent = all, or not known. */
  include?: readonly string[];
  /** The sets that were left out. */
  exclude?: readonly string[];
  namespaces: CatalogNamespace[];
}

export interface BackupFileDetails {
  /** In the directory of the namespace. */
  name: string;
  bytes: number;
  records: number;
}

/** What only `showBackup` tells of a namespace. Absent = it has no manifest. */
export interface NamespaceDetails extends CatalogNamespace {
  cluster?: { name: string; nodes: readonly string[] };
  /** Lowest version of the nodes. */
  serverVersion?: string;
  /** Of the program that made the backup. */
  toolVersion?: string;
  sindexes?: number;
  udfs?: number;
  /** The options that identify what it holds and how it is stored. */
  selection?: Readonly<Record<string, string | number | boolean>>;
  fileList?: BackupFileDetails[];
}

export interface BackupDetails extends CatalogBackup {
  namespaces: NamespaceDetails[];
}

export function toCatalogBackup(entry: CatalogEntry): CatalogBackup {
  const { id, path, state, reason, type, parent, started, finished, parts, held, document } = entry;
  const { include, exclude } = document?.selection ?? {};
  const records = sumKnown(parts.map((part) => part.records));
  return {
    id,
    path,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(type === undefined ? {} : { type }),
    ...(parent === undefined ? {} : { parent }),
    ...toTimes({ started, finished }),
    ...(records === undefined ? {} : { records }),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    held,
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
    namespaces: parts.map(toNamespace),
  };
}

export function toBackupDetails(entry: CatalogEntry): BackupDetails {
  return { ...toCatalogBackup(entry), namespaces: entry.parts.map(toNamespaceDetails) };
}

function toNamespace(part: NamespacePart): CatalogNamespace {
  const { namespace, path, state, reason, started, finished, records, bytes, files } = part;
  return {
    namespace,
    path,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...toTimes({ started, finished }),
    ...(records === undefined ? {} : { records }),
    bytes,
    files,
  };
}

function toNamespaceDetails(part: NamespacePart): NamespaceDetails {
  const { manifest } = part;
  if (manifest === undefined) return toNamespace(part);
  const { cluster, identity, counters, files, manifest: info } = manifest;
  return {
    ...toNamespace(part),
    cluster,
    ...(info === undefined ? {} : { serverVersion: info.serverVersion, toolVersion: info.version }),
    sindexes: counters.sindexes,
    udfs: counters.udfs,
    selection: identity,
    fileList: files.map(({ name, bytes, records }) => ({ name, bytes, records })),
  };
}

function toTimes({ started, finished }: { started: string | undefined; finished: string | undefined }): {
  started?: Date;
  finished?: Date;
} {
  return {
    ...(started === undefined ? {} : { started: new Date(started) }),
    ...(finished === undefined ? {} : { finished: new Date(finished) }),
  };
}

/** Undefined = one is not known, or there are none. */
function sumKnown(counts: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const count of counts) {
    if (count === undefined) return undefined;
    sum = (sum ?? 0) + count;
  }
  return sum;
}
