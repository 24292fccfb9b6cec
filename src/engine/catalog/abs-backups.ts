/**
 * Backups of the Aerospike Backup Service: runs of a routine, `ROUTINE/backup/TIME/data/NAMESPACE` for full ones and
 * `ROUTINE/incremental/…` for increments. A namespace is complete when it has `metadata.yaml`, which tells its bounds
 * and counts, and no checksums.
 */
import { basename, dirname } from 'node:path';
import { errorMessage } from '../../core/errors.js';
import type { EncryptionMode } from '../../codecs/key.js';
import { joinPath } from '../../storage/paths.js';
import { isBackupFileName, type Storage } from '../../storage/storage.js';
import { CatalogError } from './errors.js';
import type { CatalogEntry, NamespacePart } from './find-backups.js';

const METADATA_NAME = 'metadata.yaml';
const DATA_DIRECTORY = 'data';
/** The start in milliseconds since 1970, and perhaps the same in a form for people. */
const RUN = /^\d{13}(?:_.*)?$/;
/** Directories of a routine, by the type of what they hold. */
const TYPES = { backup: 'full', incremental: 'incremental' } as const;
/** Of a namespace that was begun again: `NAMESPACE.2`. */
const ATTEMPT = /\.\d+$/;
const MAX_METADATA_BYTES = 1 << 20;

/** How the files of a namespace are stored. */
export interface AbsStoredForm {
  compressed: boolean;
  encryption?: EncryptionMode;
  /** Of an increment: the start of the run since which changes are in it. */
  from?: string;
}

interface AbsMetadata extends AbsStoredForm {
  namespace: string;
  created: string;
  finished?: string;
  records: number;
  bytes: number;
  files: number;
}

/**
 * The backups of the service at or below `path`, which may be a routine, its `backup` or `incremental`, or a run. Their
 * ids are their paths below `root`. Throws StorageError.
 */
export async function findAbsBackups(root: string, path: string, storage: Storage): Promise<CatalogEntry[]> {
  const name = basename(path);
  if (RUN.test(name)) {
    const run = await readAbsRun(root, path, storage);
    return run === undefined ? [] : [run];
  }
  const names = await storage.listDirectories(path);
  const below = Object.hasOwn(TYPES, name)
    ? names.filter((each) => RUN.test(each))
    : names.filter((each) => Object.hasOwn(TYPES, each));
  const found: CatalogEntry[] = [];
  for (const each of below) found.push(...(await findAbsBackups(root, joinPath(path, each), storage)));
  return Object.hasOwn(TYPES, name) ? found : found.map((run) => linkParent(run, found));
}

/** An increment names the start of the run that it builds on, which is one of the same routine. */
function linkParent(run: CatalogEntry, routine: readonly CatalogEntry[]): CatalogEntry {
  const from = run.parts.map(({ stored }) => stored?.from).find((time) => time !== undefined);
  if (run.type !== 'incremental' || from === undefined) return run;
  const parent = routine.find(({ started, path }) => started === from && path !== run.path);
  return parent === undefined ? run : { ...run, parent: parent.id };
}

/** Undefined = there is no run at `path`. Throws StorageError. */
export async function readAbsRun(root: string, path: string, storage: Storage): Promise<CatalogEntry | undefined> {
  if (!RUN.test(basename(path))) return undefined;
  const directories = await storage.listDirectories(path);
  // Versions before 3 had no directory for the data.
  const data = directories.includes(DATA_DIRECTORY) ? joinPath(path, DATA_DIRECTORY) : path;
  const names =
    data === path ? directories.filter((name) => name !== 'configuration') : await storage.listDirectories(data);
  const parts: NamespacePart[] = [];
  for (const name of names) {
    const part = await readPart(joinPath(data, name), storage);
    if (part !== undefined) parts.push(part);
  }
  const isComplete = (name: string): boolean =>
    parts.some((part) => part.state === 'COMPLETED' && part.path !== joinPath(data, name) && part.namespace === name);
  // What an attempt that failed has left is no part of the backup if a later one came to its end.
  const kept = parts.filter((part) => {
    return part.state !== 'INCOMPLETE' || !isComplete(basename(part.path).replace(ATTEMPT, ''));
  });
  if (kept.length === 0) return undefined;
  const worst = ['DAMAGED', 'INCOMPLETE'] as const;
  const state = worst.find((each) => kept.some((part) => part.state === each)) ?? 'COMPLETED';
  const reason = kept.find((part) => part.state === state)?.reason;
  const started = kept.find((part) => part.started !== undefined)?.started;
  const finished = kept.map((part) => part.finished ?? '').sort();
  const kind = basename(dirname(path));
  return {
    id: nameRun(root, path),
    path,
    kind: 'abs',
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(Object.hasOwn(TYPES, kind) ? { type: TYPES[kind as keyof typeof TYPES] } : {}),
    started: started ?? new Date(Number(basename(path).slice(0, 13))).toISOString(),
    ...(finished[0] === '' ? {} : { finished: finished.at(-1)! }),
    parts: kept,
    held: false,
  };
}

/** Unique below `root`, and what has to be added to it. */
function nameRun(root: string, path: string): string {
  const start = joinPath(root, '.').replace(/\/+$/, '');
  return path.startsWith(`${start}/`) ? path.slice(start.length + 1) : basename(path);
}

/** Undefined = the directory is none of a namespace. Throws StorageError. */
async function readPart(path: string, storage: Storage): Promise<NamespacePart | undefined> {
  const files = await storage.list(path);
  const own = files.filter(({ name }) => isBackupFileName(name));
  const empty = { namespace: basename(path).replace(ATTEMPT, ''), path, bytes: 0, files: own.length };
  if (!files.some(({ name }) => name === METADATA_NAME)) {
    if (own.length === 0) return undefined;
    return { ...empty, state: 'INCOMPLETE', reason: `${path} has no ${METADATA_NAME}, which the service writes last` };
  }
  const file = joinPath(path, METADATA_NAME);
  try {
    const { created, finished, compressed, encryption, from, ...counts } = await readMetadata(file, storage);
    return {
      ...counts,
      path,
      state: 'COMPLETED',
      started: created,
      ...(finished === undefined ? {} : { finished }),
      stored: {
        compressed,
        ...(encryption === undefined ? {} : { encryption }),
        ...(from === undefined ? {} : { from }),
      },
    };
  } catch (error) {
    return { ...empty, state: 'DAMAGED', reason: errorMessage(error) };
  }
}

/** Throws CatalogError CATALOG_DAMAGED, StorageError. */
async function readMetadata(file: string, storage: Storage): Promise<AbsMetadata> {
  const damaged = (what: string): CatalogError => new CatalogError('CATALOG_DAMAGED', `${file} is damaged: ${what}`);
  const bytes = await storage.readSmall(file, 'the metadata');
  if (bytes.length > MAX_METADATA_BYTES) throw damaged(`it has ${bytes.length} bytes`);
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(errorMessage(error).split('\n', 1)[0]!.replace(/:$/, ''));
  }
  if (typeof value !== 'object' || value === null) throw damaged('it is no list of fields');
  const fields = value as Record<string, unknown>;
  const { namespace, compression = 'NONE', encryption = 'NONE' } = fields;
  const created = readTime(fields.created);
  if (typeof namespace !== 'string' || namespace === '') throw damaged('its namespace is missing');
  if (created === undefined) throw damaged('its time of creation is missing');
  const count = (name: string): number => {
    const number = fields[name] ?? 0;
    if (!Number.isSafeInteger(number) || (number as number) < 0) throw damaged(`its ${name} is no number`);
    return number as number;
  };
  const mode = ENCRYPTIONS[String(encryption).toUpperCase()];
  if (mode === undefined) throw damaged(`its encryption ${String(encryption)} is unknown`);
  if (!['NONE', 'ZSTD'].includes(String(compression).toUpperCase())) {
    throw damaged(`its compression ${String(compression)} is unknown`);
  }
  const finished = readTime(fields.finished);
  // Of a full backup, it is that of the year 1.
  const from = readTime(fields.from);
  return {
    namespace,
    created,
    ...(finished === undefined ? {} : { finished }),
    records: count('record-count'),
    bytes: count('byte-count'),
    files: count('file-count'),
    compressed: String(compression).toUpperCase() === 'ZSTD',
    ...(mode === 'none' ? {} : { encryption: mode }),
    ...(from === undefined || Date.parse(from) <= 0 ? {} : { from }),
  };
}

const ENCRYPTIONS: Readonly<Record<string, EncryptionMode | 'none'>> = {
  NONE: 'none',
  AES128: 'aes128',
  AES256: 'aes256',
};

/** ISO 8601 in UTC; undefined = no time. */
function readTime(value: unknown): string | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
