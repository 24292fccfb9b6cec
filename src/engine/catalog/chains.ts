/**
 * Chains of backups: a full one and the increments that build on it, namespace by namespace. Nothing here reads a
 * storage: everything follows from the entries of a catalog.
 */
import type { CatalogEntry, NamespacePart } from './find-backups.js';
import type { BackupType } from './manifest.js';
import { describeSelection } from './part-selection.js';

/** What one backup has of one namespace. */
export interface ChainLink {
  entry: CatalogEntry;
  part: NamespacePart;
  type: BackupType;
  /** Absent = none is named. */
  parent?: string;
  /** When the backup was begun, milliseconds since 1970: it counts as the state at this moment. */
  startMs: number;
  /** What of the namespace it holds, in words; empty = everything. */
  selection: string;
}

/** Why a backup cannot be restored to the state of its start. */
export type BreakReason =
  /** It did not come to its end itself. */
  | 'NOT_COMPLETED'
  /** An increment without a parent: nobody knows what it builds on. */
  | 'PARENT_UNNAMED'
  | 'PARENT_MISSING'
  | 'PARENT_DELETED'
  | 'PARENT_NOT_COMPLETED'
  | 'PARENT_WITHOUT_NAMESPACE'
  /** The parent holds other sets, bins or partitions. */
  | 'PARENT_OTHER_SELECTION'
  /** The parent was begun after the increment. */
  | 'PARENT_NEWER'
  /** It builds on itself. */
  | 'CYCLE';

export interface ChainBreak {
  reason: BreakReason;
  /** Of the backup whose parent, or whose own state, is the reason. */
  at: string;
}

/** A full backup and everything that builds on it without a break. */
export interface ChainRange {
  base: ChainLink;
  /** The base and its increments, by their start: each is a moment that can be restored. */
  links: ChainLink[];
  fromMs: number;
  /** Start of the newest. A later moment is restored to the state of this one. */
  toMs: number;
}

/** Backups that cannot be restored: a moment of the gap is restored to the state before it, if there is one. */
export interface ChainGap {
  fromMs: number;
  /** Start of the next backup that can be restored; absent = there is none. */
  toMs?: number;
  broken: (ChainBreak & { link: ChainLink })[];
}

export interface NamespaceRanges {
  namespace: string;
  /** By the start of their base. */
  ranges: ChainRange[];
  /** By their time. */
  gaps: ChainGap[];
}

/**
 * The backups that make the state of `namespace` at `atMs` (milliseconds since 1970), the full one first and each
 * increment behind its parent: those of the newest backup that had begun by then and whose chain is unbroken.
 * `selection`: of backups that hold this part of the namespace (part-selection.ts). Undefined = there is none.
 */
export function findChain(
  entries: readonly CatalogEntry[],
  namespace: string,
  atMs: number,
  selection = '',
): ChainLink[] | undefined {
  const chains = new NamespaceChains(entries, namespace);
  const candidates = chains.links.filter((link) => link.startMs <= atMs && link.selection === selection);
  return chains.findNewest(candidates);
}

/** What complete backups hold of the namespace, as far as that is not everything, each once. */
export function findSelections(entries: readonly CatalogEntry[], namespace: string): string[] {
  const links = new NamespaceChains(entries, namespace).links.filter((link) => isUsable(link));
  return [...new Set(links.map(({ selection }) => selection))].filter((selection) => selection !== '');
}

/**
 * The chain of the backup `id` itself, as of findChain; or why there is none. Undefined = it does not hold the
 * namespace.
 */
export function findBackupChain(
  entries: readonly CatalogEntry[],
  namespace: string,
  id: string,
): ChainLink[] | ChainBreak | undefined {
  const chains = new NamespaceChains(entries, namespace);
  const link = chains.findLink(id);
  if (link === undefined) return undefined;
  return chains.findBreak(link) ?? chains.unfold(link);
}

/** Backups whose parent is `id` in any namespace, complete or not; none that is deleted. */
export function findChildren(entries: readonly CatalogEntry[], id: string): CatalogEntry[] {
  return entries.filter((entry) => entry.id !== id && !isDeleted(entry) && listParents(entry).includes(id));
}

/** Everything that builds on `id`, directly or not, each once and none before its parent. */
export function findDescendants(entries: readonly CatalogEntry[], id: string): CatalogEntry[] {
  const byParent = new Map<string, CatalogEntry[]>();
  for (const entry of entries) {
    if (isDeleted(entry)) continue;
    for (const parent of listParents(entry)) byParent.set(parent, [...(byParent.get(parent) ?? []), entry]);
  }
  const found = new Set<CatalogEntry>();
  const seen = new Set([id]);
  const queue = [id];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const entry of byParent.get(next) ?? []) {
      if (entry.id === id) continue;
      found.add(entry);
      if (!seen.has(entry.id)) queue.push(entry.id);
      seen.add(entry.id);
    }
  }
  return [...found];
}

/** What can be restored of each namespace, in the order of their names. Backups that are still written are left out. */
export function findRanges(entries: readonly CatalogEntry[]): NamespaceRanges[] {
  const names = new Set(entries.flatMap(({ parts }) => parts.map(({ namespace }) => namespace)));
  names.delete('');
  return [...names].sort().map((namespace) => new NamespaceChains(entries, namespace).findRanges());
}

function isDeleted(entry: CatalogEntry): boolean {
  return entry.state === 'DELETED';
}

function isUsable({ entry, part }: ChainLink): boolean {
  return part.state === 'COMPLETED' && !isDeleted(entry);
}

/** Ids of the backups that an increment builds on, in any namespace. */
export function listParents({ parent, parts }: CatalogEntry): string[] {
  const named = [parent, ...parts.flatMap((part) => [part.parent, part.manifest?.manifest?.parent])];
  return named.filter((id) => id !== undefined);
}

function toLink(entry: CatalogEntry, part: NamespacePart): ChainLink | undefined {
  const manifest = part.manifest?.manifest;
  // An increment may hold a namespace that its parent did not have: that part is full.
  const type = manifest?.type ?? entry.type;
  const unlisted = entry.kind === 'abs' ? part.parent : entry.parent;
  const parent = manifest === undefined ? unlisted : manifest.parent;
  // Of the whole backup, as lists show it, so that a moment takes all namespaces from the same one.
  const startMs = Date.parse(entry.started ?? part.started ?? '');
  if (type === undefined || Number.isNaN(startMs)) return undefined;
  const selection = describeSelection(part);
  return { entry, part, type, ...(parent === undefined ? {} : { parent }), startMs, selection };
}

/** The backups of one namespace. */
class NamespaceChains {
  readonly links: ChainLink[] = [];
  private readonly byId = new Map<string, ChainLink[]>();
  private readonly entriesById = new Map<string, CatalogEntry>();
  /** Null = unbroken. */
  private readonly breaks = new Map<ChainLink, ChainBreak | null>();
  private readonly bases = new Map<ChainLink, ChainLink>();

  constructor(
    entries: readonly CatalogEntry[],
    private readonly namespace: string,
  ) {
    for (const entry of entries) {
      this.entriesById.set(entry.id, entry);
      for (const part of entry.parts) {
        if (part.namespace !== namespace) continue;
        const link = toLink(entry, part);
        if (link === undefined) continue;
        this.links.push(link);
        this.byId.set(entry.id, [...(this.byId.get(entry.id) ?? []), link]);
      }
    }
  }

  /** Of several copies, one that can be used. */
  findLink(id: string): ChainLink | undefined {
    const copies = this.byId.get(id) ?? [];
    return copies.find((copy) => isUsable(copy)) ?? copies[0];
  }

  /** The newest of `candidates` with an unbroken chain, and its chain. */
  findNewest(candidates: readonly ChainLink[]): ChainLink[] | undefined {
    let newest: ChainLink[] = [];
    for (const link of candidates) {
      const first = newest[0];
      if (first !== undefined && link.startMs < first.startMs) continue;
      if (this.findBreak(link) !== undefined) continue;
      newest = first?.startMs === link.startMs ? [...newest, link] : [link];
    }
    // Of backups of one moment, the increment is newer than its parent. Otherwise the fewest have to be restored.
    const parents = new Set(newest.filter(({ type }) => type === 'incremental').map(({ parent }) => parent));
    const [best] = newest
      .filter(({ entry }) => !parents.has(entry.id))
      .sort((a, b) => Number(a.type !== 'full') - Number(b.type !== 'full') || (a.entry.id > b.entry.id ? -1 : 1));
    return best === undefined ? undefined : this.unfold(best);
  }

  /** The chain of a link without a break, the full one first. */
  unfold(link: ChainLink): ChainLink[] {
    const chain: ChainLink[] = [];
    for (let next: ChainLink | undefined = link; next !== undefined;) {
      chain.push(next);
      next = next.type === 'full' ? undefined : this.findLink(next.parent!);
    }
    return chain.reverse();
  }

  /** Undefined = the chain of the link is unbroken. */
  findBreak(link: ChainLink): ChainBreak | undefined {
    const path: ChainLink[] = [];
    const onPath = new Set<ChainLink>();
    let found: ChainBreak | null | undefined;
    let current = link;
    while ((found = this.breaks.get(current)) === undefined) {
      if (onPath.has(current)) {
        found = { reason: 'CYCLE', at: current.entry.id };
        break;
      }
      path.push(current);
      onPath.add(current);
      const next: ChainLink | ChainBreak | undefined = this.findParent(current);
      if (next === undefined || 'reason' in next) {
        found = next ?? null;
        break;
      }
      current = next;
    }
    for (const passed of path) this.breaks.set(passed, found);
    return found ?? undefined;
  }

  /** Undefined = it needs none. */
  private findParent(link: ChainLink): ChainLink | ChainBreak | undefined {
    const { parent, entry, startMs, selection } = link;
    const broken = (reason: BreakReason): ChainBreak => ({ reason, at: entry.id });
    if (!isUsable(link)) return broken('NOT_COMPLETED');
    if (link.type === 'full') return undefined;
    if (parent === undefined) return broken('PARENT_UNNAMED');
    const named = this.entriesById.get(parent);
    if (named === undefined) return broken('PARENT_MISSING');
    const found = this.findLink(parent);
    if (found === undefined) return broken(isDeleted(named) ? 'PARENT_DELETED' : 'PARENT_WITHOUT_NAMESPACE');
    if (found === link) return broken('CYCLE');
    if (isDeleted(found.entry)) return broken('PARENT_DELETED');
    if (!isUsable(found)) return broken('PARENT_NOT_COMPLETED');
    if (found.selection !== selection) return broken('PARENT_OTHER_SELECTION');
    if (found.startMs > startMs) return broken('PARENT_NEWER');
    return found;
  }

  findRanges(): NamespaceRanges {
    const links = this.links
      .filter(({ entry, part }) => !isDeleted(entry) && part.state !== 'IN_PROGRESS')
      .sort((a, b) => a.startMs - b.startMs);
    const byBase = new Map<ChainLink, ChainLink[]>();
    const gaps: ChainGap[] = [];
    let gap: ChainGap | undefined;
    for (const link of links) {
      const found = this.findBreak(link);
      if (found !== undefined) {
        if (gap === undefined) gaps.push((gap = { fromMs: link.startMs, broken: [] }));
        gap.broken.push({ ...found, link });
        continue;
      }
      if (gap !== undefined) gap.toMs = link.startMs;
      gap = undefined;
      const base = this.findBase(link);
      const range = byBase.get(base);
      if (range === undefined) byBase.set(base, [link]);
      else range.push(link);
    }
    const ranges = [...byBase].map(([base, members]) => ({
      base,
      links: members,
      fromMs: base.startMs,
      toMs: members.at(-1)!.startMs,
    }));
    return { namespace: this.namespace, ranges, gaps };
  }

  private findBase(link: ChainLink): ChainLink {
    const path: ChainLink[] = [];
    let base = link;
    while (base.type !== 'full') {
      path.push(base);
      base = this.bases.get(base) ?? this.findLink(base.parent!)!;
    }
    for (const passed of path) this.bases.set(passed, base);
    return base;
  }
}
