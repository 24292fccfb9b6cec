/** What `asb show` prints. */
import type { CatalogEntry, NamespacePart } from '../../engine/catalog/find-backups.js';
import { formatTime, sumBytes, sumRecords, toJson } from './list.js';
import { formatTable } from './table.js';

export function formatBackup(entry: CatalogEntry): string {
  const { parts, document } = entry;
  const lines = formatFields([
    ['Backup', entry.id],
    ['Path', entry.path],
    ['State', entry.state],
    ['Reason', entry.reason],
    ['Type', entry.type],
    ['Parent', entry.parent],
    ['Started', formatTime(entry.started)],
    ['Finished', formatTime(entry.finished)],
    ['Include', document?.selection.include?.join(' ')],
    ['Exclude', document?.selection.exclude?.join(' ')],
    ['Held', entry.held ? 'yes' : undefined],
    ['Records', formatNumber(sumRecords(parts))],
    ['Bytes', formatNumber(sumBytes(parts))],
  ]);
  return [...lines, ...parts.flatMap((part) => ['', ...formatPart(part)])].join('\n') + '\n';
}

export function formatBackupJson(entry: CatalogEntry): string {
  const namespaces = entry.parts.map(({ manifest, ...part }) => ({
    ...part,
    ...(manifest === undefined
      ? {}
      : {
          selection: manifest.identity,
          cluster: manifest.cluster,
          serverVersion: manifest.manifest?.serverVersion,
          toolVersion: manifest.manifest?.version,
          sindexes: manifest.counters.sindexes,
          udfs: manifest.counters.udfs,
          fileList: manifest.files.map(({ name, bytes, records, blocks }) => ({ name, bytes, records, blocks })),
        }),
  }));
  return `${JSON.stringify({ ...toJson(entry), namespaces }, undefined, 1)}\n`;
}

function formatPart(part: NamespacePart): string[] {
  const { manifest } = part;
  const fields: [string, string | undefined][] = [
    ['Namespace', part.namespace === '' ? '? (not known without reading the files)' : part.namespace],
    ['Path', part.path],
    ['State', part.state],
    ['Reason', part.reason],
    ['Shards', formatShards(part.shards)],
  ];
  if (manifest === undefined) return formatFields([...fields, ['Files', String(part.files)]]);
  const { identity, cluster, counters, files } = manifest;
  const selection = Object.entries(identity)
    .filter(([name, value]) => !['namespace', 'target'].includes(name) && value !== '' && value !== false)
    .map(([name, value]) => `${name}=${String(value)}`);
  const lines = formatFields([
    ...fields,
    ['Cluster', cluster.name === '' ? cluster.nodes.join(', ') : `${cluster.name} (${cluster.nodes.join(', ')})`],
    ['Server', manifest.manifest?.serverVersion],
    ['Tool', manifest.manifest?.version],
    ['Selection', selection.join(' ')],
    ['Indexes', String(counters.sindexes)],
    ['Modules', String(counters.udfs)],
  ]);
  if (files.length === 0) return lines;
  const rows = files.map(({ name, bytes, records, blocks = [] }) => [
    name === '[output]' ? part.path : name,
    String(records),
    String(bytes),
    String(blocks.length),
  ]);
  const table = formatTable(['FILE', 'RECORDS', 'BYTES', 'CHECKSUMS'], rows, { rightAligned: [1, 2, 3] });
  return [...lines, '', ...table.trimEnd().split('\n')];
}

/** How many are complete, and which others were begun. */
function formatShards(shards: NamespacePart['shards']): string | undefined {
  if (shards === undefined) return undefined;
  const complete = shards.begun.filter(({ state }) => state === 'COMPLETED').length;
  const others = shards.begun
    .filter(({ state }) => state !== 'COMPLETED')
    .map(({ index, state }) => `${index} ${state}`);
  return [`${complete} of ${shards.count} complete`, ...others].join(', ');
}

function formatFields(fields: readonly (readonly [string, string | undefined])[]): string[] {
  return fields
    .filter((field) => field[1] !== undefined && field[1] !== '')
    .map(([label, value]) => `${`${label}:`.padEnd(11)}${value!}`);
}

function formatNumber(value: number | undefined): string {
  return value === undefined ? '?' : String(value);
}
