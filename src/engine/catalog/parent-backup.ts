/** The backup that an incremental one builds on: whether it can be one, and from which time on changes are read. */
import { joinPath } from '../../storage/paths.js';
import type { StorageAccess } from '../../storage/registry.js';
import { createIdentity } from '../backup/checkpoint/identity.js';
import type { BackupConfig } from '../backup/config.js';
import { CatalogError } from './errors.js';
import { readBackup, type CatalogEntry, type NamespacePart } from './find-backups.js';
import { findCoveredUntil } from './manifest.js';
import { describeIdentity, describeSelection } from './part-selection.js';

/**
 * Changes are read from so long before the start of the parent: nodes write the time of a change by their own clocks,
 * which may be behind that of the machine that made the parent. Records that were changed meanwhile are in both.
 */
export const SAFETY_OVERLAP_MS = 10_000;

const NS_PER_MS = 1_000_000n;

/** The backup `id` below `root`. Throws CatalogError CATALOG_PARENT unless it is complete. */
export async function readParent(root: string, id: string, storages: StorageAccess): Promise<CatalogEntry> {
  const path = joinPath(root, id);
  let parent: CatalogEntry;
  try {
    parent = await readBackup(path, storages);
  } catch (error) {
    if (!(error instanceof CatalogError) || error.code !== 'CATALOG_NOT_FOUND') throw error;
    throw new CatalogError('CATALOG_PARENT', `There is no backup ${id} in ${root} to build on`, { cause: error });
  }
  if (parent.id !== id) {
    throw new CatalogError('CATALOG_PARENT', `The backup at ${path} is ${parent.id}, not ${id}`);
  }
  if (parent.state !== 'COMPLETED') {
    const text = `The backup ${id} is ${parent.state}: only on one that is COMPLETED another can build`;
    throw new CatalogError('CATALOG_PARENT', text);
  }
  return parent;
}

/**
 * From which time on a run has to read changes, in nanoseconds since 1970. `clockLeadMs`: by how much the clock of this
 * machine is ahead of those of the nodes. Throws CatalogError CATALOG_PARENT if the parent does not hold what the run
 * is to hold.
 */
export function findModifiedAfter(parent: CatalogEntry, run: BackupConfig, clockLeadMs: number): bigint {
  const { namespace } = run;
  const part = findPart(parent, namespace);
  const held = describeSelection(part);
  const wanted = describeIdentity(createIdentity(run), undefined);
  if (held !== wanted) {
    const [before, now] = [held, wanted].map((text) => (text === '' ? 'everything' : text));
    const text = `The backup ${parent.id} has of the namespace ${namespace}: ${before!}; this one would have: ${now!}`;
    throw new CatalogError('CATALOG_PARENT', text);
  }
  const startMs = Date.parse(findCoveredUntil(part.manifest!.manifest!));
  return BigInt(startMs - SAFETY_OVERLAP_MS - clockLeadMs) * NS_PER_MS;
}

function findPart({ id, parts }: CatalogEntry, namespace: string): NamespacePart {
  const part = parts.find((each) => each.namespace === namespace && each.manifest !== undefined);
  if (part !== undefined) return part;
  throw new CatalogError('CATALOG_PARENT', `The backup ${id} does not have the namespace ${namespace}`);
}
