/** A cluster that changes or fails while it is backed up: every record once, or a failure that says what is missing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../src/aerospike/cluster/cluster.js';
import { ResultCode } from '../../src/aerospike/protocol/constants.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill, start, startFilled, texts, type Filled } from '../support/backup.js';
import { readBackup, readRecords, scratch } from '../support/target.js';

const RECORDS = 6000;
/** Spreads a scan over about two seconds. */
const SLOWLY = ['-L', '3000'];

const work = scratch();
afterAll(() => work.remove());

let count = 0;
function freshPath(): string {
  return join(work.path, `run${count++}`);
}

/** Throws if a record is there twice. */
function backedUp(path: string): Set<string> {
  return new Set(readRecords(readBackup(path)).keys());
}

describe('three nodes with two copies of everything', () => {
  let filled: Filled;
  let cluster: InMemoryCluster;
  beforeAll(async () => {
    filled = await startFilled(RECORDS, { nodes: 3, replicationFactor: 2 });
    cluster = filled.cluster;
  });
  afterEach(() => {
    for (const node of cluster.nodes) {
      expect(node.failures).toEqual([]);
      node.clearFaults();
    }
  });
  afterAll(() => cluster.stop());

  async function expectComplete(args: string[], meanwhile: () => Promise<void> = () => Promise.resolve()) {
    const path = freshPath();
    const running = start(cluster, ['-d', path, ...args]);
    await running.until(/Starting backup for/);
    await meanwhile();
    const { code, stderr } = await running.done;
    expect(code, stderr).toBe(0);
    expect(backedUp(path)).toEqual(filled.digests);
    expect(stderr).toContain(`Backed up ${RECORDS} record(s)`);
    return stderr;
  }

  it.each([1, 4])('are backed up by %i worker(s), every record once', async (workers) => {
    const stderr = await expectComplete(['-w', String(workers)]);
    expect(stderr).toContain('Processing 3 node(s)');
    // 12 000 objects in all, each counted twice (asbackup.md 12, fault 25).
    expect(stderr).toContain(`Namespace test contains ${RECORDS} record(s)`);
  });

  it('lose a node in mid-scan', async () => {
    await expectComplete(['-w', '2', ...SLOWLY], async () => {
      await sleep(400);
      await cluster.stopNode(1);
    });
    await cluster.restartNode(1);
  });

  it('lose a node whose partitions nobody takes over, and its replicas serve', async () => {
    const stderr = await expectComplete(['-w', '2', ...SLOWLY], async () => {
      await cluster.stopNode(2, false);
    });
    expect(stderr).toContain('again: ');
    await cluster.restartNode(2);
  });

  it('get a node back in mid-scan', async () => {
    await cluster.stopNode(1);
    await expectComplete(['-w', '2', ...SLOWLY], async () => {
      await sleep(400);
      await cluster.restartNode(1);
    });
  });

  it('move partitions about all the time', async () => {
    let moving = true;
    const move = async () => {
      for (let round = 0; moving; round++) {
        const some = Array.from({ length: 400 }, (_, i) => (round * 331 + i * 7) % 4096);
        cluster.movePartitions(some, round % 3);
        await sleep(30);
      }
    };
    const mover = move();
    await expectComplete(['-w', '3', ...SLOWLY, '--max-retries', '50']);
    moving = false;
    await mover;
  });

  it('cut their connections', async () => {
    await expectComplete(['-w', '2', ...SLOWLY], async () => {
      for (let i = 0; i < 6; i++) {
        await sleep(150);
        cluster.nodes[i % 3]!.dropConnections();
      }
    });
  });

  it('cut a connection inside a record', async () => {
    for (const node of cluster.nodes) node.injectFaults({ cut: { afterBytes: 50_001, times: 3 } });
    await expectComplete(['-w', '2']);
  });

  it('have a slow node', async () => {
    cluster.nodes[1]!.injectFaults({ delayMs: 400 });
    await expectComplete(['-w', '2']);
  });

  it('have a node that falls silent', async () => {
    cluster.nodes[1]!.injectFaults({ hangAfterFrames: 12 });
    await expectComplete(['-w', '2', '--socket-timeout', '400', '--max-retries', '20']);
  });

  it('have a node that refuses some partitions', async () => {
    const results = new Map([0, 7, 8, 9, 300, 4095].map((pid) => [pid, ResultCode.PARTITION_UNAVAILABLE]));
    cluster.nodes[0]!.injectFaults({ partitionResults: results });
    await expectComplete(['-w', '2']);
  });

  it('say which partitions nobody serves', async () => {
    const results = new Map([7, 8, 9, 300, 4095].map((pid) => [pid, ResultCode.PARTITION_UNAVAILABLE]));
    for (const node of cluster.nodes) node.injectFaults({ partitionResults: results });
    const path = freshPath();
    const { code, stderr } = await start(cluster, ['-d', path, '--max-retries', '2', '--stall-timeout', '3']).done;
    expect(code).toBe(1);
    const lines = texts(stderr);
    expect(lines.at(-1)).toMatch(/^ERR 5 partition\(s\) could not be read \(7-9, 300, 4095\): .* is incomplete after/);
    expect(lines.at(-2)).toMatch(/^INF Backed up \d+ record\(s\), 0 secondary index\(es\)/);
    expect(stderr).toMatch(/Backup of 4096 partitions from 0 to 4095 interrupted, records: \d+, size: /);
  });

  it('do not get a directory for a backup that cannot begin', async () => {
    for (const node of cluster.nodes) {
      node.injectFaults({ partitionResults: new Map([[0, ResultCode.PARTITION_UNAVAILABLE]]) });
    }
    const path = freshPath();
    const { code, stderr } = await start(cluster, ['-d', path, '--max-retries', '1', '--stall-timeout', '3']).done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toMatch(
      /^ERR 1 partition\(s\) could not be read \(0\).*nothing was created or deleted/,
    );
    expect(existsSync(path)).toBe(false);
  });

  it('end a backup at an error that does not pass', async () => {
    const path = freshPath();
    const running = start(cluster, ['-d', path, ...SLOWLY]);
    await running.until(/Starting backup for/);
    // The scan has begun at the first node.
    cluster.nodes[2]!.injectFaults({ scanEnd: { result: ResultCode.SCAN_ABORT, afterRows: 100 } });
    const { code, stderr } = await running.done;
    expect(code).toBe(1);
    expect(texts(stderr).at(-1)).toMatch(
      /^ERR The scan on .* failed: the scan was aborted on the server \(code 15\)\. The/,
    );
  });

  it('share a low rate without running into the socket timeout', async () => {
    // Each of eight workers gets five records a second, with 60 ms patience.
    const args = ['-X', '0-64', '-w', '8', '-L', '40', '--socket-timeout', '60', '--max-retries', '0'];
    const path = freshPath();
    const { code, stderr, ms } = await start(cluster, ['-d', path, ...args]).done;
    expect(code, stderr).toBe(0);
    const expected = [...filled.digests].filter((text) => (Buffer.from(text, 'base64').readUInt16LE() & 4095) < 64);
    expect(backedUp(path)).toEqual(new Set(expected));
    expect(ms).toBeGreaterThan(1000);
  });

  it.each([
    [10, 1],
    [10, 4],
    [5, 8],
    [RECORDS + 1, 1],
  ])('give exactly --max-records %i to %i workers', async (most, workers) => {
    const path = freshPath();
    const { code, stderr } = await start(cluster, ['-d', path, '-M', String(most), '-w', String(workers)]).done;
    expect(code, stderr).toBe(0);
    expect(backedUp(path).size).toBe(Math.min(most, RECORDS));
  });

  it('are backed up node by node', async () => {
    const address = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
    const [a, b, c] = cluster.nodes.map(address);
    const one = freshPath();
    const first = await start(cluster, ['-d', one, '-l', a!]).done;
    expect(first.code, first.stderr).toBe(0);
    expect(texts(first.stderr)[0]).toContain(`Starting backup of ${a!} (`);
    expect(first.stderr).toContain('Processing 1 node(s)');
    const rest = freshPath();
    const second = await start(cluster, ['-d', rest, '-l', `${b!},${c!}`, '-w', '5']).done;
    expect(second.code, second.stderr).toBe(0);
    const [here, there] = [backedUp(one), backedUp(rest)];
    expect(here.size).toBeGreaterThan(RECORDS / 5);
    expect(here.size + there.size).toBe(RECORDS);
    expect(new Set([...here, ...there])).toEqual(filled.digests);
    expect(readdirSync(rest).length).toBeLessThanOrEqual(5);
  });

  it('refuse a node list that names a stranger, or a node twice', async () => {
    const { host, port } = cluster.nodes[0]!;
    const path = freshPath();
    const stranger = await start(cluster, ['-d', path, '-l', `${host}:${port},10.1.2.3:3000`]).done;
    expect(stranger.code).toBe(1);
    expect(texts(stranger.stderr).at(-1)).toMatch(/^ERR 10\.1\.2\.3:3000 is not a node of this cluster/);
    const twice = await start(cluster, ['-d', path, '-l', `${host}:${port},${host}:${port}`]).done;
    expect(twice.code).toBe(1);
    expect(texts(twice.stderr).at(-1)).toMatch(/are the same node/);
    expect(existsSync(path)).toBe(false);
  });

  it('are known by every address they tell', async () => {
    const [a, b] = cluster.nodes;
    b!.injectFaults({ infoAnswers: new Map([['service-clear-std', '10.9.8.7:3100,[fd00::1]:3200']]) });
    const path = freshPath();
    const list = `${a!.host}:${a!.port},[fd00:0::1]:3200`;
    const { code, stderr } = await start(cluster, ['-d', path, '-l', list]).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Processing 2 node(s)');
  });

  it('serve from the preferred rack where they can', async () => {
    cluster.nodes.forEach((node, i) =>
      node.injectFaults({ infoAnswers: new Map([['rack-ids', `test:${i + 1};restored:9`]]) }),
    );
    const options = { seeds: [cluster.seed], servicesAlternate: false, connectTimeoutMs: 2000, infoTimeoutMs: 2000 };
    const client = await Cluster.connect({ ...options, preferRacks: [3, 2] });
    try {
      const names = cluster.nodes.map((node) => node.name);
      for (let partition = 0; partition < 4096; partition++) {
        const asked = [0, 1, 2].map((failures) => {
          const [node] = client.assignPartitions('test', [partition], new Uint8Array(4096).fill(failures)).keys();
          return names.indexOf(node!.name);
        });
        const holders = [0, 1, 2].filter((node) => cluster.partitionMap.ownsPartition(node, partition));
        // Rack 3 is node 2, rack 2 node 1; every holder has its turn.
        expect(asked.slice(0, 2)).toEqual(holders.toSorted((x, y) => y - x));
        expect(asked[2]).toBe(asked[0]);
      }
      expect(client.nodesWithoutRack('test')).toEqual([]);
    } finally {
      client.close();
    }
    await expectComplete(['-w', '2', '--prefer-racks', '3,2']);
  });

  it('say so when they do not tell their racks', async () => {
    const stderr = await expectComplete(['--prefer-racks', '1']);
    expect(stderr).toMatch(
      /Warning: --prefer-racks cannot choose node\(s\) \w+, \w+, \w+, which do not tell their rack/,
    );
  });

  it('differ in their replication factor, and each counts by its own', async () => {
    cluster.nodes[1]!.injectFaults({
      infoAnswers: new Map([['namespace/test', 'objects=1000;effective_replication_factor=1']]),
    });
    cluster.nodes[2]!.injectFaults({
      infoAnswers: new Map([['namespace/test', 'objects=600;effective_replication_factor=3']]),
    });
    cluster.nodes[0]!.injectFaults({
      infoAnswers: new Map([['namespace/test', 'objects=500;effective_replication_factor=2']]),
    });
    const { code, stderr } = await start(cluster, ['-e']).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Namespace test contains 1450 record(s)');
    expect(stderr).toContain('Warning: the nodes differ in their replication factor');
  });

  it('count sets, and records without one', async () => {
    const other = await InMemoryCluster.start({ nodes: 3, replicationFactor: 2 });
    try {
      fill(other, 100, 'a');
      fill(other, 40, 'b');
      fill(other, 7, '');
      const lines = async (...args: string[]) => {
        const { code, stderr } = await start(other, ['-e', ...args]).done;
        expect(code, stderr).toBe(0);
        return stderr;
      };
      expect(await lines('-s', 'a')).toContain('Set a contains 100 record(s)');
      expect(await lines('-s', 'a,b')).toContain('Sets a,b contain 140 record(s)');
      expect(await lines('-s', ',b')).toContain('Sets ,b contain 47 record(s)');
      expect(await lines('-s', '')).toContain('Namespace test contains 147 record(s)');
    } finally {
      await other.stop();
    }
  });
});
