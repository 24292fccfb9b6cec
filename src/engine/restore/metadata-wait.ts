/**
 * How the shards of a restore go after the first one, without a word between them: what that one restores before its
 * records, the indexes and modules of the backup, is to be found on the cluster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { listSindexes } from '../../aerospike/commands/sindex.js';
import { listUdfs } from '../../aerospike/commands/udf.js';
import { ToolError } from '../../core/errors.js';
import type { EmitEvent } from '../../core/events.js';
import type { MetadataEntry, Sindex } from '../../core/sindex.js';
import { isSameSindex, NULL_SET, targetSindex, type MetadataConfig } from './metadata.js';

/** Absent a configuration: Slurm may begin the first task much later than another. */
export const DEFAULT_METADATA_WAIT_MS = 600_000;
const POLL_MS = 1000;

/** What a shard expects to find on the cluster. */
export class ExpectedMetadata {
  private readonly sindexes: Sindex[] = [];
  private readonly modules = new Set<string>();

  constructor(private readonly config: MetadataConfig) {}

  /** Takes note of an index or module that the first shard restores before its records. */
  add(entry: MetadataEntry, fileNamespace: string | undefined): void {
    const { noIndexes, noUdfs, indexesLast } = this.config;
    if (entry.kind === 'udf') {
      if (!noUdfs) this.modules.add(entry.name);
      return;
    }
    if (noIndexes || indexesLast) return;
    const target = targetSindex(entry.sindex, fileNamespace, this.config);
    // An index of the set "null" comes last.
    if (typeof target === 'object' && target.set !== NULL_SET) this.sindexes.push(target);
  }

  /** Settles when everything is there. Throws ToolError SHARD_WAIT after `limitMs`, and the signal's reason. */
  async wait(cluster: Cluster, limitMs: number, emit: EmitEvent, signal: AbortSignal): Promise<void> {
    const end = performance.now() + limitMs;
    for (let isFirst = true; ; isFirst = false) {
      const missing = await this.findMissing(cluster);
      if (missing.length === 0) return;
      if (isFirst) emit({ type: 'shard.waiting', missing });
      if (performance.now() >= end) {
        const text = `Of the indexes and UDF modules of the backup, these are not on the cluster: ${missing.join(', ')}`;
        throw new ToolError('SHARD_WAIT', text, { hint: 'restore-first-shard' });
      }
      await sleep(Math.min(POLL_MS, limitMs), undefined, { signal });
    }
  }

  /** Names. */
  private async findMissing(cluster: Cluster): Promise<string[]> {
    const missing: string[] = [];
    for (const namespace of new Set(this.sindexes.map((sindex) => sindex.namespace))) {
      const { sindexes: found } = await listSindexes(cluster, namespace);
      for (const wanted of this.sindexes.filter((sindex) => sindex.namespace === namespace)) {
        if (!found.some((each) => each.name === wanted.name && isSameSindex(each, wanted))) missing.push(wanted.name);
      }
    }
    if (this.modules.size > 0) {
      const found = new Set(await listUdfs(cluster));
      missing.push(...[...this.modules].filter((name) => !found.has(name)));
    }
    return missing;
  }
}
