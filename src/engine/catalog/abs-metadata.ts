/** `metadata.yaml`: what the Aerospike Backup Service writes last into the folder of a namespace. */
import { errorMessage } from '../../core/errors.js';
import type { EncryptionMode } from '../../codecs/key.js';
import type { Storage } from '../../storage/storage.js';
import { CatalogError } from './errors.js';

export const ABS_METADATA_NAME = 'metadata.yaml';
const MAX_METADATA_BYTES = 1 << 20;

/** How the files of a namespace are stored. */
export interface AbsStoredForm {
  compressed: boolean;
  encryption?: EncryptionMode;
  /** Of an increment: the start of the run since which changes are in it. */
  from?: string;
}

/** Times are ISO 8601 in UTC. */
export interface AbsMetadata extends AbsStoredForm {
  namespace: string;
  /** The start of the run. */
  created: string;
  /** Absent = not known. */
  finished?: string;
  records: number;
  /** As they are stored. */
  bytes: number;
  files: number;
  sindexes: number;
  udfs: number;
}

/** Throws CatalogError CATALOG_DAMAGED, StorageError. */
export async function readAbsMetadata(file: string, storage: Storage): Promise<AbsMetadata> {
  return parseAbsMetadata(await storage.readSmall(file, 'the metadata'), file);
}

/** `file` names it in errors. Throws CatalogError CATALOG_DAMAGED. */
export async function parseAbsMetadata(bytes: Buffer, file: string): Promise<AbsMetadata> {
  const damaged = (what: string): CatalogError => new CatalogError('CATALOG_DAMAGED', `${file} is damaged: ${what}`);
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
    sindexes: count('secondary-index-count'),
    udfs: count('udf-count'),
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
