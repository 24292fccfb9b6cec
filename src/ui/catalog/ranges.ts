/** What `asb ranges` prints: what of each namespace can be restored, and when. */
import type { BreakReason, ChainBreak, ChainGap, ChainLink, NamespaceRanges } from '../../engine/catalog/chains.js';
import { formatTime } from './list.js';
import { formatTable } from './table.js';

/** What is wrong with the backup that is named before. */
const REASONS: Readonly<Record<BreakReason, string>> = {
  NOT_COMPLETED: 'is not complete',
  PARENT_UNNAMED: 'is incremental and names no parent',
  PARENT_MISSING: 'has a parent that is not there',
  PARENT_DELETED: 'has a parent that was deleted',
  PARENT_NOT_COMPLETED: 'has a parent that is not complete',
  PARENT_WITHOUT_NAMESPACE: 'has a parent without this namespace',
  PARENT_OTHER_SELECTION: 'has a parent that holds other sets or bins',
  PARENT_NEWER: 'has a parent that was begun later',
  CYCLE: 'builds on itself',
};

/** One line for each unbroken chain and each gap, in the order of their times. */
export function formatRanges(namespaces: readonly NamespaceRanges[]): string {
  const rows: string[][] = [];
  const notes: (string | undefined)[] = [];
  for (const { namespace, ranges, gaps } of namespaces) {
    const lines = [
      ...ranges.map(({ base, links, fromMs, toMs }) => ({
        fromMs,
        cells: ['range', time(fromMs), time(toMs), links.map(({ entry }) => entry.id).join(' ')],
        note: base.selection === '' ? undefined : `holds ${base.selection}`,
      })),
      ...gaps.map((gap) => ({
        fromMs: gap.fromMs,
        cells: ['gap', time(gap.fromMs), time(gap.toMs), gap.broken.map(({ link }) => link.entry.id).join(' ')],
        note: gap.broken.map(describeBroken).join('; '),
      })),
    ];
    for (const { cells, note } of lines.sort((a, b) => a.fromMs - b.fromMs)) {
      rows.push([namespace, ...cells]);
      notes.push(note);
    }
  }
  if (rows.length === 0) return 'Nothing can be restored to a moment: there is no backup with a manifest.\n';
  return formatTable(['NAMESPACE', '', 'FROM', 'TO', 'BACKUPS'], rows, { notes });
}

export function formatRangesJson(namespaces: readonly NamespaceRanges[]): string {
  return `${JSON.stringify(namespaces.map(toJson), undefined, 1)}\n`;
}

function toJson({ namespace, ranges, gaps }: NamespaceRanges): object {
  return {
    namespace,
    ranges: ranges.map(({ base, links, fromMs, toMs }) => ({
      from: iso(fromMs),
      to: iso(toMs),
      base: base.entry.id,
      ...(base.selection === '' ? {} : { selection: base.selection }),
      backups: links.map(toJsonLink),
    })),
    gaps: gaps.map(({ fromMs, toMs, broken }) => ({
      from: iso(fromMs),
      ...(toMs === undefined ? {} : { to: iso(toMs) }),
      broken: broken.map(({ link, reason, at }) => ({ ...toJsonLink(link), reason, at })),
    })),
  };
}

function toJsonLink({ entry, type, parent, startMs }: ChainLink): object {
  return { id: entry.id, type, ...(parent === undefined ? {} : { parent }), start: iso(startMs) };
}

/** The reason may lie with a backup that it builds on. */
function describeBroken({ link, reason, at }: ChainBreak & ChainGap['broken'][number]): string {
  const { id } = link.entry;
  const fault = `${at} ${REASONS[reason]}`;
  return at === id ? fault : `${id} builds on ${at}, and ${fault}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function time(ms: number | undefined): string {
  return ms === undefined ? '' : formatTime(iso(ms));
}
