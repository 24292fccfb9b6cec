/** What `asb --service` prints of the documents of the service. */
import { formatTime } from './list.js';
import { formatTable } from './table.js';

/** The shapes are those of the documents of /v2 (src/service/v2/schema). */
interface ShownBackup {
  id: string;
  state: string;
  reason?: string;
  type?: string;
  parent?: string;
  routine?: string;
  created: string;
  namespaces: readonly string[];
  records?: number;
  bytes: number;
  files: number;
  held: boolean;
  'hold-reason'?: string;
  dependents?: readonly string[];
  details?: readonly ShownDetail[];
}

interface ShownDetail {
  namespace: string;
  partitions?: string;
  state: string;
  records?: number;
  bytes?: number;
  files?: number;
  reason?: string;
}

interface ShownJob {
  id: string;
  state: string;
  verify?: {
    sound: boolean;
    files: number;
    bytes: number;
    records?: number;
    problems: readonly { path: string; text: string }[];
  };
  copy?: { storage: string; backup: string; files: number; bytes: number };
  restore?: {
    'read-records': number;
    'inserted-records': number;
    'existed-records': number;
    'fresher-records': number;
  };
}

interface ShownPlan {
  namespaces: readonly {
    namespace: string;
    target: string;
    'as-of'?: string;
    backups: readonly { id: string }[];
    records?: number;
    bytes: number;
  }[];
  later: readonly string[];
  refusals: readonly { message: string }[];
}

interface ShownTimeline {
  namespaces: readonly {
    namespace: string;
    routine?: string;
    ranges: readonly { from: string; to: string; base: string; points: readonly { id: string }[] }[];
    gaps: readonly { from: string; to?: string; broken: readonly { id: string; reason: string }[] }[];
  }[];
}

const HEADINGS = ['ID', 'STATE', 'TYPE', 'PARENT', 'STARTED', 'NAMESPACES', 'RECORDS', 'BYTES'];

/** One line for each backup; the reason of what went wrong below its line. */
export function formatBackupTable(backups: readonly ShownBackup[]): string {
  if (backups.length === 0) return 'There are no backups.\n';
  const rows = backups.map(({ id, held, state, type, parent, created, namespaces, records, bytes }) => [
    id + (held ? ' (held)' : ''),
    state,
    type ?? '',
    parent ?? '',
    formatTime(created),
    namespaces.join(),
    formatCount(records),
    String(bytes),
  ]);
  return formatTable(HEADINGS, rows, { rightAligned: [6, 7], notes: backups.map(({ reason }) => reason) });
}

/** A backup, and below it its namespaces and ranges of partitions. */
export function formatBackup(backup: ShownBackup): string {
  const { held, dependents = [], details = [] } = backup;
  const lines = [
    ...(held ? [`Held${backup['hold-reason'] === undefined ? '' : `: ${backup['hold-reason']}`}\n`] : []),
    ...(dependents.length > 0 ? [`These build on it: ${dependents.join(', ')}\n`] : []),
  ];
  const rows = details.map(({ namespace, partitions, state, records, bytes, files }) => [
    namespace,
    partitions ?? '',
    state,
    formatCount(records),
    formatCount(bytes),
    formatCount(files),
  ]);
  const headings = ['NAMESPACE', 'PARTITIONS', 'STATE', 'RECORDS', 'BYTES', 'FILES'];
  const notes = details.map(({ reason }) => reason);
  const table = rows.length === 0 ? '' : `\n${formatTable(headings, rows, { rightAligned: [3, 4, 5], notes })}`;
  return formatBackupTable([backup]) + lines.join('') + table;
}

export function formatVerifyJob({ id, verify }: ShownJob): string {
  if (verify === undefined) return `Job ${id}\n`;
  const { sound, files, bytes, records, problems } = verify;
  const read = records === undefined ? '' : `, ${records} record(s)`;
  const verdict = sound ? 'sound' : `${problems.length} problem(s)`;
  return [
    ...problems.map(({ path, text }) => `${path}: ${text}\n`),
    `${files} file(s), ${bytes} bytes${read}: ${verdict}\n`,
  ].join('');
}

export function formatCopyJob({ id, copy }: ShownJob): string {
  if (copy === undefined) return `Job ${id}\n`;
  return `${copy.files} file(s), ${copy.bytes} bytes are at ${copy.storage}/${copy.backup}\n`;
}

export function formatRestoreJob({ id, restore }: ShownJob): string {
  if (restore === undefined) return `Job ${id}\n`;
  const counts = [
    `${restore['read-records']} record(s) read`,
    `${restore['inserted-records']} written`,
    `${restore['existed-records']} existed`,
    `${restore['fresher-records']} newer in the cluster`,
  ];
  return `${counts.join(', ')}\n`;
}

export function formatRestorePlan({ namespaces, later, refusals }: ShownPlan): string {
  const rows = namespaces.map(({ namespace, target, 'as-of': asOf, backups, records, bytes }) => [
    namespace,
    target,
    formatTime(asOf),
    formatCount(records),
    String(bytes),
    backups.map(({ id }) => id).join(' '),
  ]);
  const headings = ['NAMESPACE', 'INTO', 'STATE OF', 'RECORDS', 'BYTES', 'BACKUPS'];
  return [
    formatTable(headings, rows, { rightAligned: [3, 4] }),
    ...later.map((namespace) => `Namespace ${namespace} is left out: its first backup was begun later\n`),
    ...refusals.map(({ message }) => `The restore would be refused: ${message}\n`),
  ].join('');
}

/** One line for each range and each gap. */
export function formatTimeline({ namespaces }: ShownTimeline): string {
  const rows = namespaces.flatMap(({ namespace, routine = '', ranges, gaps }) =>
    [
      ...ranges.map(({ from, to, points }) => ({ from, to, what: 'range', ids: points.map(({ id }) => id) })),
      ...gaps.map(({ from, to, broken }) => ({ from, to, what: 'gap', ids: broken.map(({ id }) => id) })),
    ]
      .sort((a, b) => a.from.localeCompare(b.from))
      .map(({ from, to, what, ids }) => [namespace, routine, what, formatTime(from), formatTime(to), ids.join(' ')]),
  );
  if (rows.length === 0) return 'Nothing can be restored to a moment.\n';
  return formatTable(['NAMESPACE', 'ROUTINE', '', 'FROM', 'TO', 'BACKUPS'], rows);
}

function formatCount(count: number | undefined): string {
  return count === undefined ? '?' : String(count);
}
