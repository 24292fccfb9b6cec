/** Faults on request: other suites rely on the in-memory node to fail exactly as told. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { InMemoryNode } from '../../src/node/node.js';
import { Field, Info2, Op } from '../../src/aerospike/protocol/constants.js';
import { Particle } from '../../src/core/particle.js';
import { ALL_PARTITIONS, WireClient, digest, field, int, message, op, parseScan } from '../support/node.js';

describe('a misbehaving node', () => {
  let cluster: InMemoryCluster;
  let node: InMemoryNode;
  const open: WireClient[] = [];
  beforeAll(async () => {
    cluster = await InMemoryCluster.start();
    node = cluster.nodes[0]!;
    for (let i = 0; i < 1000; i++) {
      cluster
        .store('test')
        .putRaw('s', digest(i % 50, i), undefined, 1, 0, [
          { name: 'b', type: Particle.BLOB, value: Buffer.alloc(1000) },
        ]);
    }
  });
  afterEach(() => {
    node.clearFaults();
    for (const client of open.splice(0)) client.close();
  });
  afterAll(() => cluster.stop());

  async function connect(): Promise<WireClient> {
    const client = await WireClient.open(cluster.seed);
    open.push(client);
    return client;
  }
  const write = (n: number): Buffer =>
    message({
      info2: Info2.WRITE,
      fields: [field(Field.NAMESPACE, 'restored'), field(Field.SET, 's'), field(Field.DIGEST, digest(1, n))],
      ops: [op(Op.WRITE, Particle.INTEGER, 'a', int(n))],
    });

  test('cuts a connection after so many bytes of data, so many times', async () => {
    node.injectFaults({ cut: { afterBytes: 100_000, times: 1 } });
    const first = await connect();
    expect(await first.info('status')).toBe('ok');
    const received = first.bytesReceived;
    await expect(first.many(parseScan(ALL_PARTITIONS))).rejects.toThrow();
    expect(first.bytesReceived - received).toBe(100_000);
    const second = await connect();
    expect((await second.many(parseScan(ALL_PARTITIONS))).rows).toHaveLength(1000);
  });

  test('cuts only the k-th connection', async () => {
    node.injectFaults({ cut: { afterBytes: 0, connection: 2 } });
    expect((await (await connect()).many(parseScan([1]))).rows).toHaveLength(20);
    await expect((await connect()).many(parseScan([1]))).rejects.toThrow();
    expect((await (await connect()).many(parseScan([1]))).rows).toHaveLength(20);
  });

  test('fails every n-th row, done or not', async () => {
    const client = await connect();
    const results = async (): Promise<number[]> => {
      const found: number[] = [];
      for (let n = 0; n < 6; n++) found.push((await client.one(write(n))).result);
      return found;
    };
    node.injectFaults({ row: { every: 3, result: 18 } });
    expect(await results()).toEqual([0, 0, 18, 0, 0, 18]);
    expect(cluster.store('restored').objects).toBe(4);
    node.injectFaults({ row: { every: 3, result: 9, applied: true, times: 1 } });
    expect(await results()).toEqual([0, 0, 9, 0, 0, 0]);
    expect(cluster.store('restored').objects).toBe(6);
  });

  test('marks partitions, ends or refuses scans', async () => {
    const client = await connect();
    node.unavailable.add(3);
    node.injectFaults({ partitionResults: new Map([[4, 9]]) });
    const { rows } = await client.many(parseScan([2, 3, 4]));
    expect(rows.filter(({ info3 }) => info3 === 4).map(({ generation, result }) => [generation, result])).toEqual([
      [3, 11],
      [4, 9],
    ]);
    expect(rows).toHaveLength(22);
    node.injectFaults({ scanEnd: { result: 15, afterRows: 7, times: 1 } });
    const ended = await client.many(parseScan([1]));
    expect([ended.rows.length, ended.last.result]).toEqual([7, 15]);
    node.injectFaults({ scanStart: { result: 22, times: 1 } });
    expect(await client.one(parseScan([1]))).toMatchObject({ result: 22, info3: 0 });
    expect((await client.many(parseScan([1]))).rows).toHaveLength(20);
  });

  test('answers late', async () => {
    node.injectFaults({ delayMs: 100 });
    const client = await connect();
    const started = Date.now();
    await client.one(write(1));
    expect(Date.now() - started).toBeGreaterThanOrEqual(95);
  });

  test('falls silent', async () => {
    node.injectFaults({ hangAfterFrames: 1 });
    const client = await connect();
    expect(await client.info('status')).toBe('ok');
    const silent = await Promise.race([
      client.info('status'),
      new Promise((resolve) => setTimeout(resolve, 150, 'silence')),
    ]);
    expect(silent).toBe('silence');
  });

  test('refuses connections, lies about info, reads slowly', async () => {
    node.injectFaults({ infoAnswers: new Map([['udf-put', 'error=compile_error']]), readPauseMs: 1 });
    const client = await connect();
    expect(await client.info('udf-put:filename=a.lua;')).toBe('error=compile_error');
    expect(await client.info('status')).toBe('ok');
    node.injectFaults({ refuseConnections: true });
    expect(await (await connect()).frame()).toBeUndefined();
  });
});
