/** From what is known of a backup to its document. */
import type { CatalogEntry, NamespacePart } from '../../../engine/catalog/find-backups.js';
import { joinPath } from '../../../storage/paths.js';
import type { Backup } from '../schema/backup.js';
import type { V2BackupType } from '../schema/values.js';
import type { BackupChecks } from '../upkeep/upkeep-document.js';
import { describeVerification } from '../upkeep/upkeep-view.js';
import { findCreatedMs, findDeletedMs, findState, type BackupItem, type StateContext } from './backup-item.js';

const NS_PER_MS = 1_000_000n;

export interface RunningProgress {
  percent?: number;
  records: number;
  bytes: number;
}

export interface BackupContext extends StateContext {
  storage: string;
  root: string;
  progress: (item: BackupItem) => RunningProgress | undefined;
  /** Names that ids of the catalog have in /v2. */
  toId: (catalogId: string) => string;
  /** What verifications have found, by the id in the catalog. */
  findChecks: (catalogId: string) => BackupChecks | undefined;
}

/** Without details and dependents. */
export function toBackup(item: BackupItem, context: BackupContext): Backup {
  const { entry, record, id, run, routine } = item;
  const { state, reason } = findState(item, context);
  const parts = state === 'DELETED' ? [] : (entry?.parts ?? []);
  const created = new Date(findCreatedMs(item)).toISOString();
  const finished = entry?.finished ?? (record?.state === 'COMPLETED' ? record.updated : undefined);
  const deletedMs = state === 'DELETED' ? findDeletedMs(item) : undefined;
  const deleted = deletedMs === undefined ? undefined : new Date(deletedMs).toISOString();
  const progress = state === 'IN_PROGRESS' || state === 'STARTED' ? context.progress(item) : undefined;
  const type = findType(item);
  const cluster = record?.cluster ?? findClusterName(entry);
  const parent = entry?.parent === undefined ? record?.parent : context.toId(entry.parent);
  const { include, exclude } = entry?.document?.selection ?? record ?? {};
  const stored = findStoredForm(parts);
  const records = sumKnown(parts.map((part) => part.records)) ?? progress?.records;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const lower = earliest(parts.map(findLowerBound));
  const upper = entry?.modifiedBefore ?? entry?.started;
  const isSealed = record?.sealed === true || entry?.document?.sealed === true;
  const consistency = isSealed ? 'sealed' : findConsistency(parts);
  const { compression } = record ?? {};
  return {
    id,
    storage: context.storage,
    path: entry === undefined ? (run === undefined ? id : `${routine!}/${run}`) : belowRoot(context.root, entry.path),
    ...(routine === undefined ? {} : { routine }),
    ...(run === undefined ? {} : { run }),
    ...(cluster === undefined ? {} : { cluster }),
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(type === undefined ? {} : { type }),
    ...(record === undefined ? {} : { trigger: record.trigger }),
    ...(consistency === undefined ? {} : { consistency }),
    'captures-deletes': false,
    ...(parent === undefined ? {} : { parent }),
    created,
    updated: latest([created, finished, deleted, record?.updated]),
    ...(finished === undefined || state !== 'COMPLETED' ? {} : { finished }),
    ...(deleted === undefined ? {} : { deleted }),
    namespaces: [...new Set(parts.map(({ namespace }) => namespace))].filter((name) => name !== ''),
    ...(include === undefined ? {} : { include: [...include] }),
    ...(exclude === undefined ? {} : { exclude: [...exclude] }),
    ...((compression ?? stored?.compression) === undefined ? {} : { compression: compression ?? stored!.compression }),
    ...(stored === undefined ? {} : { encryption: stored.encryption }),
    ...(lower === undefined ? {} : { 'lower-bound': lower }),
    ...(upper === undefined || state === 'DELETED' ? {} : { 'upper-bound': upper }),
    ...(records === undefined ? {} : { records }),
    bytes: Math.max(bytes, progress?.bytes ?? 0),
    files: parts.reduce((sum, part) => sum + part.files, 0),
    ...(progress?.percent === undefined ? {} : { progress: Math.floor(progress.percent) }),
    held: entry?.held ?? false,
    ...(entry === undefined || state === 'DELETED' ? {} : describeVerification(context.findChecks(entry.id))),
    href: toHref(context.storage, id),
  };
}

export function toHref(storage: string, id: string): string {
  return `/v2/backups/${encodeURIComponent(storage)}/${encodeURIComponent(id)}`;
}

/** An increment of which nothing more is known holds the changes since the backup before. */
export function findType({ entry, record }: BackupItem): V2BackupType | undefined {
  if (record !== undefined) return record.type;
  if (entry?.type === undefined) return undefined;
  return entry.type === 'full' ? 'FULL' : 'DIFFERENTIAL';
}

/** The name that the cluster gives itself. */
function findClusterName(entry: CatalogEntry | undefined): string | undefined {
  const name = entry?.parts.find(({ manifest }) => manifest !== undefined)?.manifest?.cluster.name;
  return name === '' ? undefined : name;
}

function belowRoot(root: string, path: string): string {
  const start = joinPath(root, '.').replace(/\/+$/, '');
  return path.startsWith(`${start}/`) ? path.slice(start.length + 1) : path;
}

function findStoredForm(
  parts: readonly NamespacePart[],
): Required<Pick<Backup, 'compression' | 'encryption'>> | undefined {
  for (const { manifest, stored } of parts) {
    if (stored !== undefined) {
      return {
        compression: { mode: stored.compressed ? 'zstd' : 'none' },
        encryption: toEncryption(stored.encryption),
      };
    }
    if (manifest === undefined) continue;
    const { compress, encrypt } = manifest.identity;
    return { compression: { mode: compress === 'zstd' ? 'zstd' : 'none' }, encryption: toEncryption(encrypt) };
  }
  return undefined;
}

function toEncryption(mode: unknown): 'NONE' | 'AES128' | 'AES256' {
  return mode === 'aes128' ? 'AES128' : mode === 'aes256' ? 'AES256' : 'NONE';
}

/** Records that were not changed later are in an earlier backup; undefined = it holds all. */
export function findLowerBound({ manifest, stored }: NamespacePart): string | undefined {
  if (stored?.from !== undefined) return stored.from;
  const after = manifest?.identity['modified-after'];
  if (typeof after !== 'string' || !/^\d+$/.test(after)) return undefined;
  return new Date(Number(BigInt(after) / NS_PER_MS)).toISOString();
}

/** Undefined = the manifests, which tell, are not known. */
function findConsistency(parts: readonly NamespacePart[]): 'fuzzy' | 'sealed' | undefined {
  const known = parts.filter(({ manifest }) => manifest !== undefined);
  if (known.length === 0) return undefined;
  const isSealed = ({ manifest }: NamespacePart): boolean => {
    const before = manifest!.identity['modified-before'];
    return typeof before === 'string' && before !== '';
  };
  return known.length === parts.length && known.every(isSealed) ? 'sealed' : 'fuzzy';
}

function sumKnown(counts: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const count of counts) if (count !== undefined) sum = (sum ?? 0) + count;
  return sum;
}

function latest(times: readonly (string | undefined)[]): string {
  return times.filter((time) => time !== undefined).reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}

function earliest(times: readonly (string | undefined)[]): string | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => (Date.parse(a) <= Date.parse(b) ? a : b));
}
