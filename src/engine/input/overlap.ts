/**
 * Several directories may hold backups of one namespace: parts of one that was divided, which have no record in
 * common, or versions of the same records, of which the last one has to count.
 */
import { dirname } from 'node:path';
import type { DecodedRecord } from '../../core/decoded-record.js';
import { partitionId, PARTITIONS } from '../../core/partition.js';
import type { FileHeader } from './header-scan.js';

/**
 * Directories whose backups are of one namespace: each has a file with the mark of a first file. One backup that was
 * spread over several directories has one such file. Files of version 3.0 have no marks. Empty = none.
 */
export function findOverlap(headers: readonly FileHeader[]): string[] {
  const byNamespace = new Map<string, Set<string>>();
  for (const { path, firstFile, namespace = '' } of headers) {
    if (!firstFile) continue;
    const directories = byNamespace.get(namespace) ?? new Set<string>();
    byNamespace.set(namespace, directories.add(dirname(path)));
  }
  const overlapping = new Set<string>();
  for (const directories of byNamespace.values()) {
    if (directories.size > 1) for (const directory of directories) overlapping.add(directory);
  }
  return [...overlapping];
}

/** Sets that have the same one of so many hash values are not told apart. */
const SET_HASHES = 256;

/** Memory of `OverlapDetector`, for all threads of a run. */
export function createOverlapMap(): SharedArrayBuffer {
  return new SharedArrayBuffer(PARTITIONS * SET_HASHES);
}

/**
 * Detects records in a partition and set of which an earlier directory had records, too: they may be other versions of
 * these. Digests are not kept, as they would need memory without bound.
 */
export class OverlapDetector {
  /** By partition and set: the number of the directory that came first; 0 = none. */
  private readonly first: Uint8Array;

  /** @param directory its number, 1 to 255 */
  constructor(
    map: SharedArrayBuffer,
    private readonly directory: number,
  ) {
    this.first = new Uint8Array(map);
  }

  /** HOT, while directories may overlap. True = an earlier directory had records of the partition and set. */
  isOverlap({ digest, setBuf, setStart, setEnd }: DecodedRecord): boolean {
    let hash = 0;
    for (let i = setStart; i < setEnd; i++) hash = (Math.imul(hash, 31) + setBuf[i]!) | 0;
    const at = partitionId(digest, 0) * SET_HASHES + ((hash ^ (hash >>> 8)) & (SET_HASHES - 1));
    const { first, directory } = this;
    if (first[at] === 0) first[at] = directory;
    return first[at] !== directory;
  }
}
