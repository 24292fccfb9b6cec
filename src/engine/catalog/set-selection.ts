/** Which sets of which namespaces a backup is to hold. */
import type { BackupSelection } from './backup-document.js';
import { CatalogError } from './errors.js';

/** Without `set`, the whole namespace. The empty set is that of records without one. */
export interface SetReference {
  namespace: string;
  set?: string;
}

/** What a run reads of one namespace. */
export interface SetSelection {
  /** Empty = all. */
  sets: string[];
  excludedSets: string[];
}

/** As the documents of backups have it: `ns.set` or `ns`, each once. */
export function toBackupSelection(include: readonly SetReference[], exclude: readonly SetReference[]): BackupSelection {
  const format = (references: readonly SetReference[]): string[] => [
    ...new Set(references.map(({ namespace, set }) => (set === undefined ? namespace : `${namespace}.${set}`))),
  ];
  return {
    ...(include.length === 0 ? {} : { include: format(include).sort() }),
    ...(exclude.length === 0 ? {} : { exclude: format(exclude).sort() }),
  };
}

/** Of all namespaces of a cluster, those that something is left of. */
export function selectNamespaces(namespaces: readonly string[], selection: BackupSelection): string[] {
  return namespaces.filter((namespace) => selectSets(namespace, selection) !== undefined);
}

/**
 * What the selection leaves of a namespace; undefined = nothing. With `include`, only what it names is taken, of all
 * namespaces.
 */
export function selectSets(namespace: string, { include, exclude = [] }: BackupSelection): SetSelection | undefined {
  const isOwn = (reference: SetReference): boolean => reference.namespace === namespace;
  const excluded = exclude.map(parseReference).filter(isOwn);
  if (excluded.some(({ set }) => set === undefined)) return undefined;
  const excludedSets = excluded.map(({ set }) => set!);
  const included = include?.map(parseReference).filter(isOwn);
  if (included === undefined || included.some(({ set }) => set === undefined)) return { sets: [], excludedSets };
  const sets = included.map(({ set }) => set!).filter((set) => !excludedSets.includes(set));
  return sets.length === 0 ? undefined : { sets, excludedSets: [] };
}

/** Throws CatalogError CATALOG_SELECTION if a namespace of the selection is not one of the backup. */
export function checkSelection(namespaces: readonly string[], { include = [], exclude = [] }: BackupSelection): void {
  const unknown = [...include, ...exclude].find((text) => !namespaces.includes(parseReference(text).namespace));
  if (unknown === undefined) return;
  const text = `"${unknown}" is of no namespace of the backup; these are ${namespaces.join(', ')}`;
  throw new CatalogError('CATALOG_SELECTION', text);
}

/** The first point ends the namespace: names of sets may hold points. */
function parseReference(text: string): SetReference {
  const point = text.indexOf('.');
  return point < 0 ? { namespace: text } : { namespace: text.slice(0, point), set: text.slice(point + 1) };
}
