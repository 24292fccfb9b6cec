/** The parts of a backup, by namespace and range of partitions: as far as its manifests tell. */
import { createHash } from 'node:crypto';
import { PARTITIONS } from '../../../core/partition.js';
import type { PartitionFilter } from '../../../aerospike/config.js';
import type { BackupState } from '../../../engine/backup/checkpoint/state-file.js';
import { parseState } from '../../../engine/backup/checkpoint/state-file.js';
import { readIfExists } from '../../../engine/catalog/backup-document.js';
import type { CatalogEntry, CatalogState, NamespacePart } from '../../../engine/catalog/find-backups.js';
import { MANIFEST_NAME } from '../../../engine/catalog/manifest.js';
import { joinPath } from '../../../storage/paths.js';
import type { Storage } from '../../../storage/storage.js';
import type { BackupDetail } from '../schema/backup.js';
import type { BackupStateName } from '../schema/values.js';
import { findLowerBound } from './to-backup.js';

const STATES: Readonly<Record<CatalogState, BackupStateName>> = {
  IN_PROGRESS: 'IN_PROGRESS',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  CANCELED: 'CANCELED',
  INCOMPLETE: 'INCOMPLETE',
  UNKNOWN: 'INCOMPLETE',
  DAMAGED: 'FAILED',
  DELETED: 'DELETED',
};

export const DEFAULT_RANGE_SIZE = 256;

/** The parts of runs of routines, whose manifests the index leaves out, with their manifests. Throws StorageError. */
export async function withManifests(entry: CatalogEntry, storage: Storage): Promise<CatalogEntry> {
  if (entry.kind !== 'abs') return entry;
  const parts = await Promise.all(
    entry.parts.map(async (part): Promise<NamespacePart> => {
      const manifest = await readManifest(part.path, storage);
      return manifest === undefined ? part : { ...part, manifest };
    }),
  );
  return { ...entry, parts };
}

/** Undefined = there is none that can be read. */
async function readManifest(path: string, storage: Storage): Promise<BackupState | undefined> {
  const file = joinPath(path, MANIFEST_NAME);
  try {
    const bytes = await readIfExists(storage, file, 'the manifest');
    return bytes === undefined ? undefined : parseState(bytes, file);
  } catch {
    return undefined;
  }
}

/** @param rangeSize partitions of one detail */
export function toDetails({ parts }: CatalogEntry, rangeSize: number): BackupDetail[] {
  return parts.flatMap((part) => {
    const whole = toWhole(part);
    if (part.manifest === undefined) return [whole];
    const { after } = part.manifest.cursors.toJSON();
    const { manifest } = part;
    return toRanges(manifest, rangeSize).map((range) => ({ ...whole, ...toRange(range, part, manifest, after) }));
  });
}

function toWhole(part: NamespacePart): BackupDetail {
  const { namespace, state, reason, started, finished, records, bytes, files, manifest, modifiedBefore } = part;
  const lower = findLowerBound(part);
  const upper = modifiedBefore ?? started;
  return {
    namespace,
    ...(manifest === undefined
      ? {}
      : { nodes: [...manifest.cluster.nodes], 'server-version': manifest.manifest?.serverVersion ?? '' }),
    state: STATES[state],
    ...(reason === undefined ? {} : { reason }),
    ...(started === undefined ? {} : { created: started }),
    ...(finished === undefined ? {} : { updated: finished }),
    ...(records === undefined ? {} : { records }),
    bytes,
    files,
    ...(manifest === undefined ? {} : toChecksum(manifest)),
    ...(lower === undefined ? {} : { 'lower-bound': lower }),
    ...(upper === undefined ? {} : { 'upper-bound': upper }),
  };
}

/** Over the checksums of all blocks of all files, in the order of the manifest. */
function toChecksum({ files }: BackupState): { checksum?: string } {
  if (files.length === 0 || files.some(({ blocks }) => blocks === undefined)) return {};
  const hash = createHash('sha256');
  for (const { blocks } of files) for (const [, sha256] of blocks!) hash.update(sha256, 'base64');
  return { checksum: hash.digest('base64') };
}

interface PartitionRange {
  first: number;
  last: number;
}

/** Those ranges of the namespace of which the backup is to hold something. */
function toRanges({ filters }: BackupState, size: number): PartitionRange[] {
  const ranges: PartitionRange[] = [];
  for (let first = 0; first < PARTITIONS; first += size) {
    const range = { first, last: Math.min(PARTITIONS, first + size) - 1 };
    if (filters.some((filter) => listWithin(filter, range).length > 0)) ranges.push(range);
  }
  return ranges;
}

function listWithin(filter: PartitionFilter, { first, last }: PartitionRange): number[] {
  if (filter.kind === 'digest') return [];
  const found: number[] = [];
  for (let partition = Math.max(first, filter.begin); partition <= last; partition++) {
    if (partition >= filter.begin + filter.count) break;
    found.push(partition);
  }
  return found;
}

function toRange(
  range: PartitionRange,
  { state }: NamespacePart,
  { filters, cursors }: BackupState,
  after: Readonly<Record<string, string>>,
): Partial<BackupDetail> {
  const wanted = [...new Set(filters.flatMap((filter) => listWithin(filter, range)))];
  const open = wanted.filter((partition) => !cursors.isDone(partition));
  const partitions = `${range.first}-${range.last}`;
  const done = wanted.length - open.length;
  if (state === 'COMPLETED') return { partitions, done: wanted.length };
  if (open.length === 0) return { partitions, done, state: 'COMPLETED' };
  const begun = open.find((partition) => after[partition] !== undefined);
  return { partitions, done, ...(begun === undefined ? {} : { cursor: `${begun}:${after[begun]!}` }) };
}
