import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cluster } from '../../../src/aerospike/cluster/cluster.js';
import { PartitionTracker } from '../../../src/aerospike/commands/partition-tracker.js';
import { type ScanEvent, scanPartitions, type ScanPolicy } from '../../../src/aerospike/commands/scan.js';
import { ClusterError, ProtocolError, ServerError } from '../../../src/aerospike/errors.js';
import type { ScanSelection } from '../../../src/aerospike/protocol/scan-request.js';
import type { PartitionFilter } from '../../../src/core/partition.js';
import {
  createDigest,
  FakeNode,
  messageFrame,
  partitionEnd,
  type RowOptions,
  scanEnd,
  scanRow,
  type ScanCommand,
} from '../../support/fake-node.js';

const SELECTION: ScanSelection = {
  namespace: 'test',
  set: '',
  bins: [],
  noBins: false,
  recordsPerSecond: 0,
  socketTimeoutMs: 5000,
  totalTimeoutMs: 0,
};

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Scanned {
  digests: string[];
  events: ScanEvent[];
  error: unknown;
  node: FakeNode;
  tracker: PartitionTracker;
}

/** Scans partitions 0–10 of a node that answers with `answer`. */
async function scan(
  answer: (command: ScanCommand, count: number) => Buffer | undefined,
  selection: Partial<ScanSelection> = {},
  policy: Partial<ScanPolicy> = {},
  filters: readonly PartitionFilter[] = [{ kind: 'range', begin: 0, count: 11 }],
): Promise<Scanned> {
  const node = await FakeNode.start({
    onScan: (command, socket, count) => {
      const bytes = answer(command, count);
      if (bytes !== undefined) socket.write(bytes);
    },
  });
  cleanUps.push(() => node.stop());
  const seeds = [{ host: '127.0.0.1', port: node.port }];
  const cluster = await Cluster.connect({
    seeds,
    servicesAlternate: false,
    connectTimeoutMs: 5000,
    infoTimeoutMs: 5000,
  });
  cleanUps.push(() => {
    cluster.close();
  });
  const tracker = new PartitionTracker(filters);
  const digests: string[] = [];
  const events: ScanEvent[] = [];
  const handler = {
    row: ({ buf, digestStart }: { buf: Buffer; digestStart: number }) => {
      digests.push(buf.toString('hex', digestStart, digestStart + 20));
    },
    waitForDrain: () => undefined,
  };
  const error: unknown = await scanPartitions(cluster, { ...SELECTION, ...selection }, tracker, handler, {
    maxRetries: 2,
    sleepBetweenRetriesMs: 0,
    firstNode: 0,
    emit: (event) => events.push(event),
    ...policy,
  }).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { digests, events, error, node, tracker };
}

const createAnswer =
  (...messages: Buffer[]): (() => Buffer) =>
  () =>
    messageFrame(...messages, scanEnd());
const row = (partition: number, rest: number, options?: RowOptions): Buffer =>
  scanRow(createDigest(partition, rest), options);

describe('bytes behind the end of an answer', () => {
  it('are not taken for the beginning of the next one', async () => {
    const first = Buffer.concat([messageFrame(row(0, 9), partitionEnd(3, 11), scanEnd()), Buffer.from([9, 9, 9])]);
    const { digests, error } = await scan((_, count) => (count === 1 ? first : messageFrame(row(3, 8), scanEnd())));
    expect(error).toBeUndefined();
    expect(digests).toHaveLength(2);
  });
});

describe('no record twice, and none of somebody else', () => {
  it('rows of the requested partitions in descending order are delivered', async () => {
    const { digests, error } = await scan(createAnswer(row(0, 9), row(10, 7), row(0, 5), row(0, 4)));
    expect(error).toBeUndefined();
    expect(digests).toHaveLength(4);
  });

  it.each<[string, Buffer[], RegExp]>([
    ['a partition that was not requested', [row(0, 9), row(2000, 1)], /sent a record of partition 2000, which was not/],
    ['the same record again', [row(3, 9), row(3, 9)], /twice or out of order/],
    ['ascending digests', [row(3, 8), row(3, 9)], /twice or out of order/],
    ['a partition that was reported as finished', [partitionEnd(3), row(3, 8)], /partition 3, which was not requested/],
    ['another namespace', [row(3, 8, { namespace: 'tesT' })], /sent a record of another namespace/],
    ['a generation above 65535', [row(3, 8, { generation: 65536 })], /A generation of 65536 arrived/],
    ['a bin name longer than 15 bytes', [row(3, 8, { bin: 'b'.repeat(16) })], /A bin name of 16 bytes arrived/],
    ['a set name longer than 63 bytes', [row(3, 8, { set: 's'.repeat(64) })], /A set name of 64 bytes arrived/],
  ])('scan that gets a row of %s fails', async (_, messages, text) => {
    const { error } = await scan(createAnswer(...messages));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringMatching(text) as string });
  });

  it('row above the cursor of a continued scan fails it', async () => {
    const filters: PartitionFilter[] = [{ kind: 'digest', digest: createDigest(5, 6) }];
    expect((await scan(createAnswer(row(5, 5)), {}, {}, filters)).digests).toHaveLength(1);
    expect((await scan(createAnswer(row(5, 6)), {}, {}, filters)).error).toBeInstanceOf(ProtocolError);
  });

  it('row of another set than the one asked for fails the scan', async () => {
    expect((await scan(createAnswer(row(0, 9, { set: 'mine' })), { set: 'mine' })).error).toBeUndefined();
    expect((await scan(createAnswer(row(0, 9, { set: 'their' })), { set: 'mine' })).error).toBeInstanceOf(
      ProtocolError,
    );
    expect((await scan(createAnswer(row(0, 9)), { set: 'mine' })).error).toBeInstanceOf(ProtocolError);
  });

  it('rows of several sets asked for are delivered, those of others fail the scan', async () => {
    const sets = ['', 'a', 'b'];
    const right = [row(0, 9, { set: 'b' }), row(0, 8), row(0, 7, { set: 'a' }), row(0, 6, { set: 'b' })];
    expect(await scan(createAnswer(...right), { sets })).toMatchObject({ error: undefined, digests: { length: 4 } });
    expect((await scan(createAnswer(...right, row(0, 5, { set: 'c' })), { sets })).error).toBeInstanceOf(ProtocolError);
  });

  it('end of a partition that another node was asked for is not taken for the end of its records', async () => {
    const { error, tracker } = await scan(createAnswer(partitionEnd(2000)));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(tracker.isPending(3)).toBe(true);
    expect((await scan(createAnswer(partitionEnd(0xffffffff, 11)))).error).toBeInstanceOf(ProtocolError);
  });

  it('rows after the end of the answer are not delivered', async () => {
    const { digests, error } = await scan(() => messageFrame(row(0, 9), scanEnd(), row(0, 8)));
    expect(error).toBeUndefined();
    expect(digests).toHaveLength(1);
  });

  it('more rows than the record limit allows are not delivered', async () => {
    const { digests, error } = await scan(createAnswer(row(0, 9), row(0, 8), row(0, 7)), {}, { maxRecords: 2 });
    expect(error).toBeUndefined();
    expect(digests).toHaveLength(2);
  });
});

describe('a backup outlasts a refusal that passes', () => {
  it.each([22, 83, 18, 9])('scan refused with code %i is repeated after a pause', async (code) => {
    const { error, digests, events } = await scan(
      (_command, count) =>
        count <= 4 ? messageFrame(scanEnd(code, count % 2 === 0)) : messageFrame(row(0, 9), scanEnd()),
      {},
      { maxRetries: 1 },
    );
    expect(error).toBeUndefined();
    expect(digests).toHaveLength(1);
    expect(events).toHaveLength(4);
    expect(events[0]).toMatchObject({ type: 'scan.retry', partitions: 11 });
  });

  it('scan without progress ends when attempts and time are used up', async () => {
    const { error, events } = await scan(() => messageFrame(scanEnd(18)), {}, { maxRetries: 1, retryBudgetMs: 400 });
    expect(error).toBeInstanceOf(ClusterError);
    expect(error).toMatchObject({
      code: 'CLUSTER_PARTITIONS',
      message: expect.stringMatching(/^11 .*code 18/) as string,
    });
    expect(events.length).toBeGreaterThan(1);
  });

  it('scan without retries ends at the first refusal', async () => {
    const { error, events } = await scan(() => messageFrame(scanEnd(18)), {}, { maxRetries: 0 });
    expect(error).toBeInstanceOf(ClusterError);
    expect(events).toEqual([]);
  });

  it('scan refused for a lasting reason is not repeated', async () => {
    const { error, events } = await scan(() => messageFrame(scanEnd(81, false)));
    expect(error).toBeInstanceOf(ServerError);
    expect(events).toEqual([]);
  });
});

describe('a scan that delivers nothing does not last for ever', () => {
  it('node that sends empty frames or single bytes for a minute is left', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    for (const drip of [messageFrame(), row(0, 9).subarray(0, 1)]) {
      let answered = 0;
      const running = scan(
        () => {
          answered++;
          return answered % 2 === 1 ? Buffer.concat([messageFrame(row(1, 9).subarray(0, 22)).subarray(0, 20)]) : drip;
        },
        {},
        { maxRetries: 0 },
      );
      await vi.waitFor(() => {
        expect(answered).toBe(1);
      });
      // What has arrived must have been seen before the window ends.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await vi.advanceTimersByTimeAsync(60_000);
      const { error } = await running;
      expect(error).toMatchObject({
        message: expect.stringMatching(/sent no record within 60 s, only \d+ byte/) as string,
      });
    }
  });
});
