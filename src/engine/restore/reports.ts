/** What a restore reports about its records when all are written. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { countObjects, readNamespaceClock } from '../../aerospike/commands/namespace.js';
import { ToolError } from '../../core/errors.js';
import type { EmitEvent } from '../../core/events.js';
import type { RestoreCounts } from './config.js';
import type { WorkerResult } from './worker-protocol.js';

/** Records that were written otherwise than they are in the backup, or not written. */
export function reportChangedRecords(
  results: readonly WorkerResult[],
  { existed, fresher, inDoubt }: RestoreCounts,
  emit: EmitEvent,
): void {
  const sum = (key: 'ttlsCut' | 'persistBitsCleared' | 'sorted' | 'generationZero'): number =>
    results.reduce((total, result) => total + result[key], 0);
  const reports = [
    ['records.ttl-cut', sum('ttlsCut')],
    ['records.persist-cleared', sum('persistBitsCleared')],
    ['records.sorted', sum('sorted')],
    ['records.fresher', fresher],
    ['records.existed', existed],
    ['records.in-doubt', inDoubt],
    ['records.generation-zero', sum('generationZero')],
  ] as const;
  for (const [type, records] of reports) if (records > 0) emit({ type, records });
}

/**
 * Warns of counts that do not fit together: most records have expired, as with a wrong clock of this host; or more
 * records were inserted than a namespace has, as when one input replaced records of another. Never rejects.
 */
export async function reportSuspiciousCounts(
  { records, expired, inserted }: RestoreCounts,
  namespaces: readonly string[],
  cluster: Cluster,
  emit: EmitEvent,
): Promise<void> {
  try {
    const [namespace] = namespaces;
    if (namespace === undefined) return;
    if (expired * 2 > records) {
      const serverMs = await readNamespaceClock(cluster, namespace);
      const clockAheadS = serverMs === undefined ? undefined : Math.round((Date.now() - serverMs) / 1000);
      emit({ type: 'records.expired', records, expired, ...(clockAheadS === undefined ? {} : { clockAheadS }) });
    }
    if (inserted === 0) return;
    let objects = 0;
    for (const name of namespaces) {
      for (const node of await countObjects(cluster, name, [])) {
        // The counts of the nodes make no sum then.
        if (node.isMigrating) return;
        objects += node.objects / Math.max(1, node.replicationFactor ?? 1);
      }
    }
    if (inserted > Math.ceil(objects)) {
      emit({ type: 'records.replaced', inserted, objects: Math.ceil(objects), namespaces });
    }
  } catch (error) {
    // Statistics that cannot be read make no restore fail.
    if (!(error instanceof ToolError)) throw error;
  }
}
