import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/aerospike/cluster/cluster.js';
import type { EngineEvent } from '../../../src/core/events.js';
import { reportSuspiciousCounts } from '../../../src/engine/restore/reports.js';

/** A cluster whose nodes have these statistics of the namespace. */
function createCluster(...nodes: readonly string[]): Cluster {
  const infoAll = (): Promise<unknown> => Promise.resolve(nodes.map((value, node) => ({ node, value })));
  return { nodes, infoAll } as unknown as Cluster;
}

async function report(inserted: number, cluster: Cluster): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  const counts = { records: inserted, expired: 0, inserted } as Parameters<typeof reportSuspiciousCounts>[0];
  await reportSuspiciousCounts(counts, ['test'], cluster, (event) => events.push(event));
  return events;
}

describe('reportSuspiciousCounts', () => {
  const half = 'objects=500;effective_replication_factor=2';

  it('reports more records than the namespace has', async () => {
    expect(await report(600, createCluster(half, half))).toEqual([
      { type: 'records.replaced', inserted: 600, objects: 500, namespaces: ['test'] },
    ]);
  });

  it('reports nothing if the namespace has them', async () => {
    expect(await report(500, createCluster(half, half))).toEqual([]);
  });

  for (const direction of ['tx', 'rx']) {
    it(`reports nothing while a node has partitions to ${direction === 'tx' ? 'send' : 'receive'}: they are not counted yet`, async () => {
      const moving = `${half};migrate_${direction}_partitions_remaining=7`;
      expect(await report(600, createCluster(half, moving))).toEqual([]);
      expect(await report(600, createCluster(half, moving.replace('=7', '=0')))).toHaveLength(1);
    });
  }
});
