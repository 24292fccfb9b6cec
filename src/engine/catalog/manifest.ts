/**
 * What makes a directory of files one backup: its id, its state, its bounds in time, and checksums of all bytes. The
 * document is the state file of the run that writes it (backup/checkpoint/state-file.ts), kept after the end.
 */
import { basename } from 'node:path';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName } from '../../storage/storage.js';
import { isShard, type Shard } from '../../core/shard.js';

/** The manifest of a directory; beside a single file it is `<file>.manifest.json`. */
export const MANIFEST_NAME = 'manifest.json';

/** Where a backup is written to. */
export interface BackupPlace {
  kind: 'directory' | 'file';
  path: string;
}

/** What the commands of `asb` take a path for: a file has the name of a backup file. */
export function toBackupPlace(path: string): BackupPlace {
  return { kind: isBackupFileName(basename(path)) ? 'file' : 'directory', path };
}

/** Of a document about a backup: in its directory, or beside its only file, which may have any name. */
export function documentPath({ kind, path }: BackupPlace, name: string): string {
  return kind === 'directory' ? joinPath(path, name) : `${path}.${name}`;
}

/** Beside the data, which nothing else describes. */
export function manifestPath(place: BackupPlace): string {
  return documentPath(place, MANIFEST_NAME);
}

/** The largest part of a file that has one checksum. Shorter where a checkpoint was made, and at the end. */
export const BLOCK_BYTES = 32 * 1024 * 1024;

export const RUN_STATES = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED'] as const;
export type RunStateName = (typeof RUN_STATES)[number];

/** `incremental`: the records that were changed since the parent was begun. */
export const BACKUP_TYPES = ['full', 'incremental'] as const;
export type BackupType = (typeof BACKUP_TYPES)[number];

/** Length in bytes and SHA-256 in base64. The blocks of a file follow each other without a gap. */
export type Block = readonly [bytes: number, sha256: string];

/** Of a manifest that is of a part of a backup. */
export interface ManifestShard extends Shard {
  /** Of the partitions that all shards together have (shard/partitions.ts). */
  selection: string;
}

/** What a manifest has beside the state of the run. */
export interface ManifestInfo {
  id: string;
  type: BackupType;
  /** Id of the backup whose changes an incremental one holds. */
  parent?: string;
  state: RunStateName;
  /** Why it is FAILED or CANCELED. */
  reason?: string;
  /** Of the program. */
  version: string;
  /** Lowest version of the nodes. */
  serverVersion: string;
  /** Of the first run. ISO 8601, as all times here. */
  started: string;
  /** Absent = not COMPLETED. */
  finished?: string;
  /**
   * No record in it was changed later than at this time. Absent = that of the start. Later: a shard was begun then.
   * Earlier: the backup is sealed, and this is its start, before that of the namespace.
   */
  modifiedBefore?: string;
  /** Absent = the backup is in one piece. */
  shard?: ManifestShard;
}

/** ISO 8601. An increment begins here: no change before is missing. */
export function findCoveredUntil({
  started,
  modifiedBefore,
}: {
  started: string;
  modifiedBefore?: string | undefined;
}): string {
  return modifiedBefore !== undefined && Date.parse(modifiedBefore) < Date.parse(started) ? modifiedBefore : started;
}

/** Whether `value`, of a document, is the part of a manifest. */
export function isManifestInfo(value: unknown): value is ManifestInfo {
  if (typeof value !== 'object' || value === null) return false;
  const info = value as Record<string, unknown>;
  const texts = ['id', 'version', 'serverVersion', 'started'];
  const optional = ['parent', 'reason', 'finished', 'modifiedBefore'];
  return (
    texts.every((key) => typeof info[key] === 'string') &&
    optional.every((key) => info[key] === undefined || typeof info[key] === 'string') &&
    isBackupId(info.id as string) &&
    (info.shard === undefined || isManifestShard(info.shard)) &&
    (BACKUP_TYPES as readonly unknown[]).includes(info.type) &&
    (RUN_STATES as readonly unknown[]).includes(info.state) &&
    [info.started, info.finished].every((time) => time === undefined || !Number.isNaN(Date.parse(time as string)))
  );
}

function isManifestShard(value: unknown): boolean {
  return isShard(value) && typeof (value as { selection?: unknown }).selection === 'string';
}

/** Whether `value`, of a document, is a list of blocks of so many bytes together. */
export function isBlockList(value: unknown, bytes: number): value is Block[] {
  if (!Array.isArray(value)) return false;
  let sum = 0;
  for (const block of value as unknown[]) {
    if (!Array.isArray(block) || block.length !== 2) return false;
    const [length, sha256] = block as unknown[];
    if (!Number.isSafeInteger(length) || (length as number) <= 0) return false;
    if (typeof sha256 !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(sha256)) return false;
    sum += length as number;
  }
  return sum === bytes;
}

const BACKUP_ID = /^[a-z0-9_-]{1,64}$/;

/** Ids are names of directories and of objects on every storage. */
export function isBackupId(text: string): boolean {
  return BACKUP_ID.test(text);
}

/** An id that sorts by time: `20260102t030405678z-1f2e3d`. `suffix`: random hexadecimal digits. */
export function createBackupId(now: Date, suffix: string): string {
  return `${now.toISOString().replace(/[-:.]/g, '').toLowerCase()}-${suffix}`;
}
