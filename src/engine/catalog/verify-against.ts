/**
 * Whether the records of a backup are in a cluster: digests, generations and void times, no bins. Memory is bounded,
 * whatever the size.
 */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { PartitionTracker } from '../../aerospike/commands/partition-tracker.js';
import { scanPartitions, type ScanPolicy } from '../../aerospike/commands/scan.js';
import { Codecs, type CodecConfig } from '../../codecs/codecs.js';
import type { EncryptionKey } from '../../codecs/key.js';
import { allocWithSlack } from '../../core/byte-copy.js';
import { DIGEST_BYTES, PARTITIONS, type PartitionFilter } from '../../core/partition.js';
import type { StorageAccess } from '../../storage/registry.js';
import { findBackupFiles, readBackupFiles, type BackupFiles } from './backup-files.js';
import { DigestSorter, type DigestGroup } from './digest-sorter.js';
import { CatalogError } from './errors.js';
import type { CatalogEntry, NamespacePart } from './find-backups.js';
import { describeSelection } from './part-selection.js';
import { findCodecs } from './verify-backup.js';

export interface AgainstConfig {
  files: BackupFiles;
  /** Of the backup. */
  namespace: string;
  cluster: Cluster;
  /** Of the cluster. */
  clusterNamespace: string;
  /** The only set that the backup is of; '' = any. */
  set: string;
  /** What the backup covers; absent = everything. */
  filters?: readonly PartitionFilter[];
  /** The backup holds all records of what it covers: others are new. */
  isFull: boolean;
  policy: Pick<ScanPolicy, 'maxRetries' | 'sleepBetweenRetriesMs'>;
  socketTimeoutMs: number;
  temporaryDirectory?: string | undefined;
  signal: AbortSignal;
}

/**
 * `missing`: not in the cluster. `expired`: not in the cluster, and its void time has passed since. `newer`, `older`:
 * the generation is higher, lower. `touched`: the generation is the same, and the void time is not.
 */
export type AgainstKind = 'missing' | 'expired' | 'newer' | 'older' | 'touched';

export interface RecordVersionTimes {
  generation: number;
  /** Seconds since 2010-01-01T00:00:00Z, 0 = never. */
  voidTime: number;
}

export interface AgainstExample {
  kind: AgainstKind;
  set: string;
  /** 40 hexadecimal digits. */
  digest: string;
  backup: RecordVersionTimes;
  /** Absent = not there. */
  cluster?: RecordVersionTimes;
}

export interface AgainstResult extends Record<AgainstKind, number> {
  namespace: string;
  clusterNamespace: string;
  /** Of the backup. */
  records: number;
  /** In the cluster as they are in the backup. */
  equal: number;
  /** In the cluster only; absent where the backup does not hold everything. */
  added?: number;
  /** The first of each kind, in the order of a scan. */
  examples: AgainstExample[];
}

const BACKUP = 0;
const CLUSTER = 1;
const TIMES_BYTES = 6;
const EXAMPLES_PER_KIND = 10;
const MAX_SET_BYTES = 255;
const GENERATION_MASK = 0xffff;
const HALF_GENERATIONS = 0x8000;
/** 2010-01-01T00:00:00Z in seconds since 1970. */
const EPOCH_S = 1_262_304_000;
/** What the sorter keeps of a record, as far as the sizes of files tell their number. */
const EXPECTED_SHARE = 4;

export interface EntryAgainstConfig extends Pick<
  AgainstConfig,
  'cluster' | 'policy' | 'socketTimeoutMs' | 'temporaryDirectory' | 'signal'
> {
  storages: StorageAccess;
  /** How files without a manifest are stored. */
  codecs: CodecConfig;
  /** Of encrypted backups. */
  key?: EncryptionKey | undefined;
  /** Name of a namespace in the cluster, by its name in the backup; '' = of the only one. */
  clusterNamespaces: ReadonlyMap<string, string>;
}

/** Each namespace of a backup. Throws CatalogError CATALOG_VERIFY and what verifyAgainst throws. */
export async function verifyEntryAgainst(entry: CatalogEntry, config: EntryAgainstConfig): Promise<AgainstResult[]> {
  const results: AgainstResult[] = [];
  for (const part of entry.parts) results.push(await verifyPartAgainst(entry, part, config));
  return results;
}

async function verifyPartAgainst(
  { type }: CatalogEntry,
  part: NamespacePart,
  { storages, codecs, key, clusterNamespaces, ...rest }: EntryAgainstConfig,
): Promise<AgainstResult> {
  const { manifest, namespace, path } = part;
  const clusterNamespace = clusterNamespaces.get(namespace) ?? clusterNamespaces.get('') ?? namespace;
  if (clusterNamespace === '') {
    throw new CatalogError('CATALOG_VERIFY', `The namespace of ${path} is not known`, { hint: 'name-namespace' });
  }
  const stored = findCodecs(part, manifest, { codecs, key });
  if (stored === undefined) {
    throw new CatalogError('CATALOG_VERIFY', `The backup at ${path} is encrypted, and no key was given`);
  }
  const selection = describeSelection(part);
  const sets = String(manifest?.identity.sets ?? '').split(',');
  const isOneSet = sets.length === 1 && sets[0] !== '""' && manifest?.identity['excluded-sets'] === undefined;
  return verifyAgainst({
    ...rest,
    files: await findBackupFiles(path, { codecs: await Codecs.open(stored), storages }),
    namespace,
    clusterNamespace,
    set: isOneSet ? sets[0]! : '',
    isFull: (manifest ?? part.stored) !== undefined && type === 'full' && /^(?:partitions [^;]*)?$/.test(selection),
    ...(manifest === undefined ? {} : { filters: manifest.filters }),
  });
}

/** Reads the backup and scans the namespace. Throws what reading and scanning throw, and the signal's reason. */
export async function verifyAgainst(config: AgainstConfig): Promise<AgainstResult> {
  const { files, signal, temporaryDirectory } = config;
  const storedBytes = files.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sorter = new DigestSorter({ expectedBytes: storedBytes / EXPECTED_SHARE, directory: temporaryDirectory });
  try {
    await addBackup(config, sorter);
    await addCluster(config, sorter);
    const comparison = new AgainstComparison(config, Math.floor(Date.now() / 1000) - EPOCH_S);
    await sorter.visitGroups((group) => comparison.visit(group), signal);
    return comparison.result;
  } finally {
    sorter.close();
  }
}

async function addBackup({ files, signal }: AgainstConfig, sorter: DigestSorter): Promise<void> {
  const payload = Buffer.alloc(TIMES_BYTES + MAX_SET_BYTES);
  await readBackupFiles(
    files,
    {
      visitRecord: ({ record }) => {
        writeTimes(payload, record.generation, record.voidTime);
        const setBytes = record.setBuf.copy(payload, TIMES_BYTES, record.setStart, record.setEnd);
        sorter.add(record.digest, BACKUP, 0, payload, 0, TIMES_BYTES + setBytes);
      },
    },
    signal,
  );
}

async function addCluster(config: AgainstConfig, sorter: DigestSorter): Promise<void> {
  const { cluster, clusterNamespace, set, filters, policy, socketTimeoutMs, signal } = config;
  const payload = Buffer.alloc(TIMES_BYTES);
  const digest = allocWithSlack(DIGEST_BYTES);
  const all: PartitionFilter = { kind: 'range', begin: 0, count: PARTITIONS };
  await scanPartitions(
    cluster,
    {
      namespace: clusterNamespace,
      set,
      bins: [],
      noBins: true,
      recordsPerSecond: 0,
      socketTimeoutMs,
      totalTimeoutMs: 0,
    },
    new PartitionTracker(filters === undefined || filters.length === 0 ? [all] : [...filters]),
    {
      row: (view) => {
        writeTimes(payload, view.generation, view.voidTime);
        view.buf.copy(digest, 0, view.digestStart, view.digestStart + DIGEST_BYTES);
        sorter.add(digest, CLUSTER, 0, payload, 0, TIMES_BYTES);
      },
      waitForDrain: () => undefined,
    },
    { ...policy, firstNode: 0, signal },
  );
}

function writeTimes(payload: Buffer, generation: number, voidTime: number): void {
  payload.writeUInt32LE(voidTime, 0);
  payload.writeUInt16LE(generation, 4);
}

function readTimes(bytes: Buffer, at: number): RecordVersionTimes {
  return { generation: bytes.readUInt16LE(at + 4), voidTime: bytes.readUInt32LE(at) };
}

class AgainstComparison {
  readonly result: AgainstResult;

  constructor(
    config: AgainstConfig,
    /** Now, as void times count. */
    private readonly nowS: number,
  ) {
    const { namespace, clusterNamespace, isFull } = config;
    const counts = { missing: 0, expired: 0, newer: 0, older: 0, touched: 0 };
    this.result = {
      namespace,
      clusterNamespace,
      records: 0,
      equal: 0,
      ...counts,
      ...(isFull ? { added: 0 } : {}),
      examples: [],
    };
  }

  /** Of several versions of a record, the last counts. */
  visit(group: DigestGroup): undefined {
    let backup = -1;
    let cluster = -1;
    for (let i = 0; i < group.length; i++) {
      if (group.getSource(i) === BACKUP) backup = i;
      else cluster = i;
    }
    if (backup < 0) {
      if (this.result.added !== undefined) this.result.added++;
      return undefined;
    }
    this.result.records++;
    const before = readTimes(group.bytes, group.getPayloadStart(backup));
    const now = cluster < 0 ? undefined : readTimes(group.bytes, group.getPayloadStart(cluster));
    const kind = this.classify(before, now);
    if (kind === undefined) {
      this.result.equal++;
      return undefined;
    }
    this.result[kind]++;
    if (this.result[kind] > EXAMPLES_PER_KIND) return undefined;
    const { bytes, digestStart } = group;
    this.result.examples.push({
      kind,
      set: bytes.toString('utf8', group.getPayloadStart(backup) + TIMES_BYTES, group.getPayloadEnd(backup)),
      digest: bytes.toString('hex', digestStart, digestStart + DIGEST_BYTES),
      backup: before,
      ...(now === undefined ? {} : { cluster: now }),
    });
    return undefined;
  }

  /** Undefined = they are equal. */
  private classify(before: RecordVersionTimes, now: RecordVersionTimes | undefined): AgainstKind | undefined {
    if (now === undefined) return before.voidTime !== 0 && before.voidTime <= this.nowS ? 'expired' : 'missing';
    if (now.generation !== before.generation) {
      // Generations begin anew behind the highest.
      const lead = (now.generation - before.generation) & GENERATION_MASK;
      return lead < HALF_GENERATIONS ? 'newer' : 'older';
    }
    return now.voidTime === before.voidTime ? undefined : 'touched';
  }
}
