/** What `asb verify` prints of one backup. */
import { type AgainstExample, type AgainstKind, type AgainstResult } from '../../engine/catalog/verify-against.js';
import type { VerifyResult } from '../../engine/catalog/verify-backup.js';

export function formatVerifyResult({ id, problems, files, bytes, records }: VerifyResult): string {
  const read = records === undefined ? '' : `, ${records} record(s) read`;
  const checked = `${files} file(s) and ${bytes} byte(s) compared with their checksums${read}`;
  const lines = [
    `${id}: ${problems.length === 0 ? 'sound' : `${problems.length} problem(s)`}; ${checked}`,
    ...problems.map(({ path, text }) => `  ${path}: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

const LABELS: Readonly<Record<AgainstKind, string>> = {
  missing: 'Missing in the cluster',
  expired: 'Gone, as expired since',
  newer: 'Newer (higher generation)',
  older: 'Older (lower generation)',
  touched: 'Other time of expiry only',
};

/** How the records of a backup are in a cluster: counts, and the first of each kind. */
export function formatAgainst(results: readonly AgainstResult[]): string {
  return results.map(formatNamespace).join('');
}

function formatNamespace({
  namespace,
  clusterNamespace,
  records,
  equal,
  added,
  examples,
  ...counts
}: AgainstResult): string {
  const place = namespace === clusterNamespace ? namespace : `${namespace} in the namespace ${clusterNamespace}`;
  const rows: [string, number][] = [
    ['Records of the backup', records],
    ['Equal', equal],
    [LABELS.missing, counts.missing],
    [LABELS.expired, counts.expired],
    [LABELS.newer, counts.newer],
    [LABELS.older, counts.older],
    [LABELS.touched, counts.touched],
  ];
  if (added !== undefined) rows.push(['Only in the cluster', added]);
  const width = Math.max(...rows.map(([label]) => label.length)) + 1;
  const lines = rows.map(([label, value]) => `  ${`${label}:`.padEnd(width)} ${value}`);
  return `${[`Namespace ${place}`, ...lines, ...examples.map(formatExample)].join('\n')}\n`;
}

function formatExample({ kind, set, digest, backup, cluster }: AgainstExample): string {
  const describe = ({ generation, voidTime }: AgainstExample['backup']): string =>
    `generation ${generation}, void time ${voidTime}`;
  const now = cluster === undefined ? '' : `; cluster: ${describe(cluster)}`;
  return `    ${kind} ${set === '' ? '(no set)' : set} ${digest}: ${describe(backup)}${now}`;
}
