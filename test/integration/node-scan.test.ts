/** Scans, queries, info commands and clusters of several nodes on the wire. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { Field, Info1, Op } from '../../src/aerospike/protocol/constants.js';
import { Particle } from '../../src/core/particle.js';
import { partitionId } from '../../src/core/partition.js';
import { ALL_PARTITIONS, WireClient, digest, field, int, op, parseScan, type Reply } from '../support/node.js';

const RECORDS = 3000;
const PIDS_IN_USE = 64;

function fill(cluster: InMemoryCluster, records = RECORDS): void {
  for (let i = 0; i < records; i++) {
    const set = i % 3 === 0 ? '' : i % 3 === 1 ? 'one' : 'two';
    cluster
      .store('test')
      .putRaw(set, digest(i % PIDS_IN_USE, Math.imul(i, 0x9e3779b1) >>> 0), undefined, 1, 0, [
        { name: 'i', type: Particle.INTEGER, value: Buffer.from(int(i), 'hex') },
        ...(i % 2 === 0 ? [{ name: 's', type: Particle.STRING, value: Buffer.from(`v${i % 5}`) }] : []),
      ]);
  }
}

const createDigest = (row: Reply): string => row.fields.find((one) => one.startsWith('4:'))!.slice(2);

describe('one node', () => {
  let cluster: InMemoryCluster;
  let client: WireClient;
  beforeAll(async () => {
    cluster = await InMemoryCluster.start();
    fill(cluster);
    client = await WireClient.open(cluster.seed);
  });
  afterAll(async () => {
    client.close();
    await cluster.stop();
    expect(cluster.nodes[0]!.failures).toEqual([]);
  });

  test('every record comes once, descending in its partition, LAST in a proto of its own', async () => {
    const { rows, last, frames } = await client.many(parseScan(ALL_PARTITIONS));
    expect(rows).toHaveLength(RECORDS);
    expect(last).toMatchObject({ info3: 1, result: 0 });
    expect(frames.at(-1)).toHaveLength(30);
    const seen = new Map<number, string>();
    for (const row of rows) {
      const hex = createDigest(row);
      const pid = partitionId(Buffer.from(hex, 'hex'), 0);
      expect(hex < (seen.get(pid) ?? 'g')).toBe(true);
      seen.set(pid, hex);
    }
  });

  test('a scan goes on after a digest, whether or not that record exists', async () => {
    const { rows } = await client.many(parseScan([5]));
    const at = rows[10]!;
    const resume = async (after: Buffer): Promise<string[]> => {
      const frame = parseScan([], { fields: [field(Field.DIGEST_ARRAY, after)] });
      return (await client.many(frame)).rows.map(createDigest);
    };
    const rest = rows.slice(11).map(createDigest);
    expect(await resume(Buffer.from(createDigest(at), 'hex'))).toEqual(rest);
    const between = Buffer.from(createDigest(at), 'hex');
    between[19] = 0;
    between[18] = 1;
    expect(await resume(between)).toEqual([createDigest(at), ...rest]);
    expect(await resume(digest(5, 0))).toEqual([]);
  });

  test('set, bins, no bins, limit, filter', async () => {
    const count = async (frame: Buffer): Promise<number> => (await client.many(frame)).rows.length;
    expect(await count(parseScan(ALL_PARTITIONS, { fields: [field(Field.SET, 'one')] }))).toBe(RECORDS / 3);
    expect(await count(parseScan(ALL_PARTITIONS, { fields: [field(Field.SET, 'none')] }))).toBe(0);
    const selected = await client.many(parseScan(ALL_PARTITIONS, { ops: [op(Op.READ, 0, 's')] }));
    expect(selected.rows).toHaveLength(RECORDS / 2);
    expect(new Set(selected.rows.map((row) => row.ops.length))).toEqual(new Set([1]));
    const noBins = await client.many(parseScan(ALL_PARTITIONS, { info1: Info1.READ | Info1.GET_NO_BINS }));
    expect(noBins.rows).toHaveLength(RECORDS);
    expect(noBins.rows[0]).toMatchObject({ info1: Info1.GET_NO_BINS, ops: [] });
    const limit = field(Field.MAX_RECORDS, Buffer.from(int(10), 'hex'));
    expect(await count(parseScan(ALL_PARTITIONS, { fields: [limit] }))).toBe(10);
    const filter = field(Field.FILTER, Buffer.from('9305935102a16964', 'hex'));
    expect(await count(parseScan(ALL_PARTITIONS, { fields: [filter] }))).toBe(100);
    expect(await count(parseScan(ALL_PARTITIONS, { fields: [filter, limit] }))).toBe(10);
  });

  test('expired records are left out', async () => {
    cluster.store('restored').putRaw('', digest(1, 1), undefined, 1, cluster.clock.nowS() + 5, []);
    cluster.store('restored').putRaw('', digest(1, 2), undefined, 1, cluster.clock.nowS() - 5, []);
    expect((await client.many(parseScan([1], { namespace: 'restored' }))).rows).toHaveLength(1);
  });

  test('rows per second are kept to', async () => {
    const started = Date.now();
    const rate = Buffer.alloc(4);
    rate.writeUInt32BE(200);
    const { rows } = await client.many(parseScan([0, 1], { fields: [field(Field.RECORDS_PER_SECOND, rate)] }));
    expect(Date.now() - started).toBeGreaterThan((rows.length / 200) * 1000 - 100);
  });

  test.each<[string, number, Buffer]>([
    ['no partitions', 16, parseScan([])],
    ['no permission to leave markers out', 16, parseScan([1], { info3: 0 })],
    ['the same partition twice', 4, parseScan([1, 1])],
    ['a partition that doesn’t exist', 4, parseScan([4096])],
    ['a partition also covered by a digest', 4, parseScan([1], { fields: [field(Field.DIGEST_ARRAY, digest(1, 1))] })],
    ['a digest array of the wrong size', 4, parseScan([], { fields: [field(Field.DIGEST_ARRAY, Buffer.alloc(19))] })],
    ['an empty partition array', 4, parseScan([], { fields: [field(Field.PID_ARRAY, Buffer.alloc(0))] })],
    ['a bad filter', 4, parseScan([1], { fields: [field(Field.FILTER, Buffer.from([1]))] })],
    ['an unknown namespace', 20, parseScan([1], { namespace: 'nope' })],
    [
      'a short query with a rate',
      4,
      parseScan([1], {
        info1: Info1.READ | Info1.SHORT_QUERY,
        fields: [field(Field.RECORDS_PER_SECOND, Buffer.alloc(4, 1))],
      }),
    ],
  ])('%s: one message, no LAST', async (_, result, frame) => {
    expect(await client.one(frame)).toMatchObject({ result, info3: 0 });
    expect((await client.many(parseScan([1]))).last.result).toBe(0);
  });

  test('a task id works once', async () => {
    const frame = parseScan([1], { fields: [field(Field.TASK_ID, Buffer.from('1122334455667788', 'hex'))] });
    expect((await client.many(frame)).last.info3).toBe(1);
    expect(await client.one(frame)).toMatchObject({ result: 4, info3: 0 });
    expect(await client.info('query-show:trid=1234605616436508552')).toMatch(/status=done\(ok\)/);
  });

  test('index queries: range, equality, elements, resume', async () => {
    const range = (bin: string, type: number, from: Buffer, to: Buffer): Buffer => {
      const part = (value: Buffer): Buffer => {
        const head = Buffer.alloc(4);
        head.writeUInt32BE(value.length);
        return Buffer.concat([head, value]);
      };
      return field(
        Field.INDEX_RANGE,
        Buffer.concat([Buffer.from([1, bin.length]), Buffer.from(bin), Buffer.from([type]), part(from), part(to)]),
      );
    };
    const numbers = range('i', Particle.INTEGER, Buffer.from(int(10), 'hex'), Buffer.from(int(500), 'hex'));
    const query = parseScan([10, 11], { fields: [field(Field.SET, 'one'), numbers] });
    expect(await client.one(query)).toMatchObject({ result: 201, info3: 0 });
    expect(await client.info('sindex-create:ns=test;set=one;indexname=idx_i;indexdata=i,NUMERIC')).toBe('ok');
    const { rows } = await client.many(query);
    const values = rows.map((row) => Number(BigInt(`0x${row.ops[0]!.slice(-16)}`)));
    expect(values.length).toBeGreaterThan(3);
    expect(values.every((value) => value >= 10 && value <= 500 && value % 3 === 1)).toBe(true);
    const own = values.filter((value) => value % PIDS_IN_USE === 10);
    expect(own).toEqual([...own].sort((a, b) => a - b));
    const bval = rows[0]!.fields.at(-1)!;
    expect(bval.slice(0, 3)).toBe('15:');
    const resumed = parseScan([], {
      fields: [
        field(Field.SET, 'one'),
        numbers,
        field(Field.DIGEST_ARRAY, Buffer.from(createDigest(rows[0]!), 'hex')),
        field(Field.BVAL_ARRAY, Buffer.from(bval.slice(3), 'hex')),
      ],
    });
    expect((await client.many(resumed)).rows).toHaveLength(own.length - 1);

    await client.info('sindex-create:namespace=test;indexname=idx_s;bin=s;type=STRING');
    const words = range('s', Particle.STRING, Buffer.from('v2'), Buffer.from('v2'));
    expect((await client.many(parseScan(ALL_PARTITIONS, { fields: [words] }))).rows).toHaveLength(RECORDS / 10);
  });

  test('a background query changes every match', async () => {
    const query = parseScan([], {
      info1: 0,
      info2: 1,
      info3: 0,
      fields: [field(Field.SET, 'two')],
      ops: [op(Op.INCR, 1, 'n', int(1))],
    });
    expect((await client.many(query)).last).toMatchObject({ info3: 1, result: 0 });
    await expect
      .poll(async () => (await client.many(parseScan(ALL_PARTITIONS, { ops: [op(Op.READ, 0, 'n')] }))).rows.length)
      .toBe(RECORDS / 3);
  });

  test('a slow reader doesn’t make the server hold everything', async () => {
    const big = Buffer.alloc(100_000);
    for (let i = 0; i < 600; i++) {
      cluster.store('restored').putRaw('big', digest(200, i), undefined, 1, 0, [{ name: 'b', type: 4, value: big }]);
    }
    // The first scan of a partition lays its records out anew; that is not what is measured here.
    await client.many(parseScan([200], { namespace: 'restored', info1: Info1.READ | Info1.GET_NO_BINS }));
    const slow = await WireClient.open(cluster.seed);
    slow.socket.pause();
    slow.send(parseScan([200], { namespace: 'restored' }));
    const before = process.memoryUsage().arrayBuffers;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    slow.socket.resume();
    let last: Buffer | undefined;
    do last = await slow.frame();
    while (last !== undefined && last.length !== 30);
    expect(slow.bytesReceived).toBeGreaterThan(60_000_000);
    slow.close();
  });
});

describe('info commands', () => {
  let cluster: InMemoryCluster;
  let client: WireClient;
  beforeAll(async () => {
    cluster = await InMemoryCluster.start();
    client = await WireClient.open(cluster.seed);
  });
  afterAll(async () => {
    client.close();
    await cluster.stop();
  });

  test.each([
    ['build', '8.1.0.3'],
    ['node:', 'BB9F1'],
    ['namespaces', 'test;restored'],
    ['partitions', '4096'],
    ['peers-clear-std', '0,3000,[]'],
    ['peers-tls-std', 'ERROR:25:enterprise only'],
    ['release', 'ERROR:4:unrecognized command'],
    ['', 'ERROR:4:unrecognized command'],
    ['namespace/nope', 'type=unknown'],
    ['sindex-list:ns=nope', 'ERROR:20:namespace not found on node'],
    ['sindex-stat:namespace=test;indexname=x', 'ERROR:201:no index'],
    ['sindex-delete:ns=test;indexname=x', 'ok'],
    ['udf-get:filename=x.lua;', 'error=not_found'],
    ['udf-remove:filename=x.lua;', 'ok'],
    ['truncate:namespace=test;set=', "ERROR:4:missing 'set' value"],
    ['truncate:namespace=test;set=x;lut=99999999999999999999', 'ERROR:4:would truncate in the future'],
    ['query-show:trid=1', 'ERROR:2:job not found'],
    ['query-abort:trid=1', 'ERROR:2:id not active'],
    ['jobs:', 'ERROR:4:unrecognized command'],
    ['racks:', 'ERROR:25:enterprise only'],
  ])('%s', async (command, value) => {
    expect(await client.info(command)).toBe(value);
  });

  test('indexes: created once, listed, told apart', async () => {
    const base = 'sindex-create:namespace=test;set=s;indexname=x;context=kiKiA2E=;bin=m;type=';
    expect(await client.info(`${base}NUMERIC`)).toBe('ok');
    expect(await client.info(`${base}numeric`)).toBe('ok');
    expect(await client.info(`${base}STRING`)).toMatch(/^ERROR:200:/);
    expect(await client.info(`${base}INTEGER`)).toMatch(/^ERROR:4:/);
    await client.info('sindex-create:ns=test;indexname=y;indextype=MAPKEYS;indexdata=m,STRING');
    expect(await client.info('sindex-list:ns=test;b64=true')).toBe(
      'ns=test:indexname=x:set=s:bin=m:type=numeric:indextype=default:context=kiKiA2E=:exp=null:state=RW;' +
        'ns=test:indexname=y:set=null:bin=m:type=string:indextype=mapkeys:context=null:exp=null:state=RW',
    );
    expect(await client.info('sindex-list:ns=test')).toMatch(/context=\[map_key\(<string#1>\)\]/);
    expect(await client.info('sindex/test/x')).toMatch(/load_pct=100;/);
    expect(await client.info('sindex-exists:ns=test;indexname=x')).toBe('true');
    expect(await client.info('sindex-exists:ns=test;indexname=z')).toBe('false');
  });

  test('modules, with names of any bytes', async () => {
    const put = 'udf-put:filename=\xc3\xbc x.lua;content=cmV0dXJuIDE=;content-len=12;udf-type=LUA;';
    expect(await client.info(put)).toBe('ok');
    expect(await client.info('udf-list')).toMatch(/^filename=\xc3\xbc x\.lua,hash=[0-9a-f]{40},type=LUA;$/);
    expect(await client.info('udf-get:filename=\xc3\xbc x.lua;')).toBe('type=LUA;content=cmV0dXJuIDE=;');
    const broken = Buffer.from('function (').toString('base64');
    expect(
      await client.info(`udf-put:filename=b.lua;content=${broken};content-len=${broken.length};udf-type=LUA;`),
    ).toMatch(/^error=compile_error;file=b\.lua;line=1;message=/);
  });

  test('an older build answers in its own way', async () => {
    const old = await InMemoryCluster.start({ build: '5.7.0.1' });
    const wire = await WireClient.open(old.seed);
    await wire.info('sindex-create:ns=test;indexname=x;indexdata=b,NUMERIC');
    expect(await wire.info('sindex-list:ns=test')).toMatch(/set=NULL:.*:bins=b:type=NUMERIC:indextype=NONE/);
    expect(await wire.info('user-agent-set:value=x')).toMatch(/^ERROR:4/);
    expect(await wire.info('features')).not.toMatch(/batch-any/);
    const { rows } = await wire.many(parseScan([3, 4]));
    expect(rows.map(({ info3, result, generation }) => [info3, result, generation])).toEqual([
      [4, 0, 3],
      [4, 0, 4],
    ]);
    wire.close();
    await old.stop();
  });
});

describe('several nodes', () => {
  test('each serves its own partitions and marks the others', async () => {
    const cluster = await InMemoryCluster.start({ nodes: 3, replicationFactor: 2 });
    fill(cluster);
    const clients = await Promise.all(cluster.nodes.map((node) => WireClient.open(node)));
    const masters = await Promise.all(
      clients.map(async (client) => {
        const [, count, bitmap] = (await client.info('replicas')).split(';')[0]!.split(':')[1]!.split(',');
        expect(count).toBe('2');
        const bits = Buffer.from(bitmap!, 'base64');
        return ALL_PARTITIONS.filter((pid) => (bits[pid >> 3]! & (0x80 >> (pid & 7))) !== 0);
      }),
    );
    expect(masters.flat().sort((a, b) => a - b)).toEqual(ALL_PARTITIONS);
    const counts = await Promise.all(
      clients.map(async (client, i) => (await client.many(parseScan(masters[i]!))).rows.length),
    );
    expect(counts.reduce((a, b) => a + b)).toBe(RECORDS);
    const { rows } = await clients[0]!.many(parseScan(ALL_PARTITIONS));
    const markers = rows.filter(({ info3 }) => info3 === 4);
    expect(markers.every(({ result }) => result === 11)).toBe(true);
    expect(markers).toHaveLength(
      4096 - ALL_PARTITIONS.filter((pid) => cluster.partitionMap.ownsPartition(0, pid)).length,
    );
    const peers = await clients[0]!.info('peers-clear-std');
    expect(peers).toBe(
      `0,3000,[[BB9F2,,[127.0.0.1:${cluster.nodes[1]!.port}]],[BB9F3,,[127.0.0.1:${cluster.nodes[2]!.port}]]]`,
    );
    const objects = await Promise.all(clients.map((client) => client.info('namespace/test')));
    const sum = objects.map((text) => Number(/;objects=(\d+)/.exec(text)![1])).reduce((a, b) => a + b);
    expect(sum).toBe(RECORDS * 2);

    await cluster.stopNode(2);
    expect(await clients[0]!.info('peers-generation')).toBe('1');
    expect(await clients[0]!.info('partition-generation')).toBe('1');
    expect(await clients[2]!.frame()).toBeUndefined();
    await expect(WireClient.open(cluster.nodes[2]!)).rejects.toThrow();
    await cluster.restartNode(2);
    (await WireClient.open(cluster.nodes[2]!)).close();
    cluster.movePartitions([0], 1);
    expect(cluster.partitionMap.isMaster(1, 0)).toBe(true);
    for (const client of clients) client.close();
    await cluster.stop();
  });
});
