import { describe, expect, it, vi } from 'vitest';
import { namespaceField, WriteFrame, type WriteMode } from '../../../src/aerospike/protocol/write-frame.js';
import { RecordProcessor, type RecordRules } from '../../../src/engine/restore/record-processor.js';
import { zeroCounts } from '../../../src/engine/restore/counters.js';
import { batchRows, forEachRecord, recordedFrames, type Row, singleRows } from '../../support/recorded-writes.js';

const RULES: RecordRules = { sets: [], extraTtlS: 0, unique: false, replace: false, noGeneration: false };

/** What we send for the backup that the recording restored, at the time of the recording. */
function ourFrame(mode: WriteMode, rules: Partial<RecordRules>): WriteFrame {
  const frame = new WriteFrame(mode);
  const nsField = namespaceField(Buffer.from('test'));
  const processor = new RecordProcessor({ ...RULES, ...rules }, zeroCounts());
  const records = forEachRecord((record) => {
    if (!processor.accept(record)) return;
    frame.append(record, processor.policy, nsField, processor.generation, processor.ttlS);
  });
  expect(frame.rows).toBe(records);
  frame.seal(10_000);
  return frame;
}

/** Rows must be equal but for the TTL, which counts from a moment that only the recording knows. */
function expectSame(ours: Map<string, Row>, theirs: Map<string, Row>): void {
  expect(ours.size).toBe(40);
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  const shifts = new Set<number>();
  for (const [digest, row] of ours) {
    const other = theirs.get(digest)!;
    if (row.ttlS === 0xffffffff || other.ttlS === 0xffffffff) {
      expect(row).toEqual(other);
    } else {
      shifts.add(row.ttlS - other.ttlS);
      expect({ ...row, ttlS: 0 }).toEqual({ ...other, ttlS: 0 });
    }
  }
  // The recorded rows were parsed within a second or two.
  expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThanOrEqual(2);
}

describe('write requests are those of the C tool', () => {
  it.each([
    ['restore-batch', {}],
    ['restore-unique', { unique: true }],
    ['restore-replace-nogen', { replace: true, noGeneration: true }],
  ] as const)('%s', (recording, rules) => {
    const recorded = recordedFrames(recording, 'C');
    const frame = ourFrame('batch', rules);
    const bytes = frame.buffer.subarray(0, frame.length);
    expectSame(batchRows([bytes]), batchRows(recorded));
    // Headers: everything but lengths and counts.
    const [first] = recorded;
    expect(bytes.subarray(0, 2)).toEqual(first!.subarray(0, 2));
    expect(bytes.subarray(8, 30).toString('hex')).toBe(first!.subarray(8, 30).toString('hex'));
    expect(bytes[34]).toBe(first![34]);
    expect(bytes[39]).toBe(first![39]);
    expect(bytes.readUIntBE(2, 6)).toBe(bytes.length - 8);
    expect(bytes.readUInt32BE(30)).toBe(bytes.length - 34);
  });

  it('restore-single', () => {
    const frame = ourFrame('single', { noGeneration: true });
    const ours = Array.from({ length: frame.rows }, (_, row) =>
      frame.buffer.subarray(frame.rowStarts[row], frame.rowStarts[row + 1]),
    );
    const theirs = recordedFrames('restore-single', 'C');
    expectSame(singleRows(ours), singleRows(theirs));
    for (const bytes of ours) {
      expect(bytes.readUIntBE(2, 6)).toBe(bytes.length - 8);
      expect(bytes.readUInt32BE(22)).toBe(10_000);
    }
  });
});

describe('rows of a frame', () => {
  it.each(['batch', 'single'] as const)('%s: a copied row is the row, with its own index', (mode) => {
    const frame = ourFrame(mode, {});
    const copy = new WriteFrame(mode);
    for (let row = frame.rows - 1; row >= 0; row -= 3) {
      frame.inDoubt[row] = row % 2;
      copy.appendCopy(frame, row);
    }
    copy.seal(1000);
    for (let i = 0, row = frame.rows - 1; row >= 0; row -= 3, i++) {
      const digestAt = frame.digestOffset(row);
      const copyAt = copy.digestOffset(i);
      const digest = frame.buffer.toString('hex', digestAt, digestAt + 20);
      expect(copy.buffer.toString('hex', copyAt, copyAt + 20)).toBe(digest);
      expect(copy.rowNamespace(i)).toBe('test');
      expect(copy.inDoubt[i]).toBe(row % 2);
      if (mode === 'batch') {
        expect(copy.buffer.readUInt32BE(copy.rowStarts[i])).toBe(i);
        const end = frame.rowStarts[row + 1]!;
        const bytes = frame.buffer.subarray(digestAt, end);
        expect(copy.buffer.subarray(copyAt, copy.rowStarts[i + 1]).equals(bytes)).toBe(true);
      }
    }
  });

  it('is empty again after clear, and grows past its first number of rows', () => {
    const frame = new WriteFrame('batch');
    const source = ourFrame('batch', {});
    for (let i = 0; i < 1000; i++) frame.appendCopy(source, i % source.rows);
    expect(frame.rows).toBe(1000);
    expect(batchRows([Buffer.from(frame.seal(0))]).size).toBe(source.rows);
    frame.clear();
    expect(frame.rows).toBe(0);
    frame.appendCopy(source, 7);
    expect([...batchRows([Buffer.from(frame.seal(0))]).keys()]).toHaveLength(1);
  });
});

describe('what becomes of a record', () => {
  it('asks for "no such record" instead of "older" when the file says generation 0', () => {
    const seen: { info2: number; generation: number }[] = [];
    const run = (rules: Partial<RecordRules>): void => {
      const processor = new RecordProcessor({ ...RULES, ...rules }, zeroCounts());
      let first = true;
      forEachRecord((record) => {
        if (!first) return;
        first = false;
        record.generation = 0;
        expect(processor.accept(record)).toBe(true);
        seen.push({ info2: processor.policy.info2, generation: processor.generation });
      });
    };
    run({});
    run({ unique: true });
    run({ noGeneration: true });
    expect(seen).toEqual([
      { info2: 0x05, generation: 0 },
      { info2: 0x25, generation: 0 },
      { info2: 0x01, generation: 0 },
    ]);
  });

  it('counts expired and skipped records and cuts lives that the server would refuse', () => {
    vi.useFakeTimers();
    vi.setSystemTime((1_262_304_000 + 1000) * 1000);
    try {
      const counts = zeroCounts();
      const ttls: number[] = [];
      const processor = new RecordProcessor({ ...RULES, extraTtlS: 10, sets: ['people'] }, counts);
      let n = 0;
      forEachRecord((record) => {
        n++;
        if (n > 6) return;
        record.setBuf = Buffer.from(n === 5 ? 'other' : 'people');
        record.setStart = 0;
        record.setEnd = record.setBuf.length;
        record.voidTime = [990, 991, 0, 0xffffffff, 0, 0][n - 1]!;
        if (n === 6) record.binCount = 0;
        if (processor.accept(record)) ttls.push(processor.ttlS);
      });
      expect(ttls).toEqual([1, 0xffffffff, 315_360_000]);
      expect(counts).toMatchObject({ expired: 1, skipped: 2 });
      expect(processor.ttlsCut).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
