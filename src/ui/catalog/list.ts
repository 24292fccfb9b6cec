/** What `asb list` prints. */
import type { CatalogEntry, NamespacePart } from '../../engine/catalog/find-backups.js';
import { formatTable } from './table.js';

const HEADINGS = ['ID', 'STATE', 'TYPE', 'PARENT', 'STARTED', 'NAMESPACES', 'RECORDS', 'BYTES'];

/** One line for each backup; the reason of what went wrong below its line. */
export function formatEntryTable(entries: readonly CatalogEntry[]): string {
  if (entries.length === 0) return 'There are no backups.\n';
  const rows = entries.map((entry) => [
    entry.id + (entry.held ? ' (held)' : ''),
    entry.state,
    entry.type ?? '',
    entry.parent ?? '',
    formatTime(entry.started),
    listNamespaces(entry.parts),
    formatCount(sumRecords(entry.parts)),
    String(sumBytes(entry.parts)),
  ]);
  const notes = entries.map(({ reason }) => reason);
  return formatTable(HEADINGS, rows, { rightAligned: [6, 7], notes });
}

export function formatEntriesJson(entries: readonly CatalogEntry[]): string {
  return `${JSON.stringify(entries.map(toJson), undefined, 1)}\n`;
}

/** What programs get of an entry: the same names as in the documents. */
export function toJson(entry: CatalogEntry): object {
  const { parts, path, kind, document, ...rest } = entry;
  return {
    ...rest,
    path,
    kind,
    records: sumRecords(parts),
    bytes: sumBytes(parts),
    ...(document === undefined ? {} : { selection: document.selection }),
    namespaces: parts.map((part) => ({ ...part, manifest: undefined })),
  };
}

/** Undefined = not known of one of them. */
export function sumRecords(parts: readonly NamespacePart[]): number | undefined {
  let sum = 0;
  for (const { records } of parts) {
    if (records === undefined) return undefined;
    sum += records;
  }
  return parts.length === 0 ? undefined : sum;
}

export function sumBytes(parts: readonly NamespacePart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

function listNamespaces(parts: readonly NamespacePart[]): string {
  return parts.map(({ namespace }) => (namespace === '' ? '?' : namespace)).join(',');
}

function formatCount(count: number | undefined): string {
  return count === undefined ? '?' : String(count);
}

/** To the second, in UTC. */
export function formatTime(text: string | undefined): string {
  return text === undefined ? '' : `${text.slice(0, 19).replace('T', ' ')}Z`;
}
