import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Cluster } from '../../../src/aerospike/cluster/cluster.js';
import { ClusterError } from '../../../src/aerospike/errors.js';
import type { ClusterEvent } from '../../../src/core/cluster-events.js';
import { FakeNode } from '../../support/fake-node.js';

const HALF = Buffer.concat([Buffer.alloc(256, 0xff), Buffer.alloc(256)]).toString('base64');
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A node with half of the partitions that names the given peers, whose addresses lead nowhere. */
async function connect(
  peers: string,
  connectTimeoutMs = 5000,
): Promise<{ cluster: Cluster; events: ClusterEvent[]; node: FakeNode }> {
  const info = { replicas: `test:0,1,${HALF}`, 'peers-clear-std': `1,3000,[${peers}]` };
  const node = await FakeNode.start({ info });
  cleanUps.push(() => node.stop());
  const events: ClusterEvent[] = [];
  const cluster = await Cluster.connect(
    {
      seeds: [{ host: '127.0.0.1', port: node.port }],
      servicesAlternate: false,
      connectTimeoutMs,
      infoTimeoutMs: 5000,
    },
    undefined,
    (event) => events.push(event),
  );
  cleanUps.push(() => {
    cluster.close();
  });
  return { cluster, events, node };
}

async function silentPort(onConnection: () => void = () => undefined): Promise<number> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('half of the records are not missed because a node cannot be reached', () => {
  it('node that refuses connections is named with its address, before anything is written', async () => {
    const { cluster, events } = await connect('[B2,,[127.0.0.1:1]]');
    expect(events).toEqual([
      {
        type: 'cluster.node-unreachable',
        node: 'B2',
        addresses: ['127.0.0.1:1'],
        reason: 'Cannot connect to 127.0.0.1:1: ECONNREFUSED',
      },
    ]);
    expect(() => {
      cluster.checkReachable('test');
    }).toThrow(ClusterError);
    expect(() => {
      cluster.checkReachable('test');
    }).toThrow(
      /^1 of 2 nodes cannot be reached, and no other holds 2048 partition\(s\) of namespace test: B2 at 127\.0\.0\.1:1 \(Cannot connect/,
    );
  });

  it('several silent nodes cost one timeout together', async () => {
    const ports = await Promise.all([silentPort(), silentPort(), silentPort(), silentPort()]);
    const startedAt = performance.now();
    const peers = ports.map((port, i) => `[C${i},,[127.0.0.1:${port}]]`).join(',');
    const { cluster } = await connect(peers, 2000);
    expect(cluster.unreachableNodes.map(({ name }) => name)).toEqual(['C0', 'C1', 'C2', 'C3']);
    expect(performance.now() - startedAt).toBeLessThan(4 * 2000);
  });

  it('worker thread, node that was silent for the main thread, is told its name and does not dial it', async () => {
    let dialed = 0;
    const port = await silentPort(() => dialed++);
    const { cluster } = await connect(`[B2,,[127.0.0.1:${port}]]`, 500);
    const passed = structuredClone(cluster.optionsForWorker);
    const inWorker = await Cluster.connect({ ...passed, connectTimeoutMs: 60_000 });
    cleanUps.push(() => {
      inWorker.close();
    });
    expect(inWorker.unreachableNodes).toEqual(cluster.unreachableNodes);
    expect(dialed).toBe(1);
  });

  it('node that was silent gets one second at every later discovery, and is used when it answers', async () => {
    let answers = false;
    const other = await FakeNode.start({ name: 'B2', onConnection: () => answers });
    cleanUps.push(() => other.stop());
    const { cluster } = await connect(`[B2,,[127.0.0.1:${other.port}]]`, 500);
    const options = { ...cluster.optionsForWorker, connectTimeoutMs: 60_000, infoTimeoutMs: 60_000 };
    const inWorker = await Cluster.connect(options);
    cleanUps.push(() => {
      inWorker.close();
    });
    await inWorker.refresh();
    expect(inWorker.unreachableNodes[0]?.reason).toMatch(/ (?:sent nothing for|within) (?:\d{1,3}|1000) ms$/);
    answers = true;
    await inWorker.refresh();
    expect(inWorker.nodes.map(({ name }) => name)).toEqual(['A1', 'B2']);
  });

  it('address that answers as another node is not used', async () => {
    const other = await FakeNode.start({ name: 'X9' });
    cleanUps.push(() => other.stop());
    const { cluster } = await connect(`[B2,,[127.0.0.1:${other.port}]]`);
    expect(cluster.nodes).toHaveLength(1);
    expect(cluster.unreachableNodes[0]?.reason).toMatch(/is node X9, not B2$/);
  });

  it('cluster whose other nodes hold all partitions is used without the lost one', async () => {
    const other = await FakeNode.start({ name: 'B2' });
    cleanUps.push(() => other.stop());
    const { cluster } = await connect(`[B2,,[127.0.0.1:${other.port}]],[B3,,[127.0.0.1:1]]`);
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['A1', 'B2']);
    expect(() => {
      cluster.checkReachable('test');
    }).not.toThrow();
  });
});
