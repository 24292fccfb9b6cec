import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from '../../support/property.js';
import { afterAll, describe, expect, it } from 'vitest';
import { partitionId } from '../../../src/core/partition.js';
import { DigestSorter } from '../../../src/engine/catalog/digest-sorter.js';
import { SpillFile } from '../../../src/engine/catalog/spill-file.js';

const directory = mkdtempSync(join(tmpdir(), 'asb-sorter-'));
afterAll(() => rmSync(directory, { recursive: true }));
const signal = new AbortController().signal;

interface Entry {
  digest: Buffer;
  source: number;
  namespace: number;
  payload: Buffer;
}

/** Short texts: the test framework compares buffers byte by byte. */
function describeEntries(groups: readonly (readonly Entry[])[]): string[] {
  return groups.map((group) =>
    group
      .map(({ digest, source, namespace, payload }) => {
        const hash = createHash('sha1').update(payload).digest('hex');
        return `${digest.toString('hex')} ${source} ${namespace} ${hash}`;
      })
      .join('\n'),
  );
}

async function sort(entries: readonly Entry[], maxBucketBytes?: number, expectedBytes = 1): Promise<string[]> {
  const limit = maxBucketBytes === undefined ? {} : { maxBucketBytes };
  const sorter = new DigestSorter({ expectedBytes, directory, ...limit });
  try {
    for (const { digest, source, namespace, payload } of entries) {
      sorter.add(digest, source, namespace, payload, 0, payload.length);
    }
    const groups: Entry[][] = [];
    await sorter.visitGroups((group) => {
      groups.push(
        Array.from({ length: group.length }, (_, i) => ({
          digest: Buffer.from(group.bytes.subarray(group.digestStart, group.digestStart + 20)),
          namespace: group.namespace,
          source: group.getSource(i),
          payload: Buffer.from(group.bytes.subarray(group.getPayloadStart(i), group.getPayloadEnd(i))),
        })),
      );
      return undefined;
    }, signal);
    return describeEntries(groups);
  } finally {
    sorter.close();
  }
}

/** The same with a list in memory. */
function sortModel(entries: readonly Entry[]): string[] {
  const sorted = entries
    .map((entry, i) => ({ entry, i }))
    .sort(
      (a, b) =>
        partitionId(a.entry.digest, 0) - partitionId(b.entry.digest, 0) ||
        Buffer.compare(b.entry.digest, a.entry.digest) ||
        a.entry.namespace - b.entry.namespace ||
        a.i - b.i,
    )
    .map(({ entry }) => entry);
  const groups: Entry[][] = [];
  for (const entry of sorted) {
    const last = groups.at(-1)?.[0];
    if (last?.digest.equals(entry.digest) === true && last.namespace === entry.namespace) groups.at(-1)!.push(entry);
    else groups.push([entry]);
  }
  return describeEntries(groups);
}

/** Few different bytes, so that digests meet in every prefix. */
const digests = fc.array(fc.constantFrom(0, 1, 0x0f, 0x10, 0xff), { minLength: 20, maxLength: 20 });
const entries = fc.array(
  fc.record({
    digest: fc
      .oneof(
        digests,
        digests.map((bytes) => bytes.map((byte, i) => (i < 7 ? 1 : byte))),
      )
      .map((bytes) => Buffer.from(bytes)),
    source: fc.nat(3),
    namespace: fc.nat(1),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 200 },
);

describe('DigestSorter', () => {
  it('any entries, gives the groups of a sorted list', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        expect(await sort(list)).toEqual(sortModel(list));
      }),
      { numRuns: 40 },
    );
  });

  it('buckets above the limit, are dealt out again with the same result', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 5000 }), async (list, limit) => {
        expect(await sort(list, limit)).toEqual(sortModel(list));
      }),
      { numRuns: 40 },
    );
  });

  it('more than the buffers hold, spills and gives the same result', async () => {
    const list: Entry[] = [];
    for (let i = 0; i < 3000; i++) {
      const digest = Buffer.alloc(20);
      digest.writeUInt32LE(i % 700, 0);
      list.push({ digest, source: i % 5, namespace: 0, payload: Buffer.alloc(i % 9 === 0 ? 200_000 : 50, i) });
    }
    expect(await sort(list, 1 << 20)).toEqual(sortModel(list));
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('SpillFile', () => {
  it('bytes at any offset, are read as they were written and are on no visible file', () => {
    const file = SpillFile.create(directory);
    expect(readdirSync(directory)).toEqual([]);
    const text = Buffer.from('0123456789'.repeat(1000));
    expect([file.append(text), file.append(text.subarray(0, 7)), file.append(text)]).toEqual([0, 10_000, 10_007]);
    expect(file.read(10_003, 33).toString()).toBe(`3456${text.toString('latin1', 0, 29)}`);
    expect(file.read(17, 1).toString()).toBe('7');
    expect(() => file.read(20_000, 100)).toThrow(/it ends too early/);
    file.close();
    file.close();
  });

  it('a directory that does not exist, is a StorageError', () => {
    expect(() => SpillFile.create(join(directory, 'none'))).toThrow(expect.objectContaining({ code: 'IO_ENOENT' }));
  });
});
