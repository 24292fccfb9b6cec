/** What `asb diff` prints. */
import type { Difference, DiffResult } from '../../engine/catalog/diff.js';

const BIN_MARKS = { added: '+', removed: '-', changed: '~' } as const;

/** One line for a record: what has become of it, where it is, and the bins that differ. */
export function formatDifference(difference: Difference): string {
  const { kind, namespace, set, digest, setChanged, keyChanged, bins } = difference;
  const place = set.length === 0 ? namespace : `${namespace}.${set.toString()}`;
  const parts = bins.map(({ name, change }) => BIN_MARKS[change] + name.toString());
  if (setChanged) parts.push('(set)');
  if (keyChanged) parts.push('(key)');
  return `${[kind, place, digest.toString('hex'), ...parts].join(' ')}\n`;
}

export function formatDifferenceJson(difference: Difference): string {
  const { set, digest, bins, ...rest } = difference;
  const names = bins.map(({ name, change }) => ({ name: name.toString(), change }));
  return `${JSON.stringify({ ...rest, set: set.toString(), digest: digest.toString('hex'), bins: names })}\n`;
}

export function formatDiff({ records, added, removed, changed, touched, equal, repeated }: DiffResult): string {
  const rows: [string, number][] = [
    ['Records of A', records.before],
    ['Records of B', records.after],
    ['Added', added],
    ['Removed', removed],
    ['Changed', changed],
    ['Touched (generation or expiry only)', touched],
    ['Equal', equal],
  ];
  if (repeated.before > 0) rows.push(['Older versions in A, not compared', repeated.before]);
  if (repeated.after > 0) rows.push(['Older versions in B, not compared', repeated.after]);
  const width = Math.max(...rows.map(([label]) => label.length)) + 1;
  return rows.map(([label, value]) => `${`${label}:`.padEnd(width)} ${value}\n`).join('');
}
