/** Recorded client frames sent to the in-memory node: it must answer what the real server answered. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { connections } from '../support/recorded.js';
import { WireClient, replies, type Reply } from '../support/node.js';

/** Server time of the recordings in Unix seconds, by conversation. */
const RECORDED_AT: readonly [string, number][] = [
  ['restore-batch', 1795169321],
  ['restore-single', 1795169323],
  ['restore-unique', 1795169325],
  ['restore-replace-nogen', 1795169327],
  ['backup', 1795169329],
  ['backup-filters', 1795169330],
  ['backup-two-sets', 1795169331],
  ['backup-compact', 1795169332],
  ['backup-after-digest', 1795169333],
  ['estimate', 1795169334],
  ['filter-exp', 1795169335],
];

/** Info commands whose answers hold what is the recorded machine's own. */
const OWN_ANSWERS = /^(node|namespace|get-config|udf-list|sindex-list|sets)\b/;
const GEOJSON = '23';

describe('recorded conversations', () => {
  let cluster: InMemoryCluster;
  beforeAll(async () => {
    cluster = await InMemoryCluster.start();
  });
  afterAll(async () => {
    await cluster.stop();
    expect(cluster.nodes[0]!.failures).toEqual([]);
  });

  test.each(RECORDED_AT)('%s', async (name, unixSeconds) => {
    cluster.clock.offsetMs = unixSeconds * 1000 - Date.now();
    const wrong: unknown[] = [];
    let compared = 0;
    for (const frames of connections(name)) {
      const client = await WireClient.open(cluster.seed);
      for (let i = 0; i < frames.length; i++) {
        const { from, bytes } = frames[i]!;
        if (from !== 'client') continue;
        const expected: Buffer[] = [];
        while (frames[i + 1]?.from === 'server') expected.push(frames[++i]!.bytes);
        if (expected.length === 0) continue;
        compared++;
        if (bytes[1] === 1) {
          client.send(bytes);
          const answer = await client.frame();
          const wanted = expected[0]!.toString('latin1', 8);
          if (!OWN_ANSWERS.test(wanted) && answer?.toString('latin1', 8) !== wanted) wrong.push([wanted, answer]);
          continue;
        }
        const isSingle = expected.length === 1 && replies(expected[0]!).every(({ info3 }) => info3 === 0);
        const actual = isSingle ? [await client.one(bytes)] : await all(client, bytes);
        const wanted = normal(expected.flatMap(replies));
        const got = normal(actual);
        for (const [key, row] of wanted) if (got.get(key) !== row) wrong.push([key, row, got.get(key)]);
        if (wanted.size !== got.size) wrong.push(`${got.size} instead of ${wanted.size} messages`);
      }
      client.close();
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(5);
  });

  test('the store holds what the real server held', () => {
    expect(cluster.store('test').objects).toBe(40);
    // data_used_bytes of a set without geometry, whose cells the in-memory node doesn't compute.
    expect(cluster.store('test').sets.findByName('people').dataBytes).toBe(30704);
  });
});

async function all(client: WireClient, bytes: Buffer): Promise<Reply[]> {
  const { rows, last } = await client.many(bytes);
  return [...rows, last];
}

/** Rows by digest or index: neither batches nor scans promise an order over partitions. */
function normal(list: readonly Reply[]): Map<string, string> {
  return new Map(
    list.map((reply) => {
      const key = reply.fields.find((one) => one.startsWith('4:')) ?? `${reply.index}/${reply.info3}`;
      return [key, JSON.stringify({ ...reply, ops: reply.ops.map(withoutCells) })];
    }),
  );
}

/** 1.5: readers skip the cells, and the in-memory node sends none. */
function withoutCells(op: string): string {
  const [code, type, ...rest] = op.split(' ');
  if (type !== GEOJSON) return op;
  const value = Buffer.from(rest.pop()!, 'hex');
  const text = value.subarray(3 + 8 * value.readUInt16BE(1)).toString('hex');
  return [code, type, ...rest, text].join(' ');
}
