/**
 * A tombstone says that a backup is deleted, or is being deleted: it is written before the first file goes, and stays,
 * so that the id is never used again.
 */
import { basename } from 'node:path';
import type { StorageAccess } from '../../storage/registry.js';
import type { Storage } from '../../storage/storage.js';
import { CatalogError } from './errors.js';
import { type BackupPlace, documentPath, toBackupPlace } from './manifest.js';

export const TOMBSTONE_NAME = 'tombstone.json';

const FORMAT = 'asb-tombstone';
const VERSION = 1;

export const DELETION_REASONS = ['delete', 'prune'] as const;
export type DeletionReason = (typeof DELETION_REASONS)[number];

export interface Tombstone {
  id: string;
  /** ISO 8601: when the deletion was begun; empty = unknown. */
  deleted: string;
  reason: DeletionReason;
  /** `files`: the backup had no manifest. */
  kind: 'manifest' | 'files';
}

/** False = there is one already. Throws StorageError. */
export async function createTombstone(path: string, tombstone: Tombstone, storages: StorageAccess): Promise<boolean> {
  const text = `${JSON.stringify({ format: FORMAT, version: VERSION, ...tombstone }, undefined, 1)}\n`;
  return (await storages.forPath(path)).createExclusive(tombstonePath(path), text);
}

/** Undefined = the backup at `path` is not deleted. One that is damaged is a tombstone all the same. */
export function readTombstone(path: string, storage: Storage): Promise<Tombstone | undefined> {
  return readTombstoneAt(toBackupPlace(path), storage);
}

async function readTombstoneAt(place: BackupPlace, storage: Storage): Promise<Tombstone | undefined> {
  const found = await storage.readVersion(documentPath(place, TOMBSTONE_NAME));
  return found === undefined ? undefined : parseTombstone(found.text, place.path);
}

function parseTombstone(text: string, path: string): Tombstone {
  let value: Partial<Record<keyof Tombstone, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) value = parsed;
  } catch {
    // Its existence is what counts.
  }
  const { id, deleted, reason, kind } = value;
  return {
    id: typeof id === 'string' ? id : basename(path),
    deleted: typeof deleted === 'string' && !Number.isNaN(Date.parse(deleted)) ? deleted : '',
    reason: reason === 'prune' ? reason : 'delete',
    kind: kind === 'files' ? kind : 'manifest',
  };
}

/** Takes back a deletion of which nothing was done yet. Throws StorageError. */
export async function withdrawTombstone(path: string, storage: Storage): Promise<void> {
  await storage.deleteFile(tombstonePath(path), 'ignore');
}

/** Throws CatalogError CATALOG_DELETED if the backup there is deleted, or is being deleted. */
export async function refuseDeleted(place: BackupPlace, storage: Storage): Promise<void> {
  const tombstone = await readTombstoneAt(place, storage);
  if (tombstone === undefined) return;
  const { id, deleted } = tombstone;
  const when = deleted === '' ? '' : ` at ${deleted}`;
  throw new CatalogError('CATALOG_DELETED', `The backup ${id} at ${place.path} was deleted${when}: its id is used up`, {
    hint: 'use-other-id',
  });
}

/** In the directory of the backup, or beside its only file. */
function tombstonePath(path: string): string {
  return documentPath(toBackupPlace(path), TOMBSTONE_NAME);
}
