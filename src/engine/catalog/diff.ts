/** What differs between two backups, or between a backup and a cluster. */
import { PartitionTracker } from '../../aerospike/commands/partition-tracker.js';
import { scanPartitions, type ScanPolicy } from '../../aerospike/commands/scan.js';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import { DIGEST_BYTES, PARTITIONS } from '../../core/partition.js';
import { allocWithSlack } from '../../core/byte-copy.js';
import { countStoredBytes, readBackupFiles, type BackupFiles } from './backup-files.js';
import { DigestSorter, type DigestGroup } from './digest-sorter.js';
import {
  compareRecordDigests,
  METADATA_BYTES,
  readSet,
  RecordDigestWriter,
  type RecordDifference,
} from './record-digest.js';

/** One of the two sides. */
export type DiffSide =
  | { kind: 'backup'; files: BackupFiles }
  | {
      kind: 'cluster';
      cluster: Cluster;
      selection: ScanSelection;
      policy: Pick<ScanPolicy, 'maxRetries' | 'sleepBetweenRetriesMs'>;
    };

export interface DiffConfig {
  /** The older one. */
  before: DiffSide;
  after: DiffSide;
  /** Namespaces of `before` that have another name in `after`. */
  renamedNamespaces?: ReadonlyMap<string, string> | undefined;
  /** For data that do not fit into memory; absent = the system's directory for temporary files. */
  temporaryDirectory?: string | undefined;
  signal: AbortSignal;
  /** Receives each difference, in the order of a scan. A promise to wait for before the next one. */
  onDifference?: (difference: Difference) => Promise<void> | undefined;
}

/** `touched`: the same set, key and bins; another generation or void time. */
export type DifferenceKind = 'added' | 'removed' | 'changed' | 'touched';

export interface RecordVersion {
  generation: number;
  /** Seconds since 2010-01-01T00:00:00Z, 0 = never. */
  voidTime: number;
}

export interface Difference {
  kind: DifferenceKind;
  namespace: string;
  /** Of the later one of the two versions. */
  set: Buffer;
  /** 20 bytes. */
  digest: Buffer;
  before?: RecordVersion;
  after?: RecordVersion;
  /** Of changed records: what differs beside bins. */
  setChanged: boolean;
  keyChanged: boolean;
  bins: RecordDifference['bins'];
}

export interface DiffResult {
  records: { before: number; after: number };
  added: number;
  removed: number;
  changed: number;
  touched: number;
  equal: number;
  /** Records that a side held more than once: the last version counts. */
  repeated: { before: number; after: number };
}

const BEFORE = 0;
const AFTER = 1;
/** A cluster's share of the expected size: its records come with names and lengths, long values as hashes. */
const CLUSTER_EXPECTED_BYTES = 1 << 30;
/** The short form of a record is smaller than its text. */
const SHORTENING = 2;

/**
 * Reads both sides completely and compares the records by digest; memory is bounded, whatever the size. Values are
 * compared as the bytes of the wire. Throws what reading or scanning throws, and the signal's reason.
 */
export async function diffBackups(config: DiffConfig): Promise<DiffResult> {
  const { before, after, signal, temporaryDirectory } = config;
  const expectedBytes = (estimateBytes(before) + estimateBytes(after)) / SHORTENING;
  const sorter = new DigestSorter({ expectedBytes, directory: temporaryDirectory });
  try {
    const namespaces = new NamespaceTable();
    await readSide(
      before,
      BEFORE,
      sorter,
      (name) => namespaces.intern(config.renamedNamespaces?.get(name) ?? name),
      signal,
    );
    await readSide(after, AFTER, sorter, (name) => namespaces.intern(name), signal);
    const comparison = new Comparison(namespaces, config.onDifference);
    await sorter.visitGroups((group) => comparison.visit(group), signal);
    return comparison.result;
  } finally {
    sorter.close();
  }
}

function estimateBytes(side: DiffSide): number {
  return side.kind === 'backup' ? countStoredBytes(side.files) : CLUSTER_EXPECTED_BYTES;
}

async function readSide(
  side: DiffSide,
  source: number,
  sorter: DigestSorter,
  internNamespace: (name: string) => number,
  signal: AbortSignal,
): Promise<void> {
  const writer = new RecordDigestWriter();
  if (side.kind === 'backup') {
    let lastName: string | undefined;
    let namespace = 0;
    const visitor = {
      visitRecord: ({ record }: Parameters<Parameters<typeof readBackupFiles>[1]['visitRecord']>[0]) => {
        if (record.namespace !== lastName) {
          lastName = record.namespace;
          namespace = internNamespace(lastName);
        }
        writer.writeDecoded(record);
        sorter.add(record.digest, source, namespace, writer.bytes, 0, writer.length);
      },
    };
    await readBackupFiles(side.files, visitor, signal);
    return;
  }
  const { cluster, selection, policy } = side;
  const namespace = internNamespace(selection.namespace);
  const digest = allocWithSlack(DIGEST_BYTES);
  await scanPartitions(
    cluster,
    selection,
    new PartitionTracker([{ kind: 'range', begin: 0, count: PARTITIONS }]),
    {
      row: (view) => {
        writer.writeView(view);
        view.buf.copy(digest, 0, view.digestStart, view.digestStart + DIGEST_BYTES);
        sorter.add(digest, source, namespace, writer.bytes, 0, writer.length);
      },
      waitForDrain: () => undefined,
    },
    { ...policy, firstNode: 0, signal },
  );
}

/** Names of namespaces by small numbers. */
class NamespaceTable {
  readonly names: string[] = [];

  intern(name: string): number {
    const known = this.names.indexOf(name);
    return known >= 0 ? known : this.names.push(name) - 1;
  }
}

class Comparison {
  readonly result: DiffResult = {
    records: { before: 0, after: 0 },
    added: 0,
    removed: 0,
    changed: 0,
    touched: 0,
    equal: 0,
    repeated: { before: 0, after: 0 },
  };

  constructor(
    private readonly namespaces: NamespaceTable,
    private readonly onDifference: DiffConfig['onDifference'],
  ) {}

  visit(group: DigestGroup): Promise<void> | undefined {
    const { records, repeated } = this.result;
    let before = -1;
    let after = -1;
    for (let i = 0; i < group.length; i++) {
      if (group.getSource(i) === BEFORE) {
        if (before >= 0) repeated.before++;
        before = i;
      } else {
        if (after >= 0) repeated.after++;
        after = i;
      }
    }
    if (before >= 0) records.before++;
    if (after >= 0) records.after++;
    if (before < 0) return this.report('added', group, undefined, group.getPayloadStart(after));
    if (after < 0) return this.report('removed', group, group.getPayloadStart(before), undefined);
    return this.compare(group, before, after);
  }

  private compare(group: DigestGroup, before: number, after: number): Promise<void> | undefined {
    const { bytes } = group;
    const a = group.getPayloadStart(before);
    const b = group.getPayloadStart(after);
    const aEnd = group.getPayloadEnd(before);
    const bEnd = group.getPayloadEnd(after);
    if (bytes.compare(bytes, b + METADATA_BYTES, bEnd, a + METADATA_BYTES, aEnd) !== 0) {
      return this.report('changed', group, a, b, compareRecordDigests(bytes, a, b));
    }
    if (bytes.compare(bytes, b, b + METADATA_BYTES, a, a + METADATA_BYTES) !== 0) {
      return this.report('touched', group, a, b);
    }
    this.result.equal++;
    return undefined;
  }

  private report(
    kind: DifferenceKind,
    group: DigestGroup,
    before: number | undefined,
    after: number | undefined,
    { set, key, bins }: RecordDifference = { set: false, key: false, bins: [] },
  ): Promise<void> | undefined {
    this.result[kind]++;
    if (this.onDifference === undefined) return undefined;
    const { bytes, digestStart } = group;
    return this.onDifference({
      kind,
      namespace: this.namespaces.names[group.namespace]!,
      set: readSet(bytes, after ?? before!),
      digest: Buffer.from(bytes.subarray(digestStart, digestStart + DIGEST_BYTES)),
      ...(before === undefined ? {} : { before: readVersion(bytes, before) }),
      ...(after === undefined ? {} : { after: readVersion(bytes, after) }),
      setChanged: set,
      keyChanged: key,
      bins,
    });
  }
}

function readVersion(bytes: Buffer, at: number): RecordVersion {
  return { voidTime: bytes.readUInt32LE(at), generation: bytes.readUInt16LE(at + 4) };
}
