/** The official client against the in-memory node: what it can do with a real one, it can do here. */
import Aerospike, { type Client } from 'aerospike';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTarget, type Target } from '../support/target.js';

const { Key, GeoJSON, Double, lists, maps, operations, exp } = Aerospike;

const CREATE = new Aerospike.WritePolicy({ exists: Aerospike.policy.exists.CREATE });

describe.each([
  ['one node', []],
  ['three nodes', ['--nodes', '3', '--replication-factor', '2']],
])('%s', (_, serverArgs) => {
  let target: Target;
  let client: Client;
  beforeAll(async () => {
    target = await openTarget(serverArgs);
    client = target.client;
    await target.empty();
  });
  afterAll(() => target.close());

  test('put, get, exists, remove', async () => {
    const key = new Key('test', 'client', 'k1');
    await client.put(
      key,
      {
        i: -5,
        d: new Double(2.5),
        s: 'strüng',
        b: Buffer.from([1, 2, 3]),
        t: true,
        l: [1, 'a', { x: 1 }],
        m: { b: [2], a: 1 },
        g: new GeoJSON({ type: 'Point', coordinates: [1, 2] }),
      },
      { ttl: 1000 },
    );
    const record = await client.get(key);
    expect(record.bins).toEqual({
      i: -5,
      d: 2.5,
      s: 'strüng',
      b: Buffer.from([1, 2, 3]),
      t: true,
      l: [1, 'a', { x: 1 }],
      m: { a: 1, b: [2] },
      g: '{"type":"Point","coordinates":[1,2]}',
    });
    expect(record.gen).toBe(1);
    expect(record.ttl).toBeGreaterThan(990);
    expect(await client.exists(key)).toBe(true);
    await client.remove(key);
    expect(await client.exists(key)).toBe(false);
    await expect(client.get(key)).rejects.toMatchObject({ code: 2 });
  });

  test('generation and existence policies', async () => {
    const key = new Key('test', 'client', 'gen');
    await client.put(key, { a: 1 }, { gen: 1 }, CREATE);
    await expect(client.put(key, { a: 1 }, {}, CREATE)).rejects.toMatchObject({
      code: 5,
    });
    const eq = new Aerospike.WritePolicy({ gen: Aerospike.policy.gen.EQ });
    await expect(client.put(key, { a: 2 }, { gen: 7 }, eq)).rejects.toMatchObject({ code: 3 });
    await client.put(key, { a: 2 }, { gen: 1 }, eq);
    expect((await client.get(key)).gen).toBe(2);
  });

  test('operate on scalars, lists and maps', async () => {
    const key = new Key('test', 'client', 'ops');
    await client.put(key, { i: 1, s: 'b', l: [3, 1, 2], m: { a: 1 } });
    const scalars = await client.operate(key, [
      operations.incr('i', 5),
      operations.append('s', 'c'),
      operations.prepend('s', 'a'),
      operations.read('i'),
      operations.read('s'),
    ]);
    expect(scalars.bins).toEqual({ i: 6, s: 'abc' });
    const list = await client.operate(key, [
      lists.append('l', 9),
      lists.getByIndexRange('l', 1, 2, lists.returnType.VALUE),
    ]);
    expect(list.bins.l).toEqual([1, 2]);
    const map = await client.operate(key, [
      maps.put('m', 'q', 7, new Aerospike.MapPolicy({ order: maps.order.KEY_ORDERED })),
      maps.getByKey('m', 'q', maps.returnType.VALUE),
    ]);
    expect(map.bins.m).toBe(7);
    expect((await client.get(key)).bins).toMatchObject({ l: [3, 1, 2, 9], m: { a: 1, q: 7 } });
  });

  test('batches', async () => {
    const keys = Array.from({ length: 200 }, (_unused, i) => new Key('test', 'batch', i));
    const written = await client.batchWrite(
      keys.map((key, i) => ({
        type: Aerospike.batchType.BATCH_WRITE,
        key,
        ops: [operations.write('n', i)],
      })),
    );
    expect(written.every(({ status }) => status === 0)).toBe(true);
    const read = await client.batchRead(
      [...keys, new Key('test', 'batch', 'none')].map((key) => ({ key, readAllBins: true })),
    );
    expect(read.map(({ status }) => status)).toEqual([...keys.map(() => 0), 2]);
    expect(read[17]!.record.bins).toEqual({ n: 17 });
    await client.batchRemove(keys.slice(0, 50));
    const left = await client.batchRead(keys.map((key) => ({ key, readAllBins: false })));
    expect(left.filter(({ status }) => status === 0)).toHaveLength(150);
  });

  test('scan, query, filter expressions', async () => {
    await client.truncate('test', 'scan', 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 100; i++) await client.put(new Key('test', 'scan', i), { i, even: i % 2 });
    expect(await client.query('test', 'scan').results()).toHaveLength(100);
    const filtered = await client
      .query('test', 'scan')
      .results(new Aerospike.QueryPolicy({ filterExpression: exp.lt(exp.binInt('i'), exp.int(10)) }));
    expect(filtered).toHaveLength(10);
    await client
      .createIntegerIndex({ ns: 'test', set: 'scan', bin: 'i', index: 'idx_scan_i' })
      .then((job) => job.wait());
    const query = client.query('test', 'scan', { filters: [Aerospike.filter.range('i', 20, 29)] });
    expect((await query.results()).map((record) => record.bins.i).sort()).toEqual(
      Array.from({ length: 10 }, (_unused, i) => 20 + i),
    );
    await client.indexRemove('test', 'idx_scan_i');
    const page = client.query('test', 'scan', { paginate: true, maxRecords: 30 });
    let total = 0;
    do total += (await page.results()).length;
    while (page.hasNextPage());
    expect(total).toBe(100);
  });

  test('UDF modules and truncation', async () => {
    await client.put(new Key('test', 'gone', 1), { a: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await client.truncate('test', 'gone', 0);
    expect(await client.exists(new Key('test', 'gone', 1))).toBe(false);
    expect(await client.infoAny('udf-list')).toMatch(/^udf-list\t/);
  });
});
