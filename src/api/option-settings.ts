/** Made of the option tables (src/config/schema) by "npm run docs": do not edit. */

/** A seed node. */
export interface HostAddress {
  host: string;
  /** Default: `port` of the settings. */
  port?: number;
  /** The name in the certificate of the node, if that is not its host. */
  tlsName?: string;
}

/** Who logs in. PKI logs in with the client certificate and needs no user. */
export interface Credentials {
  /** Log in as this user. */
  user?: string;
  /** The password itself. */
  password?: string;
  /** How to log in: INTERNAL, EXTERNAL, EXTERNAL_INSECURE or PKI. Default: INTERNAL. */
  mode?: 'INTERNAL' | 'EXTERNAL' | 'EXTERNAL_INSECURE' | 'PKI';
}

/** How to speak TLS. At least one of `ca`, `caFile` and `caPath`. */
export interface TlsSettings {
  /** Default TLS name for hosts without one. */
  name?: string;
  /** Certificates to trust. The path of a file. */
  caFile?: string;
  /** Certificates to trust. PEM text. */
  ca?: string;
  /** Trust the certificates in this directory. */
  caPath?: string;
  /** Allowed TLS versions, for example "-all +TLSv1.2". */
  protocols?: string;
  /** Allowed ciphers as an OpenSSL list. */
  ciphers?: string;
  /** Refuse revoked certificates: that of the server, or all of its chain. */
  crlCheck?: 'leaf' | 'all';
  /** Refuse the certificates listed here (deprecated). */
  certBlacklist?: string;
  /** Log what each TLS connection has agreed on. */
  logSessionInfo?: boolean;
  /** Private key of the client certificate. The path of a file. */
  keyFile?: string;
  /** Private key of the client certificate. PEM text. */
  key?: string;
  /** The password of the key itself. */
  keyPassword?: string;
  /** Client certificate with its chain. The path of a file. */
  certFile?: string;
  /** Client certificate with its chain. PEM text. */
  cert?: string;
}

/** The encryption of the files, with one source of the key. */
export interface EncryptSettings {
  /** How the files are encrypted. */
  mode: 'aes128' | 'aes256';
  /** Derive the key from a PEM private key. The path of a file. */
  keyFile?: string;
  /** Derive the key from a PEM private key. PEM text. */
  keyPem?: string;
  /** Derive the key from the base64 text in this environment variable. */
  keyEnv?: string;
}

/** How S3 is reached. */
export interface S3Settings {
  /** Region of the bucket; else from environment or profile. */
  region?: string;
  /** Profile for credentials and region. */
  profile?: string;
  /** URL of an S3 service other than AWS. */
  endpoint?: string;
  /** Maximum concurrent part downloads (whole process). Default: 32. */
  maxDownloads?: number;
  /** Timeout for connecting to S3. Default: 1000. */
  connectTimeoutMs?: number;
  /** Log level of the S3 client: Off, Fatal, Error, Warn, Info, Debug or Trace. Default: Fatal. */
  logLevel?: 'Off' | 'Fatal' | 'Error' | 'Warn' | 'Info' | 'Debug' | 'Trace';
  /** Use the proxy that the environment variables name. */
  useSystemProxy?: boolean;
  /** Access key; else the sources of the AWS SDK. */
  accessKeyId?: string;
  /** Secret key that belongs to the access key. */
  secretAccessKey?: string;
  /** ambient-first: keys only if the SDK has no identity. Default: static-first. */
  credentialOrder?: 'static-first' | 'ambient-first';
  /** Failures in a row after which a request is given up; without it, those of a minute. */
  retryMaxAttempts?: number;
  /** Longest wait before a request is repeated. */
  retryMaxBackoffMs?: number;
  /** Breaks of one download without a byte between them after which it is given up. */
  readRetryMaxAttempts?: number;
  /** First wait before a broken download goes on. */
  readRetryBackoffMs?: number;
  /** What that wait is multiplied by after each failure. */
  readRetryMultiplier?: number;
  /** Maximum requests at a time; 0 for no limit of their sum. */
  maxConnections?: number;
  /** Time for one attempt of a request; 0 for as long as bytes flow. */
  requestTimeoutMs?: number;
  /** Certificates (PEM) of the authorities that the service is trusted by. */
  caFile?: string;
  /** Key of 32 bytes (base64) with which the service encrypts objects and that it does not store. */
  customerKey?: string;
  /** Name the bucket in the host name, not in the path. */
  virtualHost?: boolean;
}

/** How Google Cloud Storage is reached. */
export interface GcsSettings {
  /** Key (JSON) of a service account; else Application Default Credentials. The path of a file. */
  keyFile?: string;
  /** Key (JSON) of a service account; else Application Default Credentials. PEM text. */
  keyJson?: string;
  /** ambient-first: key only without default credentials. Default: static-first. */
  credentialOrder?: 'static-first' | 'ambient-first';
  /** URL of an emulator; nothing is authenticated. */
  endpoint?: string;
  /** Maximum concurrent range downloads (whole process). Default: 32. */
  maxDownloads?: number;
  /** Failures in a row after which a request is given up; without it, those of a minute. */
  retryMaxAttempts?: number;
  /** First wait before a request is repeated. */
  retryBackoffMs?: number;
  /** Longest wait before a request is repeated. */
  retryMaxBackoffMs?: number;
  /** What the wait is multiplied by after each failure. */
  retryMultiplier?: number;
  /** Breaks of one download without a byte between them after which it is given up. */
  readRetryMaxAttempts?: number;
  /** First wait before a broken download goes on. */
  readRetryBackoffMs?: number;
  /** What that wait is multiplied by after each failure. */
  readRetryMultiplier?: number;
  /** Maximum requests at a time; 0 for no limit of their sum. */
  maxConnections?: number;
  /** Time for one attempt of a request; 0 for as long as bytes flow. */
  requestTimeoutMs?: number;
  /** Key of 32 bytes (base64) with which the service encrypts objects and that it does not store. */
  customerKey?: string;
  /** Use the proxy that the environment variables name. */
  useSystemProxy?: boolean;
}

/** How Azure Blob Storage is reached. */
export interface AzureSettings {
  /** Name of the storage account. */
  accountName?: string;
  /** Key of the storage account. */
  accountKey?: string;
  /** URL of the blob service; it may carry a SAS. */
  endpoint?: string;
  /** Tenant of a registered application. */
  tenantId?: string;
  /** Id of a registered application. */
  clientId?: string;
  /** Secret of a registered application. */
  clientSecret?: string;
  /** ambient-first: keys only without an identity of Azure. Default: static-first. */
  credentialOrder?: 'static-first' | 'ambient-first';
  /** Key of 32 bytes (base64) with which the service encrypts objects and that it does not store. */
  customerKey?: string;
  /** Maximum concurrent range downloads (whole process). Default: 32. */
  maxDownloads?: number;
  /** Failures in a row after which a request is given up; without it, those of a minute. */
  retryMaxAttempts?: number;
  /** First wait before a request is repeated. */
  retryBackoffMs?: number;
  /** Longest wait before a request is repeated. */
  retryMaxBackoffMs?: number;
  /** Breaks of one download without a byte between them after which it is given up. */
  readRetryMaxAttempts?: number;
  /** First wait before a broken download goes on. */
  readRetryBackoffMs?: number;
  /** What that wait is multiplied by after each failure. */
  readRetryMultiplier?: number;
  /** Maximum requests at a time; 0 for no limit of their sum. */
  maxConnections?: number;
  /** Time for one attempt of a request; 0 for as long as bytes flow. */
  requestTimeoutMs?: number;
  /** Use the proxy that the environment variables name. */
  useSystemProxy?: boolean;
  /** Access tier of new blobs; else that of the account. */
  accessTier?: 'Hot' | 'Cool' | 'Cold' | 'Archive';
}

/** The options of asbackup. */
export interface BackupOptionSettings {
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
  /** The namespace to back up. */
  namespace: string;
  /** Only these sets; an empty name means records without a set. */
  sets?: readonly string[];
  /** Only these bins. */
  bins?: readonly string[];
  /** Records without their bins. */
  noBins?: boolean;
  /** No records. */
  noRecords?: boolean;
  /** No secondary indexes. */
  noIndexes?: boolean;
  /** No UDF modules. */
  noUdfs?: boolean;
  /** Records last changed at or after this time. JSON: ISO 8601 with a zone. */
  modifiedAfter?: Date | string;
  /** Records last changed before this time. */
  modifiedBefore?: Date | string;
  /** Only records that never expire. */
  noTtlOnly?: boolean;
  /** Only records that match this filter expression: msgpack, or its base64 text. */
  filterExp?: Uint8Array | string;
  /** Maximum number of records; 0 for no limit. */
  maxRecords?: number;
  /** Only these partitions: BEGIN, BEGIN-COUNT or a digest, for the rest of its partition; separated by commas. */
  partitions?: string;
  /** The rest of the digest's partition and all higher partitions: 20 bytes, or their base64 text. */
  afterDigest?: Uint8Array | string;
  /**
   * Only the partitions whose master is one of these nodes; the first is also the node to connect to. parallel is 16
   * then, unless given.
   */
  nodes?: readonly string[];
  /**
   * Only one of several equal parts of what is selected: I/N, I from 0, or auto to take both from Kubernetes, Slurm or
   * Nomad. The files of all shards go into one directory and are one backup. A shard that is run again continues, and
   * one that is complete stays as it is.
   */
  shard?: string | { index: number; count: number };
  /** Read from nodes of these racks where possible. */
  preferRacks?: readonly number[];
  /** Write several files `<prefix>_NNNNN.asb` into this directory. */
  directory?: string;
  /** Write one file. */
  file?: string;
  /** File name prefix (default: namespace). */
  prefix?: string;
  /** Maximum file size before rotating to a new file. Default: 250. */
  fileLimitMiB?: number;
  /**
   * Replace an earlier backup: once this one can start, delete the output file, or all .asb files of the directory;
   * with outputFilePrefix only those of that prefix.
   */
  removeFiles?: boolean;
  /**
   * Keep a manifest beside the files: id, state, times, and checksums that asb verify compares. It is the state file
   * of the run, too: manifest.json in the directory, or <file>.manifest.json.
   */
  manifest?: boolean;
  /** Write blobs as they are, not in base64: smaller files. */
  compact?: boolean;
  /**
   * Permissions of the files of the backup, as for chmod; by default those that the umask leaves. State files are
   * always 0600.
   */
  fileMode?: number;
  /** Permissions of directories that are created, as for chmod; by default those that the umask leaves. */
  dirMode?: number;
  /** Resume the backup that left this state file. */
  continueFrom?: string;
  /** Where to keep the state of the run. Default: beside the output; none for a stream. */
  stateFile?: string;
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

/** The options of asrestore. */
export interface RestoreOptionSettings {
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
  /** Restore every .asb file of this directory. */
  directory?: string;
  /** Restore every .asb file of these directories. */
  directories?: readonly string[];
  /** Where the directories of the list are. */
  parentDirectory?: string;
  /** Restore one file. */
  file?: string;
  /**
   * Only every N-th file of the directory, beginning with the I-th, from 0: I/N, or auto to take both from Kubernetes,
   * Slurm or Nomad. Shard 0 restores indexes and UDF modules, the others wait for them.
   */
  shard?: string | { index: number; count: number };
  /** How long a shard waits for the indexes and UDF modules that shard 0 restores. Default: 600. */
  shardWaitS?: number;
  /** The namespace of the backup and, if it differs, the one to restore into. */
  namespace?: string | { from: string; to: string };
  /** Only these sets; an empty name means records without a set. */
  sets?: readonly string[];
  /** Only these bins. */
  bins?: readonly string[];
  /** No records. */
  noRecords?: boolean;
  /** No secondary indexes. */
  noIndexes?: boolean;
  /** No UDF modules. */
  noUdfs?: boolean;
  /** Do not overwrite existing records. */
  unique?: boolean;
  /** Replace existing records instead of merging their bins. */
  replace?: boolean;
  /** Ignore the generation; overwrite newer records. */
  noGeneration?: boolean;
  /**
   * The backup is newer than the namespace: its records replace existing ones, whatever their generation. Deletions
   * are not part of a backup.
   */
  applyIncrement?: boolean;
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
  /** How Google Cloud Storage is reached. */
  gcs?: GcsSettings;
  /** How Azure Blob Storage is reached. */
  azure?: AzureSettings & {
    /** How often an archived blob is looked at. Default: 60000. */
    rehydratePollMs?: number;
  };
}
