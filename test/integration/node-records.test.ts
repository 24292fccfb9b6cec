/** Single-record commands and batches on the wire: the result codes and shapes of a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { Field, Info1, Info2, Info3, Op } from '../../src/aerospike/protocol/constants.js';
import { Particle } from '../../src/core/particle.js';
import { WireClient, digest, field, createFrame, int, message, op, type Message, type Reply } from '../support/node.js';

let cluster: InMemoryCluster;
let client: WireClient;
let counter = 0;
let id: Buffer;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ defaultTtlS: 0 });
  client = await WireClient.open(cluster.seed);
});
afterAll(async () => {
  client.close();
  await cluster.stop();
  expect(cluster.nodes[0]!.failures).toEqual([]);
});
beforeEach(() => {
  id = digest(7, ++counter);
});

function command(rest: Message, set = 's', key?: Buffer): Buffer {
  const fields = [field(Field.NAMESPACE, 'test'), field(Field.SET, set), field(Field.DIGEST, id)];
  if (key !== undefined) fields.push(field(Field.KEY, key));
  return message({ ...rest, fields: [...fields, ...(rest.fields ?? [])] });
}
const put = (ops: Buffer[], rest: Message = {}, set?: string, key?: Buffer): Promise<Reply> =>
  client.one(command({ info2: Info2.WRITE, ...rest, ops }, set, key));
const get = (rest: Message = {}, set?: string, key?: Buffer): Promise<Reply> =>
  client.one(command({ info1: Info1.READ | Info1.GET_ALL, ...rest }, set, key));
const remove = (): Promise<Reply> => client.one(command({ info2: Info2.WRITE | Info2.DELETE }));
const one = (name = 'a', value = 1): Buffer => op(Op.WRITE, Particle.INTEGER, name, int(value));
const text = (value: string): Buffer => Buffer.from(value, 'latin1');

describe('write and read', () => {
  test('a record comes back as it was written', async () => {
    expect(await put([one('a', 7), op(Op.WRITE, Particle.STRING, 'b', text('hi'))], { ttl: 0xffffffff })).toMatchObject(
      {
        result: 0,
        generation: 1,
        voidTime: 0,
        ops: [],
      },
    );
    expect(await get()).toMatchObject({ result: 0, fields: [], ops: [`1 1 a ${int(7)}`, '1 3 b 6869'] });
    const some = await get({ info1: Info1.READ, ops: [op(Op.READ, 0, 'b'), op(Op.READ, 0, 'zz')] });
    expect(some.ops).toEqual(['1 3 b 6869']);
    expect(await get({ info1: Info1.READ | Info1.GET_NO_BINS })).toMatchObject({ result: 0, ops: [] });
  });

  test('generations count from 1, and 65535 is followed by 1', async () => {
    await put([one()]);
    expect((await put([one()])).generation).toBe(2);
    cluster.store('test').putRaw('s', id, undefined, 65535, 0, []);
    expect((await put([one()])).generation).toBe(1);
  });

  test('missing records are rc 2', async () => {
    expect((await get()).result).toBe(2);
    expect((await remove()).result).toBe(2);
    expect((await put([op(Op.TOUCH, 0, '')])).result).toBe(2);
    expect((await put([one()], { info3: Info3.UPDATE_ONLY })).result).toBe(2);
    expect((await put([one()], { info3: Info3.REPLACE_ONLY })).result).toBe(2);
    expect((await put([op(Op.WRITE, Particle.NULL, 'a')])).result).toBe(2);
  });

  test('create only tells generation and void-time of what is there', async () => {
    await put([one()]);
    await put([one()]);
    expect(await put([one()], { info2: Info2.WRITE | Info2.CREATE_ONLY })).toMatchObject({ result: 5, generation: 2 });
  });

  test('generation checks; a missing record counts as 0', async () => {
    const GT = Info2.WRITE | Info2.GENERATION_GT;
    const EQ = Info2.WRITE | Info2.GENERATION;
    expect((await put([one()], { info2: GT, generation: 0 })).result).toBe(3);
    expect((await put([one()], { info2: EQ, generation: 1 })).result).toBe(3);
    expect((await put([one()], { info2: GT, generation: 9 })).generation).toBe(1);
    expect((await put([one()], { info2: GT, generation: 1 })).result).toBe(3);
    expect((await put([one()], { info2: EQ, generation: 1 })).generation).toBe(2);
  });

  test('replace drops the other bins, an update keeps them', async () => {
    await put([one('a'), one('b')]);
    await put([one('c', 3)]);
    expect((await get()).ops).toHaveLength(3);
    await put([one('c', 4)], { info3: Info3.CREATE_OR_REPLACE });
    expect((await get()).ops).toEqual([`1 1 c ${int(4)}`]);
    for (const bad of [op(Op.WRITE, 0, 'a'), op(Op.TOUCH, 0, ''), op(Op.INCR, 1, 'a', int(1))]) {
      expect((await put([one(), bad], { info3: Info3.CREATE_OR_REPLACE })).result).toBe(4);
    }
  });

  test('deleting a bin moves the last one into the hole, and the last bin takes the record along', async () => {
    await put([one('a', 1), one('b', 2), one('c', 3)]);
    await put([op(Op.WRITE, Particle.NULL, 'a')]);
    expect((await get()).ops).toEqual([`1 1 c ${int(3)}`, `1 1 b ${int(2)}`]);
    expect(await put([op(Op.WRITE, 0, 'b'), op(Op.WRITE, 0, 'c')])).toMatchObject({ result: 0, generation: 0 });
    expect((await get()).result).toBe(2);
  });

  test('of one bin written twice the last value stays', async () => {
    await put([one('a', 1), one('b', 2), one('a', 3)]);
    expect((await get()).ops).toEqual([`1 1 a ${int(3)}`, `1 1 b ${int(2)}`]);
  });

  test('operations answer what was asked, write operations too if all are to answer', async () => {
    await put([one('a', 5), op(Op.WRITE, Particle.STRING, 's', text('b'))]);
    const both = Info1.READ;
    const ops = [
      op(Op.INCR, 1, 'a', int(2)),
      op(Op.APPEND, 3, 's', text('c')),
      op(Op.PREPEND, 3, 's', text('a')),
      op(Op.READ, 0, 'a'),
      op(Op.READ, 0, 's'),
      op(Op.READ, 0, 'none'),
    ];
    expect((await put(ops, { info1: both })).ops).toEqual([`1 1 a ${int(7)}`, '1 3 s 616263']);
    expect((await put(ops, { info1: both, info2: Info2.WRITE | Info2.RESPOND_ALL_OPS })).ops).toEqual([
      '5 0 a ',
      '9 0 s ',
      '10 0 s ',
      `1 1 a ${int(9)}`,
      '1 3 s 6161626363',
      '1 0 none ',
    ]);
    expect((await put([op(Op.INCR, 1, 's', int(1))])).result).toBe(12);
    expect((await put([op(Op.APPEND, 3, 'a', text('x'))])).result).toBe(12);
  });

  test('an expression computes a bin', async () => {
    await put([one('a', 5)]);
    const expression = Buffer.from('9293140102' + '00', 'hex');
    expect((await get({ info1: Info1.READ, ops: [op(Op.EXP_READ, 4, 'sum', expression)] })).ops).toEqual([
      `7 1 sum ${int(3)}`,
    ]);
    await put([op(Op.EXP_MODIFY, 4, 'a', expression)]);
    expect((await get()).ops).toEqual([`1 1 a ${int(3)}`]);
  });
});

describe('keys and sets', () => {
  const KEY = Buffer.from('\x03k', 'latin1');
  test('the key is stored if sent, kept by later writes, and compared', async () => {
    await put([one()], {}, 's', KEY);
    await put([one()]);
    await put([one()], { info3: Info3.CREATE_OR_REPLACE });
    expect((await get({}, 's', Buffer.from('\x03x'))).result).toBe(19);
    expect((await put([one()], {}, 's', Buffer.from('\x03x'))).result).toBe(19);
    expect((await get({}, 's', KEY)).result).toBe(0);
    expect((await get({}, 's', Buffer.from('\x01\x00\x01'))).result).toBe(16);
    expect((await put([one()], {}, 's', Buffer.alloc(0))).result).toBe(16);
  });

  test('a wrong set is rc 4; a read may leave it out', async () => {
    await put([one()]);
    expect((await put([one()], {}, 'other')).result).toBe(4);
    expect((await put([one()], {}, '')).result).toBe(4);
    expect((await get({}, 'other')).result).toBe(4);
    expect((await get({}, '')).result).toBe(0);
    expect((await put([one()], {}, 'x'.repeat(64))).result).toBe(4);
  });
});

describe('expiry (wire.md 7)', () => {
  test('TTLs become void-times; expired records are gone', async () => {
    const nowS = cluster.clock.nowS();
    const { voidTime } = await put([one()], { ttl: 100 });
    expect(voidTime).toBeGreaterThanOrEqual(nowS + 100);
    expect((await put([one()], { ttl: 0xfffffffe })).voidTime).toBe(voidTime);
    expect((await get()).voidTime).toBe(voidTime);
    cluster.clock.offsetMs += 101_000;
    expect((await get()).result).toBe(2);
    expect((await put([one()], { ttl: 0xffffffff })).voidTime).toBe(0);
    cluster.clock.offsetMs = 0;
  });

  test('impossible TTLs are rc 4', async () => {
    expect((await put([one()], { ttl: 315_360_001 })).result).toBe(4);
    expect((await put([one()], { ttl: 0xfffffffd })).result).toBe(4);
    expect((await put([one()], { ttl: 315_360_000 })).result).toBe(0);
  });

  test('without expiry rounds a TTL is rc 22', async () => {
    const other = await InMemoryCluster.start({ nsupPeriodS: 0 });
    const wire = await WireClient.open(other.seed);
    expect((await wire.one(command({ info2: Info2.WRITE, ttl: 5, ops: [one()] }))).result).toBe(22);
    expect((await wire.one(command({ info2: Info2.WRITE, ops: [one()] }))).result).toBe(0);
    wire.close();
    await other.stop();
  });
});

describe('refused requests', () => {
  test.each<[string, number, Buffer[]]>([
    ['a long bin name', 21, [one('sixteen bytes !!')]],
    ['no ops', 4, []],
    ['an unknown particle type', 4, [op(Op.WRITE, 5, 'a', '00')]],
    ['an unknown op', 4, [op(99, 1, 'a', int(1))]],
    ['an integer of 3 bytes', 4, [op(Op.WRITE, Particle.INTEGER, 'a', '010203')]],
    ['a float of 4 bytes', 4, [op(Op.WRITE, Particle.FLOAT, 'a', '01020304')]],
    ['a bool of 2', 4, [op(Op.WRITE, Particle.BOOL, 'a', '02')]],
    ['a short sketch', 4, [op(Op.WRITE, Particle.HLL, 'a', '000408')]],
    ['an unsorted ordered list', 1, [op(Op.WRITE, Particle.LIST, 'a', '93c700010201')]],
    ['bad GeoJSON', 160, [op(Op.WRITE, Particle.GEOJSON, 'a', Buffer.from('\0\0\0{"type":1}'))]],
    ['too large a record', 13, [op(Op.WRITE, Particle.BLOB, 'a', Buffer.alloc(1 << 20))]],
    ['a sketch operation', 16, [op(Op.HLL_MODIFY, Particle.BLOB, 'a', '9400040800')]],
  ])('%s', async (_, result, ops) => {
    expect((await put(ops)).result).toBe(result);
    expect((await get()).result).toBe(2);
  });

  test('short integers are taken, without sign', async () => {
    await put([op(Op.WRITE, Particle.INTEGER, 'a', 'ff')]);
    expect((await get()).ops).toEqual([`1 1 a ${int(255)}`]);
  });

  test('cells of GeoJSON are ignored', async () => {
    const json = '{"type":"Point","coordinates":[1,2]}';
    const value = Buffer.concat([Buffer.from('000001ffffffffffffffff', 'hex'), Buffer.from(json)]);
    await put([op(Op.WRITE, Particle.GEOJSON, 'g', value)]);
    expect((await get()).ops).toEqual([`1 23 g 000000${Buffer.from(json).toString('hex')}`]);
  });

  test('an unknown namespace is rc 20', async () => {
    const fields = [field(Field.NAMESPACE, 'nope'), field(Field.DIGEST, id)];
    expect((await client.one(message({ info1: 3, fields }))).result).toBe(20);
  });

  test('neither read nor write, trailing bytes, durable delete', async () => {
    expect((await client.one(command({}))).result).toBe(4);
    const body = command({ info1: 3 }).subarray(8);
    expect((await client.one(createFrame(3, Buffer.concat([body, Buffer.from([0])])))).result).toBe(4);
    const durable = Info2.WRITE | Info2.DELETE | Info2.DURABLE_DELETE;
    expect((await client.one(command({ info2: durable }))).result).toBe(25);
  });

  test('a filter that is false is rc 27, a bad one rc 4', async () => {
    await put([one('a', 1)]);
    const filtered = (hex: string): Message => ({ fields: [field(Field.FILTER, Buffer.from(hex, 'hex'))] });
    expect((await get(filtered('9301935102a16102'))).result).toBe(27);
    expect((await get(filtered('9301935102a16101'))).result).toBe(0);
    expect((await put([one()], filtered('9301935102a16102'))).result).toBe(27);
    expect((await get(filtered('93'))).result).toBe(4);
  });

  test('what is truncated can’t be written in the same millisecond', async () => {
    await put([one()]);
    cluster.store('test').truncate('s', cluster.clock.nowMs() + 60_000);
    expect((await get()).result).toBe(2);
    expect((await put([one()])).result).toBe(22);
    cluster.store('test').sets.findByName('s').truncateLutMs = 0;
    expect((await put([one()])).result).toBe(0);
  });
});

describe('frames', () => {
  test('a compressed request is rc 25, a login "not enabled"', async () => {
    expect((await client.one(createFrame(4, Buffer.alloc(20)))).result).toBe(25);
    client.send(createFrame(2, Buffer.alloc(16)));
    expect((await client.frame())?.toString('hex')).toBe('02020000000000100034' + '00'.repeat(14));
  });

  test.each([
    ['a wrong version', Buffer.from('0303000000000001ff', 'hex')],
    ['a wrong type', Buffer.from('0209000000000001ff', 'hex')],
    ['an oversized body', Buffer.from('020300000ffffffff0', 'hex')],
    ['a TLS greeting', Buffer.from('160301020001000001fc', 'hex')],
  ])('%s closes the socket without an answer', async (_, bytes) => {
    const wire = await WireClient.open(cluster.seed);
    wire.send(bytes);
    expect(await wire.frame()).toBeUndefined();
  });

  test('random bodies never bring the server down', async () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
    const good = [command({ info1: 3 }), command({ info2: 1, ops: [one(), op(20, 20, 'l', '9301a20361c0')] })];
    for (let i = 0; i < 3000; i++) {
      const frame = Buffer.from(good[i % good.length]!);
      for (let n = random(6); n >= 0; n--) frame[8 + random(frame.length - 8)] = random(256);
      await client.one(frame).catch(async () => {
        client = await WireClient.open(cluster.seed);
      });
    }
    expect((await client.info('status')).length).toBeGreaterThan(0);
  });
});

describe('batches (wire.md 8.5)', () => {
  const NS = field(Field.NAMESPACE, 'test');
  const SET = field(Field.SET, 's');
  function row(index: number, createDigest: Buffer, flags: string, fields: Buffer[] = [], ops: Buffer[] = []): Buffer {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(index);
    const isRepeat = flags.startsWith('01');
    const counts = Buffer.alloc(isRepeat ? 0 : 4);
    if (!isRepeat) {
      counts.writeUInt16BE(fields.length);
      counts.writeUInt16BE(ops.length, 2);
    }
    return Buffer.concat([head, createDigest, Buffer.from(flags, 'hex'), counts, ...fields, ...ops]);
  }
  const writeRow = (index: number, createDigest: Buffer, ops: Buffer[], key?: string): Buffer =>
    row(
      index,
      createDigest,
      '0e' + '00' + '8100' + '0000' + 'ffffffff',
      [NS, SET, ...(key === undefined ? [] : [field(2, key)])],
      ops,
    );
  const readRow = (index: number, createDigest: Buffer): Buffer =>
    row(index, createDigest, '0a' + '030000' + '00000000', [NS, SET]);
  function batch(rows: Buffer[], flags = 0x0d, count = rows.length): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(count);
    head[4] = flags;
    return message({ info1: Info1.BATCH, fields: [field(Field.BATCH, Buffer.concat([head, ...rows]))] });
  }

  test('rows carry their index, LAST has a proto of its own', async () => {
    const other = digest(8, counter);
    const written = await client.many(batch([writeRow(5, id, [one('a', 1)]), writeRow(9, other, [one('b', 2)])]));
    expect(written.frames).toHaveLength(2);
    expect(written.rows.map(({ index, result, ops }) => [index, result, ops])).toEqual([
      [5, 0, ['2 0 a ']],
      [9, 0, ['2 0 b ']],
    ]);
    const read = await client.many(batch([readRow(0, id), row(1, other, '01'), row(2, digest(9, counter), '01')]));
    expect(read.rows.map(({ index, result, ops }) => [index, result, ops])).toEqual([
      [0, 0, [`1 1 a ${int(1)}`]],
      [1, 0, [`1 1 b ${int(2)}`]],
      [2, 2, []],
    ]);
    expect(read.last).toMatchObject({ info3: 1, result: 0 });
  });

  test('malformed batches end in LAST with rc 4', async () => {
    const bad = [
      batch([], 0x0d, 0),
      batch([readRow(0, id)], 0x0d, 2),
      batch([row(0, id, '01')]),
      batch([writeRow(0, id, [one()], '\x03k'), row(1, id, '01')]),
      batch([row(0, id, '0a0300' + '00' + '00000000', [field(0, 'nope')])]),
    ];
    for (const frame of bad) expect((await client.many(frame)).last).toMatchObject({ info3: 1, result: 4 });
  });

  test('a failing row stops the batch unless every row is to be answered', async () => {
    const rows = [writeRow(0, id, [one('sixteen bytes !!')]), writeRow(1, digest(8, counter), [one()])];
    const result = async (flags: number): Promise<[number[], number]> => {
      const { rows: answers, last } = await client.many(batch(rows, flags));
      return [answers.map((answer) => answer.result), last.result];
    };
    expect(await result(0x0d)).toEqual([[21, 0], 0]);
    expect(await result(0x09)).toEqual([[21], 21]);
    expect(await result(0x01)).toEqual([[], 21]);
  });

  test('large answers come in protos of up to 128 KiB, a larger row in its own', async () => {
    const sizes = [50_000, 50_000, 50_000, 300_000, 10];
    const ids = sizes.map((size, i) => {
      cluster
        .store('test')
        .putRaw('s', digest(100 + i, counter), undefined, 1, 0, [
          { name: 'b', type: Particle.BLOB, value: Buffer.alloc(size) },
        ]);
      return digest(100 + i, counter);
    });
    const { rows, frames } = await client.many(batch(ids.map((one, i) => readRow(i, one))));
    expect(rows.map(({ index, ops }) => [index, ops[0]!.length > 0])).toHaveLength(5);
    const lengths = frames.map((frame) => frame.length);
    expect(lengths.filter((length) => length > 128 * 1024 + 8)).toHaveLength(1);
    expect(frames).toHaveLength(5);
  });

  test('a delete row', async () => {
    await put([one()]);
    const { rows } = await client.many(batch([row(0, id, '0e' + '00' + '0300' + '0000' + '00000000', [NS, SET])]));
    expect(rows[0]).toMatchObject({ result: 0, generation: 0 });
    expect((await get()).result).toBe(2);
  });
});
