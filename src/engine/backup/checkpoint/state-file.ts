/**
 * The state file of a backup: what has to match when it is continued, how far it has come, and how long each file was
 * when that was made durable. It holds no record data, no key and no password. A checksum covers all of it.
 *
 * With a manifest the same document stays when the backup is complete, and has checksums of the files, too. Whoever has
 * no key of an encrypted backup cannot change it unnoticed.
 */
import type { PartitionFilter } from '../../../aerospike/config.js';
import { ToolError } from '../../../core/errors.js';
import type { EncryptionKey } from '../../../codecs/key.js';
import { DIGEST_BYTES, PARTITIONS } from '../../../core/partition.js';
import type { StorageAccess } from '../../../storage/registry.js';
import { checkSeal, sealDocument } from '../../catalog/document-seal.js';
import { isBlockList, isManifestInfo, type Block, type ManifestInfo } from '../../catalog/manifest.js';
import { PartitionProgress, type CursorJson } from './partition-progress.js';

const FORMAT = 'asbackup-state';
const VERSION = 2;

/** What must be the same when a run is continued, in words for the message and values for the comparison. */
export type Identity = Record<string, string | number | boolean>;

export interface StateFileEntry {
  /** As it was opened: the path of a local file. */
  name: string;
  /** Bytes made durable; what lies beyond was written later and is written again. */
  bytes: number;
  /** What the storage needs to go on with the file (storage.ts). */
  token?: string;
  /** Records in these bytes. */
  records: number;
  /** Hash of the last of these bytes (output/tail.ts); absent where it was never computed. */
  tail?: string;
  /** Checksums of these bytes; only with a manifest. */
  blocks?: Block[];
  /** Hex of the initial vector, where it cannot be read back from the file: of encrypted standard output. */
  vector?: string;
}

/** The cluster that a backup is of, as far as it identifies itself. */
export interface ClusterIdentity {
  /** Empty = it has no name. */
  name: string;
  /** Ids of its nodes. */
  nodes: readonly string[];
}

export interface BackupState {
  /** Of the run that works on it, or was the last to do so. */
  runId: string;
  /** What the backup is written to: a canonical path, or `[stdout]`. The files may have been moved since. */
  target: string;
  identity: Identity;
  cluster: ClusterIdentity;
  /** What the run covers: with a node list, what its nodes mastered when the run began. */
  filters: PartitionFilter[];
  cursors: PartitionProgress;
  files: StateFileEntry[];
  counters: { records: number; bytes: number; sindexes: number; udfs: number };
  /** Absent = the state is deleted when the backup is complete. */
  manifest?: ManifestInfo;
}

interface StateJson {
  format: typeof FORMAT;
  version: number;
  saved: string;
  runId: string;
  target: string;
  identity: Identity;
  cluster: ClusterIdentity;
  filters: string[];
  partitions: CursorJson;
  files: StateFileEntry[];
  counters: BackupState['counters'];
  manifest?: ManifestInfo;
}

/** The state file cannot be used. Nothing has been changed. */
export class StateError extends ToolError {
  declare readonly code:
    'STATE_UNREADABLE' | 'STATE_FOREIGN' | 'STATE_DAMAGED' | 'STATE_MISMATCH' | 'STATE_DATA' | 'STATE_IN_USE';
}

/**
 * Replaces the file at `path` in one step: after a crash there is the old state or the new one, never a part of either.
 * Only the owner may read it. `key`: of an encrypted backup. Throws StorageError.
 */
export async function saveState(
  path: string,
  state: BackupState,
  storages: StorageAccess,
  key?: EncryptionKey,
): Promise<void> {
  const json: StateJson = {
    format: FORMAT,
    version: VERSION,
    saved: new Date().toISOString(),
    runId: state.runId,
    target: state.target,
    identity: state.identity,
    cluster: state.cluster,
    filters: state.filters.map((filter) =>
      filter.kind === 'range' ? `${filter.begin}-${filter.count}` : filter.digest.toString('base64'),
    ),
    partitions: state.cursors.toJSON(),
    files: state.files,
    counters: state.counters,
    ...(state.manifest === undefined ? {} : { manifest: state.manifest }),
  };
  const text = sealDocument(json, state.manifest === undefined ? undefined : key);
  await (await storages.forPath(path)).writeSmall(path, text, 'the state file');
}

/** Throws StateError STATE_IN_USE unless the state file at `path` is one of this run. */
export async function assertOwnState(path: string, { runId }: BackupState, storages: StorageAccess): Promise<void> {
  const found = await (await storages.forPath(path)).readVersion(path);
  const other = found === undefined ? undefined : readRunId(found.text);
  if (other === runId) return;
  const what = found === undefined ? 'was deleted' : 'was replaced by another run';
  throw new StateError('STATE_IN_USE', `The state file ${path} ${what}; it is not written any more`, {
    details: { path },
  });
}

function readRunId(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && value.format === FORMAT ? value.runId : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a state file and checks every part of it. Throws StorageError or StateError. */
export async function loadState(path: string, storages: StorageAccess): Promise<BackupState> {
  return parseState(await (await storages.forPath(path)).readSmall(path, 'the state file'), path);
}

/**
 * The state in `bytes`. `path` is for messages. `key`: the manifest of an encrypted backup is accepted only with the
 * right HMAC. Throws StateError.
 */
export function parseState(bytes: Buffer, path: string, key?: EncryptionKey): BackupState {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    const kind = bytes[0] === 0x7b ? 'a damaged state file' : 'not a state file of this program';
    const origin = isCState(bytes) ? '; a state file of the C tool cannot be continued' : '';
    throw new StateError(bytes[0] === 0x7b ? 'STATE_DAMAGED' : 'STATE_FOREIGN', `${path} is ${kind}${origin}`);
  }
  if (!isObject(value) || value.format !== FORMAT) {
    throw new StateError('STATE_FOREIGN', `${path} is not a state file of this program`);
  }
  if (value.version !== VERSION) {
    const text = `${path} is of version ${String(value.version)}; this program continues version ${VERSION}`;
    throw new StateError('STATE_FOREIGN', text);
  }
  const damaged = (what: string): StateError => new StateError('STATE_DAMAGED', `${path} is damaged: ${what}`);
  const problem = checkSeal(value, key);
  if (problem !== undefined) throw damaged(problem);
  const { runId, target, identity, cluster, filters, partitions, files, counters, manifest } = value;
  if (manifest !== undefined && !isManifestInfo(manifest)) throw damaged('its manifest is not one');
  if (typeof runId !== 'string' || typeof target !== 'string') throw damaged('its run or target is missing');
  if (!isClusterIdentity(cluster)) throw damaged('its cluster is missing');
  if (!isObject(identity) || !Object.values(identity).every(isScalar)) throw damaged('its identity is missing');
  if (!Array.isArray(filters) || filters.length === 0) throw damaged('its filters are missing');
  if (!isObject(partitions) || typeof partitions.done !== 'string' || !isObject(partitions.after)) {
    throw damaged('its partitions are missing');
  }
  if (!Object.values(partitions.after).every((digest) => typeof digest === 'string')) {
    throw damaged('a partition has no digest');
  }
  if (!Array.isArray(files) || !files.every(isFileEntry)) throw damaged('its list of files is not one');
  if (!isObject(counters)) throw damaged('its counters are missing');
  const { records, bytes: written, sindexes, udfs } = counters;
  if (!isCount(records) || !isCount(written) || !isCount(sindexes) || !isCount(udfs)) {
    throw damaged('its counters are missing');
  }
  let cursors: PartitionProgress;
  try {
    cursors = PartitionProgress.fromJSON(partitions as unknown as CursorJson);
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
  return {
    runId,
    target,
    identity: identity as Identity,
    cluster,
    filters: filters.map((filter) => {
      const parsed = typeof filter === 'string' ? parseFilter(filter) : undefined;
      if (parsed === undefined) throw damaged(`"${String(filter)}" is not a partition filter`);
      return parsed;
    }),
    cursors,
    files: files as StateFileEntry[],
    counters: { records, bytes: written, sindexes, udfs },
    ...(manifest === undefined ? {} : { manifest }),
  };
}

/** Throws a StateError that names every difference between the interrupted run and this one. */
export function checkIdentity(path: string, saved: Identity, now: Identity): void {
  const differences = [...new Set([...Object.keys(saved), ...Object.keys(now)])]
    .filter((key) => saved[key] !== now[key])
    .map((key) => `${key} was ${show(saved[key])}, now ${show(now[key])}`);
  if (differences.length === 0) return;
  const text = `${path} belongs to another backup: ${differences.join('; ')}`;
  throw new StateError('STATE_MISMATCH', text, { hint: 'repeat-options' });
}

/** Throws a StateError unless the cluster is the one that the interrupted run has read. Nodes may come and go. */
export function checkCluster(path: string, saved: ClusterIdentity, now: ClusterIdentity): void {
  const isRenamed = saved.name !== '' && now.name !== '' && saved.name !== now.name;
  const isStrange = saved.nodes.length > 0 && !saved.nodes.some((node) => now.nodes.includes(node));
  if (!isRenamed && !isStrange) return;
  const format = ({ name, nodes }: ClusterIdentity): string =>
    `${name === '' ? 'a cluster' : `the cluster ${name}`} of ${nodes.join(', ')}`;
  const text = `${path} belongs to the backup of another cluster: of ${format(saved)}, now ${format(now)}`;
  throw new StateError('STATE_MISMATCH', text, { hint: 'repeat-options' });
}

/** Removes the state of a run that is complete. */
export async function removeState(path: string, storages: StorageAccess): Promise<void> {
  await (await storages.forPath(path)).deleteFile(path, 'ignore');
}

/** The C tool's state begins with a table of this size (asbackup.md 7.4). */
const C_STATE_BYTES = 83_488;

/** Whether a file may be a state file of the C tool. */
export function isCState(bytes: Buffer): boolean {
  return bytes.length >= C_STATE_BYTES && bytes[0] !== 0x7b;
}

function parseFilter(text: string): PartitionFilter | undefined {
  const range = /^(\d{1,4})-(\d{1,4})$/.exec(text);
  if (range !== null) {
    const [begin, count] = [Number(range[1]), Number(range[2])];
    return count > 0 && begin + count <= PARTITIONS ? { kind: 'range', begin, count } : undefined;
  }
  const digest = Buffer.from(text, 'base64');
  return digest.length === DIGEST_BYTES && digest.toString('base64') === text ? { kind: 'digest', digest } : undefined;
}

function show(value: string | number | boolean | undefined): string {
  return value === undefined || value === '' ? 'none' : String(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isClusterIdentity(value: unknown): value is ClusterIdentity {
  if (!isObject(value) || typeof value.name !== 'string' || !Array.isArray(value.nodes)) return false;
  return value.nodes.every((node) => typeof node === 'string');
}

function isFileEntry(value: unknown): boolean {
  if (!isObject(value) || typeof value.name !== 'string' || value.name === '' || !isCount(value.bytes)) return false;
  if (!isCount(value.records)) return false;
  if (value.blocks !== undefined && !isBlockList(value.blocks, value.bytes)) return false;
  if (value.tail !== undefined && typeof value.tail !== 'string') return false;
  if (value.token !== undefined && typeof value.token !== 'string') return false;
  return value.vector === undefined || (typeof value.vector === 'string' && /^[0-9a-f]{32}$/.test(value.vector));
}
