/** Where a routine keeps what it backs up: the layout of ABS, the same in all storages. */
import { joinPath } from '../../storage/paths.js';

export type BackupType = 'full' | 'incremental';

/** Adds a time for people to the names of runs. */
export type TimestampFormat = 'ISO' | 'EU' | 'US';

export const DATA_DIRECTORY = 'data';
export const CONFIGURATION_DIRECTORY = 'configuration';
/** Of a routine, by the type of what they hold. */
export const TYPE_DIRECTORIES = { full: 'backup', incremental: 'incremental' } as const;

const RUN = /^(\d{13})(?:_.*)?$/;
const ATTEMPT = /^(.+)\.(\d+)$/;
const CONFIGURATION = /^aerospike_(\d+)\.conf$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** The directory of all runs of a routine of one type. `root` is the path of the storage. */
export function runDirectory(root: string, routine: string, type: BackupType): string {
  return joinPath(joinPath(root, routine), TYPE_DIRECTORIES[type]);
}

/** The directory of the run that was begun at `timestampMs` (milliseconds since 1970). */
export function runPath(
  root: string,
  routine: string,
  type: BackupType,
  timestampMs: number,
  format?: TimestampFormat,
): string {
  return joinPath(runDirectory(root, routine, type), formatRunName(timestampMs, format));
}

export function formatRunName(timestampMs: number, format?: TimestampFormat): string {
  const name = String(timestampMs).padStart(13, '0');
  return format === undefined ? name : `${name}_${formatForPeople(timestampMs, format)}`;
}

function formatForPeople(timestampMs: number, format: TimestampFormat): string {
  const [date, time] = new Date(timestampMs).toISOString().slice(0, 19).split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  const clock = time.replaceAll(':', '-');
  const monthName = MONTHS[Number(month) - 1]!;
  switch (format) {
    case 'ISO':
      return `${date}T${clock}`;
    case 'EU':
      return `${day}-${monthName}-${year}-${clock}`;
    case 'US':
      return `${monthName}-${day}-${year}-${clock}`;
  }
}

/** When the run was begun, in milliseconds since 1970; undefined = it is no name of a run. */
export function parseRunName(name: string): number | undefined {
  const match = RUN.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** `attempt`: 1 for the first; the others have folders of their own. */
export function namespacePath(run: string, namespace: string, attempt: number): string {
  const name = attempt <= 1 ? namespace : `${namespace}.${attempt}`;
  return joinPath(joinPath(run, DATA_DIRECTORY), name);
}

/**
 * The namespace of a folder and the attempt that wrote it. Names of namespaces may end in a number, too: the metadata
 * of the folder tells which it is.
 */
export function parseNamespaceFolder(name: string): { namespace: string; attempt: number } {
  const match = ATTEMPT.exec(name);
  const attempt = Number(match?.[2] ?? 1);
  return match === null || attempt < 2 ? { namespace: name, attempt: 1 } : { namespace: match[1]!, attempt };
}

/** The configuration of the node with this index, from 0. */
export function configurationPath(run: string, index: number): string {
  return joinPath(joinPath(run, CONFIGURATION_DIRECTORY), `aerospike_${index}.conf`);
}

/** The index of a node's configuration; undefined = it is none. */
export function parseConfigurationName(name: string): number | undefined {
  const match = CONFIGURATION.exec(name);
  return match === null ? undefined : Number(match[1]);
}
