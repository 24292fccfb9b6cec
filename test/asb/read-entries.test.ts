import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../src/core/byte-stream.js';
import { ToolError } from '../../src/core/errors.js';
import { Entry } from '../../src/asb/decoder.js';
import { type EntryVisitor, readEntries, visitEntries } from '../../src/asb/read-entries.js';
import { fixture } from '../support/asb.js';
import { MemorySource } from '../support/codecs.js';

const sample = fixture('vectors/sample.asb');
const HEADER = 'Version 3.1\n# namespace test\n';
const RECORD = ['+ n test', `+ d ${'A'.repeat(27)}=`, '+ g 1', '+ t 0', '+ b 0', ''].join('\n');

/** Counts what it gets. */
class CountingVisitor implements EntryVisitor {
  readonly seen = { meta: 0, records: 0, metadata: 0, chunks: 0, bytes: 0 };
  stopAfterRecords = Infinity;

  visitMeta(): void {
    this.seen.meta++;
  }
  visitRecord(): void {
    this.seen.records++;
  }
  visitMetadata(): undefined {
    this.seen.metadata++;
  }
  waitForDrain(): Promise<void> | undefined {
    return this.isStopped() ? Promise.resolve() : undefined;
  }
  beforeChunk(bytes: number): undefined {
    this.seen.chunks++;
    this.seen.bytes += bytes;
  }
  isStopped(): boolean {
    return this.seen.records >= this.stopAfterRecords;
  }
}

describe('readEntries', () => {
  it('yields the same entries for chunks of any size', async () => {
    const kinds = async (sizes: number[]): Promise<number[]> => {
      const found: number[] = [];
      for await (const decoder of readEntries(new MemorySource(sample, sizes))) {
        for (let kind = decoder.next(); kind !== Entry.NEED_DATA && kind !== Entry.END; kind = decoder.next()) {
          found.push(kind);
        }
      }
      return found;
    };
    const whole = await kinds([sample.length]);
    expect(whole.length).toBeGreaterThan(5);
    for (const size of [1, 7, 100]) expect(await kinds([size])).toEqual(whole);
  });

  it('reports an empty file as empty', async () => {
    const reading = readEntries(new MemorySource(Buffer.alloc(0)));
    await expect(reading.next()).rejects.toMatchObject({
      code: 'ASB_TRUNCATED',
      message: 'memory.asb is empty: it holds no backup',
    });
  });

  it('lets the event loop run while a source that never waits is read, so that a signal is heard', async () => {
    const chunk = Buffer.from(RECORD.repeat(2000));
    let turns = 0;
    let reads = 0;
    const endless: ByteSource = {
      name: 'endless.asb',
      read: () => Promise.resolve(turns < 3 ? (reads++ === 0 ? Buffer.from(HEADER) : chunk) : undefined),
      close: () => Promise.resolve(),
    };
    // Without turns of the event loop this counter stays at 0 and the source never ends.
    const counting = (async () => {
      for (; turns < 3; turns++) await nextTurn();
    })();
    for await (const decoder of readEntries(endless)) {
      for (let kind = decoder.next(); kind !== Entry.NEED_DATA && kind !== Entry.END; kind = decoder.next());
    }
    await counting;
    expect(turns).toBe(3);
  });
});

describe('visitEntries', () => {
  it('calls the visitor for every entry and chunk', async () => {
    const visitor = new CountingVisitor();
    await visitEntries(new MemorySource(sample, [100]), visitor);
    expect(visitor.seen.bytes).toBe(sample.length);
    expect(visitor.seen.chunks).toBe(Math.ceil(sample.length / 100));
    expect(visitor.seen.records).toBeGreaterThan(0);
    expect(visitor.seen.metadata).toBeGreaterThan(0);
  });

  it('reads no further when the visitor is stopped', async () => {
    const visitor = new CountingVisitor();
    visitor.stopAfterRecords = 3;
    await visitEntries(new MemorySource(Buffer.from(HEADER + RECORD.repeat(100))), visitor);
    expect(visitor.seen.records).toBe(3);
  });

  it('adds the line to an error of the visitor and keeps its code and hint', async () => {
    const visitor = new CountingVisitor();
    visitor.visitRecord = () => {
      throw new ToolError('RESTORE_NAMESPACE', 'it holds a record of another namespace', { hint: 'source-namespace' });
    };
    await expect(visitEntries(new MemorySource(Buffer.from(HEADER + RECORD)), visitor)).rejects.toMatchObject({
      code: 'RESTORE_NAMESPACE',
      hint: 'source-namespace',
      message: 'memory.asb, record that ends above line 8: it holds a record of another namespace',
    });
  });
});
