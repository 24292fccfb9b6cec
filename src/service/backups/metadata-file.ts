/** `metadata.yaml` of a namespace: written last, so that the namespace is complete exactly when it is there. */
import { ABS_METADATA_NAME, readAbsMetadata, type AbsMetadata } from '../../engine/catalog/abs-metadata.js';
import type { Storage } from '../../storage/storage.js';

export const METADATA_NAME = ABS_METADATA_NAME;

/** Times are ISO 8601 in UTC. */
export type BackupMetadata = AbsMetadata;

/** What full backups have in place of a lower bound. */
const NO_BOUND = '0001-01-01T00:00:00Z';

/** The whole file appears in one step; one that exists is replaced. `path` is that of the file. Throws StorageError. */
export async function writeMetadata(path: string, metadata: BackupMetadata, storage: Storage): Promise<void> {
  await storage.writeSmall(path, formatMetadata(metadata), 'the metadata');
}

/** `path` is that of the file. Throws CatalogError CATALOG_DAMAGED, StorageError. */
export function readMetadata(path: string, storage: Storage): Promise<BackupMetadata> {
  return readAbsMetadata(path, storage);
}

export function formatMetadata(metadata: BackupMetadata): string {
  const { created, finished, from, namespace, records, bytes, files, sindexes, udfs, compressed, encryption } =
    metadata;
  const fields: Record<string, string | number | undefined> = {
    created: formatTime(created),
    finished: finished === undefined ? undefined : formatTime(finished),
    from: from === undefined ? NO_BOUND : formatTime(from),
    namespace: formatText(namespace),
    'record-count': records,
    'byte-count': bytes,
    'file-count': files,
    'secondary-index-count': sindexes,
    'udf-count': udfs,
    compression: compressed ? 'ZSTD' : 'NONE',
    encryption: encryption?.toUpperCase() ?? 'NONE',
  };
  return Object.entries(fields)
    .map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\n`))
    .join('');
}

/** RFC 3339 without a fraction of zeros, as ABS writes it. */
export function formatTime(time: string): string {
  return new Date(time).toISOString().replace(/\.(\d*?)0*Z$/, (_all, digits: string) => {
    return digits === '' ? 'Z' : `.${digits}Z`;
  });
}

/** Quoted where YAML would read a number, a word of its own or something else. */
function formatText(text: string): string {
  return /^[A-Za-z][\w-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
