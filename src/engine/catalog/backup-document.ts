/**
 * `backup.json`: what one call has backed up under one id, in several namespaces. Each namespace has a folder with
 * files and a manifest of its own; the document is written before the first of them and again when the last is
 * complete.
 */
import { createHash } from 'node:crypto';
import { ToolError } from '../../core/errors.js';
import { BACKUP_TYPES, isBackupId, RUN_STATES, type BackupType, type RunStateName } from './manifest.js';

export const BACKUP_DOCUMENT_NAME = 'backup.json';
const FORMAT = 'asbackup-backup';
const VERSION = 1;

export interface BackupDocument {
  id: string;
  type: BackupType;
  parent?: string;
  state: RunStateName;
  reason?: string;
  /** Of the program. */
  version: string;
  started: string;
  finished?: string;
  /** In the order in which they are backed up. */
  namespaces: NamespaceSummary[];
}

/** Of the manifest of a namespace, so that a list needs one document of each backup. */
export interface NamespaceSummary {
  namespace: string;
  /** The folder, within that of the backup. */
  path: string;
  /** 0 until the namespace is complete. */
  records: number;
  bytes: number;
}

/** A document of the catalog cannot be used. Nothing has been changed. */
export class CatalogError extends ToolError {
  declare readonly code:
    | 'CATALOG_DAMAGED'
    | 'CATALOG_NOT_FOUND'
    | 'CATALOG_EXISTS'
    | 'CATALOG_STATE'
    | 'CATALOG_HELD'
    | 'CATALOG_CHAIN'
    | 'CATALOG_VERIFY';
}

export function formatBackupDocument(document: BackupDocument): string {
  const json = { format: FORMAT, formatVersion: VERSION, ...document };
  return `${JSON.stringify({ ...json, checksum: computeChecksum(json) }, undefined, 1)}\n`;
}

/** `path` is for messages. Throws CatalogError CATALOG_DAMAGED. */
export function parseBackupDocument(bytes: Buffer, path: string): BackupDocument {
  const damaged = (what: string): CatalogError => new CatalogError('CATALOG_DAMAGED', `${path} is damaged: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw damaged('it is no JSON text');
  }
  if (typeof value !== 'object' || value === null) throw damaged('it is no document of a backup');
  const { checksum, ...json } = value as Record<string, unknown>;
  if (json.format !== FORMAT || json.formatVersion !== VERSION) throw damaged('it is no document of a backup');
  if (checksum !== computeChecksum(json)) throw damaged('its checksum does not match its contents');
  const { id, type, parent, state, reason, version, started, finished, namespaces } = json;
  const texts = [id, version, started];
  const optional = [parent, reason, finished];
  const isComplete =
    texts.every((text) => typeof text === 'string') &&
    optional.every((text) => text === undefined || typeof text === 'string') &&
    isBackupId(id as string) &&
    (BACKUP_TYPES as readonly unknown[]).includes(type) &&
    (RUN_STATES as readonly unknown[]).includes(state) &&
    Array.isArray(namespaces) &&
    namespaces.every(isNamespaceSummary);
  if (!isComplete) throw damaged('a part of it is missing');
  return json as unknown as BackupDocument;
}

function isNamespaceSummary(value: unknown): value is NamespaceSummary {
  if (typeof value !== 'object' || value === null) return false;
  const { namespace, path, records, bytes } = value as Record<string, unknown>;
  const isFolder = typeof path === 'string' && /^[^/\\]+$/.test(path) && path !== '.' && path !== '..';
  return typeof namespace === 'string' && isFolder && Number.isSafeInteger(records) && Number.isSafeInteger(bytes);
}

function computeChecksum(json: object): string {
  return createHash('sha256').update(JSON.stringify(json)).digest('hex');
}
