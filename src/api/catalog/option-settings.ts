/** Made of the option tables (src/config/schema) by "npm run docs": do not edit. */
import type {
  AzureSettings,
  Credentials,
  EncryptSettings,
  GcsSettings,
  HostAddress,
  S3Settings,
  TlsSettings,
} from '../option-settings.js';

/** The options of asb backup. */
export interface CatalogBackupOptionSettings {
  /**
   * Id of the backup, and name of its directory: lower-case letters, digits, - and _; by default one that sorts by
   * time. It is refused if it is or was used.
   */
  id?: string;
  /** The namespaces to back up, one after the other. */
  namespaces?: readonly string[];
  /** Back up all namespaces that the cluster has. */
  allNamespaces?: boolean;
  /** Only these sets, ns. being the records without a set, and ns all sets of a namespace. */
  include?: readonly string[];
  /** Not these sets; with allNamespaces also whole namespaces. */
  exclude?: readonly string[];
  /**
   * Only records that were changed since the backup with this id was begun; that has to be complete and to hold the
   * same sets.
   */
  incrementalFrom?: string;
  /**
   * Finish the backup of id, which was interrupted: what is complete is left alone. Namespaces and sets are those that
   * it was begun with; everything else has to be given again.
   */
  continue?: boolean;
  /** Permissions of the files of the backup, as for chmod. Its documents are always 0600. Default: 0600. */
  fileMode?: number;
  /** Permissions of directories that are created, as for chmod. Default: 0700. */
  dirMode?: number;
  /** Seed nodes: a text as on the command line, or a list. Default: 127.0.0.1. */
  hosts?: string | readonly (string | HostAddress)[];
  /** Default port for hosts without one. Default: 3000. */
  port?: number;
  /** Use the nodes' alternate (external) addresses. */
  servicesAlternate?: boolean;
  /** Who logs in. PKI logs in with the client certificate and needs no user. */
  auth?: Credentials;
  /** How to speak TLS. At least one of `ca`, `caFile` and `caPath`. */
  tls?: TlsSettings;
  /** No secondary indexes. */
  noIndexes?: boolean;
  /** No UDF modules. */
  noUdfs?: boolean;
  /**
   * Only one of several equal parts of what is selected: I/N, I from 0, or auto to take both from Kubernetes, Slurm or
   * Nomad. The files of all shards go into one directory and are one backup. A shard that is run again continues, and
   * one that is complete stays as it is.
   */
  shard?: string | { index: number; count: number };
  /** Read from nodes of these racks where possible. */
  preferRacks?: readonly number[];
  /** Maximum file size before rotating to a new file. Default: 250. */
  fileLimitMiB?: number;
  /** Write blobs as they are, not in base64: smaller files. */
  compact?: boolean;
  /** Interval between state-file updates; 0 writes it only on stop. Default: 10. */
  checkpointIntervalS?: number;
  /** Scan with this many workers, 1 to 100. Default: 1. */
  parallel?: number;
  /** Maximum output bandwidth. */
  bandwidthMiB?: number;
  /** Maximum number of records read per second; 0 for no limit. */
  recordsPerSecond?: number;
  /** Socket idle timeout after which a scan is retried. Default: 10000. */
  socketTimeoutMs?: number;
  /** Total timeout of a scan including retries; 0 disables it. */
  totalTimeoutMs?: number;
  /** Maximum number of scan retries. Default: 5. */
  maxRetries?: number;
  /**
   * How long scans that fail for a reason that passes are retried while no record arrives, beyond the retries; 0
   * leaves only these. Default: 60.
   */
  stallTimeoutS?: number;
  /** Pause before each retry. */
  sleepBetweenRetriesMs?: number;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** Level of zstd; 0 for its default, 3. */
  compressionLevel?: number;
  /** How S3 is reached. */
  s3?: S3Settings & {
    /** Size of uploaded parts, 5 to 5120. */
    minPartSizeMiB?: number;
    /** Maximum concurrent part uploads (whole process). Default: 16. */
    maxUploads?: number;
    /** Storage class of new objects. */
    storageClass?:
      | 'STANDARD'
      | 'REDUCED_REDUNDANCY'
      | 'STANDARD_IA'
      | 'ONEZONE_IA'
      | 'INTELLIGENT_TIERING'
      | 'GLACIER'
      | 'DEEP_ARCHIVE'
      | 'OUTPOSTS'
      | 'GLACIER_IR'
      | 'SNOW'
      | 'EXPRESS_ONEZONE';
    /** How the service encrypts new objects. */
    serverSideEncryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
    /** KMS key that encrypts new objects. */
    kmsKeyId?: string;
    /** Lock new objects: needs `objectLockDays`. */
    objectLockMode?: 'GOVERNANCE' | 'COMPLIANCE';
    /** How long new objects are locked. */
    objectLockDays?: number;
    /** Tags of new objects: KEY=VALUE, joined by &. */
    tags?: string;
    /** Send and store a CRC32C of every part. */
    calculateChecksum?: boolean;
  };
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings & {
    /** Storage class of new objects; else that of the bucket. */
    storageClass?: 'STANDARD' | 'NEARLINE' | 'COLDLINE' | 'ARCHIVE';
    /** Cloud KMS key that encrypts new objects. */
    kmsKey?: string;
    /** Size of uploaded parts. */
    chunkSizeMiB?: number;
    /** Maximum concurrent part uploads (whole process). Default: 16. */
    maxUploads?: number;
  };
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings & {
    /** Size of uploaded blocks. */
    blockSizeMiB?: number;
    /** Maximum concurrent block uploads (whole process). Default: 16. */
    maxUploads?: number;
  };
}

/** The options of asb restore. */
export interface RestoreBackupOptionSettings {
  /** Restore the state at this time from the backups below the path. */
  at?: Date | string;
  /** Only these namespaces of the backup. */
  namespaces?: readonly string[];
  /** Only these namespaces and sets of the backup; ns. is records without a set. */
  include?: readonly string[];
  /** Not these namespaces and sets of the backup. */
  exclude?: readonly string[];
  /** Restore namespace old of the backup into namespace new of the cluster. */
  renamedNamespaces?: Readonly<Record<string, string>>;
  /** Restore records of set old into set new. Only those whose keys are stored can be moved; others are an error. */
  renamedSets?: Readonly<Record<string, string>>;
  /**
   * Records that exist: refuse to begin if there are any; merge bins, or replace records, of a lower generation;
   * create-only leaves them alone; overwrite replaces all. Default: refuse.
   */
  onExisting?: 'refuse' | 'merge' | 'replace' | 'create-only' | 'overwrite';
  /** Seed nodes: a text as on the command line, or a list. Default: 127.0.0.1. */
  hosts?: string | readonly (string | HostAddress)[];
  /** Default port for hosts without one. Default: 3000. */
  port?: number;
  /** Use the nodes' alternate (external) addresses. */
  servicesAlternate?: boolean;
  /** Who logs in. PKI logs in with the client certificate and needs no user. */
  auth?: Credentials;
  /** How to speak TLS. At least one of `ca`, `caFile` and `caPath`. */
  tls?: TlsSettings;
  /** Only these bins. */
  bins?: readonly string[];
  /** No records. */
  noRecords?: boolean;
  /** No secondary indexes. */
  noIndexes?: boolean;
  /** No UDF modules. */
  noUdfs?: boolean;
  /** Seconds added to the TTL of expiring records. */
  extraTtlS?: number;
  /** Continue on permanent record errors (e.g. record too big). */
  ignoreRecordError?: boolean;
  /** No error although parts of the backup are known to be missing; what is there is restored either way. */
  allowIncomplete?: boolean;
  /** Create secondary indexes after all records. */
  indexesLast?: boolean;
  /** Wait until indexes are built and UDF modules are on every node. */
  wait?: boolean;
  /** Restore with this many workers, 1 to 4096. Default: 20. */
  parallel?: number;
  /** Maximum MiB read per second, and maximum records written per second. */
  bandwidthMiB?: number;
  /** Maximum MiB read per second, and maximum records written per second. */
  recordsPerSecond?: number;
  /** Write each record with a command of its own. */
  disableBatchWrites?: boolean;
  /**
   * Records per batch; by default 128 to 2048, as small and as quickly written as they are, or 16 without batch
   * writes.
   */
  batchSize?: number;
  /** Maximum number of batches in flight. Default: 32. */
  maxAsyncBatches?: number;
  /** Limit for connecting, for info commands and, without totalTimeout, for a write. Default: 10000. */
  timeoutMs?: number;
  /** Socket idle timeout after which a write is retried. Default: 10000. */
  socketTimeoutMs?: number;
  /** Limit for one write; 0 for the value of timeout. */
  totalTimeoutMs?: number;
  /** Maximum number of write retries. Default: 5. */
  maxRetries?: number;
  /** Pause before the second retry; doubled before each further one. Default: 150000. */
  retryScaleFactorUs?: number;
  /** How long writes that fail for a reason that passes are retried while no record gets through. Default: 60. */
  stallTimeoutS?: number;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings & {
    /** Restore archived objects for a day, and wait for it. */
    tier?: 'Standard' | 'Bulk' | 'Expedited';
    /** How often an archived object is looked at. Default: 60000. */
    restorePollMs?: number;
  };
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings & {
    /** How often an archived blob is looked at. Default: 60000. */
    rehydratePollMs?: number;
  };
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
}

/** The options of asb list. */
export interface ListOptionSettings {
  /**
   * Only backups in this state: IN_PROGRESS, COMPLETED, FAILED, CANCELED, INCOMPLETE (was interrupted), UNKNOWN (files
   * without a manifest), DAMAGED or DELETED. Without this option, deleted ones are left out.
   */
  state?: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'INCOMPLETE' | 'UNKNOWN' | 'DAMAGED' | 'DELETED';
  /** Only backups begun at or after this time. */
  from?: Date | string;
  /** Only backups begun before this time. */
  to?: Date | string;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb show. */
export interface ShowOptionSettings {
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb diff, for two backups. */
export interface DiffOptionSettings {
  /** Directory for data that do not fit into memory, which are encrypted there; by default that of the system. */
  temporaryDirectory?: string;
  /** Read a backup that did not come to its end, too. */
  allowIncomplete?: boolean;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb diff, for a backup and a cluster. */
export interface ClusterDiffOptionSettings {
  /** Seed nodes: a text as on the command line, or a list. Default: 127.0.0.1. */
  hosts?: string | readonly (string | HostAddress)[];
  /** Default port for hosts without one. Default: 3000. */
  port?: number;
  /** Use the nodes' alternate (external) addresses. */
  servicesAlternate?: boolean;
  /** Who logs in. PKI logs in with the client certificate and needs no user. */
  auth?: Credentials;
  /** How to speak TLS. At least one of `ca`, `caFile` and `caPath`. */
  tls?: TlsSettings;
  /** Directory for data that do not fit into memory, which are encrypted there; by default that of the system. */
  temporaryDirectory?: string;
  /** Read a backup that did not come to its end, too. */
  allowIncomplete?: boolean;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb serve. */
export interface ServeOptionSettings {
  /** Only records of these sets; an empty name is that of records without a set. */
  sets?: readonly string[];
  /**
   * Listen on this address. Whoever reaches it can read the backup: there is neither login nor TLS. Default:
   * 127.0.0.1.
   */
  address?: string;
  /** Listen on this port; 0 for any free one. Default: 3000. */
  port?: number;
  /** Directory for data that do not fit into memory, which are encrypted there; by default that of the system. */
  temporaryDirectory?: string;
  /** Read a backup that did not come to its end, too. */
  allowIncomplete?: boolean;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb verify, for the comparison with a cluster. */
export interface ClusterVerifyOptionSettings {
  /** Seed nodes: a text as on the command line, or a list. Default: 127.0.0.1. */
  hosts?: string | readonly (string | HostAddress)[];
  /** Default port for hosts without one. Default: 3000. */
  port?: number;
  /** Use the nodes' alternate (external) addresses. */
  servicesAlternate?: boolean;
  /** Who logs in. PKI logs in with the client certificate and needs no user. */
  auth?: Credentials;
  /** How to speak TLS. At least one of `ca`, `caFile` and `caPath`. */
  tls?: TlsSettings;
  /** Directory for data that do not fit into memory, which are encrypted there; by default that of the system. */
  temporaryDirectory?: string;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb merge. */
export interface MergeOptionSettings {
  /** Write the merged backup to this new directory or s3://BUCKET/PREFIX. */
  directory: string;
  /** Begin another file after this many MiB of text. Default: 250. */
  fileLimitMiB?: number;
  /** Directory for data that do not fit into memory, which are encrypted there; by default that of the system. */
  temporaryDirectory?: string;
  /** Read a backup that did not come to its end, too. */
  allowIncomplete?: boolean;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb export. */
export interface ExportOptionSettings {
  /** Only records of these sets; an empty name is that of records without a set. */
  sets?: readonly string[];
  /** Only these bins. The columns of CSV in this order; without it, the files are read twice. */
  bins?: readonly string[];
  /** jsonl (one JSON object a line) or csv. Default: jsonl. */
  format?: 'jsonl' | 'csv';
  /** Write to this new file or object. */
  file: string;
  /** Mark blobs, GeoJSON values and ordered collections, so that nothing is lost that JSON has no type for. */
  typed?: boolean;
  /** Write integers beyond 2^53 as strings, for programs that would round them. */
  largeIntegersAsStrings?: boolean;
  /** Read a backup that did not come to its end, too. */
  allowIncomplete?: boolean;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}

/** The options of asb verify, but for the comparison with a cluster. */
export interface VerifyOptionSettings {
  /** Compare the checksums of all bytes, and read no record. */
  checksumsOnly?: boolean;
  /** Read the records of so many files at the same time. Default: 4. */
  parallel?: number;
  /** How the files are compressed. */
  compress?: 'zstd';
  /** The encryption of the files, with one source of the key. */
  encrypt?: EncryptSettings;
  /** How S3 is reached. */
  s3?: S3Settings;
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings;
}
